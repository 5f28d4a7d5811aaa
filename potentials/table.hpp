#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/potential.hpp"
#include "core/run_file.hpp"
#include "core/units.hpp"

namespace zeropoint {

/// [potential]: what gives energies and forces.
struct PotentialSettings {
  enum class Kind { model, harmonic, snte_toy, oscillator, command, labels };
  Kind kind = Kind::model;
  std::string model;
  std::string dyn;
  bool single_precision = true;
  std::vector<double> k, c, g;  ///< of the oscillator, [3]
  std::string command;
  std::vector<std::string> labels;
  int processes = 1;
  double patience = 600;   ///< s
  double uncertain = 0.3;  ///< eV/angstrom
};
void declare(Schema& schema, PotentialSettings& settings);

/// `idle` is called while a program of the user's works; what it throws ends the work.
/// @throws ConfigError when the key that this kind needs is missing; InputError as the readers.
std::unique_ptr<Potential> open_potential(const PotentialSettings& settings, const UnitSet& units,
                                          const std::function<void()>& idle = {});

}  // namespace zeropoint
