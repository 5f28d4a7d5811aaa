#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/child_process.hpp"
#include "core/potential.hpp"
#include "potentials/kind.hpp"

namespace zeropoint::potentials {

struct CommandOptions {
  std::string command;                 ///< for a shell
  int n_processes = 1;                 ///< copies that work side by side
  std::chrono::seconds patience{600};  ///< a program that is silent for longer is killed and started again
  std::function<void()> idle = {};     ///< called while a program works, from any thread; what it throws ends the work
};

/// A program of the user's: it reads frames of extended XYZ (Lattice, species, positions) on its standard input and
/// answers each, in order, with a frame on its standard output: the same atoms with energy (eV), forces (eV/angstrom)
/// and, where it has one, stress (eV/angstrom^3) or virial. It is kept running from batch to batch. When it dies it is
/// started again and asked what it has not answered yet; three times in a row without one answer are an error that
/// shows its last words.
class CommandPotential : public Potential {
 public:
  explicit CommandPotential(CommandOptions options) : options_(std::move(options)) {}
  /// @throws CalculatorError when it dies too often, or an answer is no frame, of other atoms or elsewhere;
  /// ConfigurationError when its numbers are not finite, or beyond belief.
  Evaluation evaluate(const Supercell& reference, const at::Tensor& displacements) const override;

 private:
  std::unique_ptr<ChildProcess> take() const;
  void give_back(std::unique_ptr<ChildProcess> process) const;

  CommandOptions options_;
  mutable std::mutex mutex_;
  mutable std::condition_variable free_;
  mutable std::vector<std::unique_ptr<ChildProcess>> resting_;
  mutable int n_taken_ = 0;
};

PotentialKind command_kind();

}  // namespace zeropoint::potentials
