#pragma once

#include <functional>
#include <string>
#include <vector>

#include "files/ensemble.hpp"

namespace zeropoint {

/// Where a reader puts consecutive configurations, row-major, in the units of `Configurations`.
struct Labels {
  double* displacements;
  double* energies;
  double* forces;
  double* stresses;  ///< nullptr when the ensemble has none
};

/// What all formats share: pieces read in parallel, reference energy, checks. A format fills blocks of configurations.
class FileEnsemble : public Ensemble {
 public:
  std::int64_t size() const final { return n_configurations_; }
  bool has_stresses() const final { return has_stresses_; }
  std::string description() const final { return description_; }
  Configurations read(std::int64_t begin, std::int64_t end) const final;

 protected:
  FileEnsemble(const EnsembleSource& source, const Supercell& reference, std::string description);

  /// Called from several threads at once.
  virtual void load(std::int64_t begin, std::int64_t end, const Labels& labels) const = 0;

  /// Takes the first so many of the `available` configurations. @throws InputError when there are none or too few.
  void set_size(std::int64_t available);
  /// Stresses that are all zero are none: `read` fills a block of them.
  void find_stresses(const std::function<void(std::int64_t, std::int64_t, double*)>& read);

  int n_atoms() const { return reference_.n_atoms(); }

  EnsembleSource source_;
  Supercell reference_;
  std::vector<double> positions_;  ///< of the reference, [n_atoms, 3] angstrom

 private:
  std::string description_;
  double shortest_distance_;  // angstrom
  std::int64_t n_configurations_ = 0;
  bool has_stresses_ = false;
};

}  // namespace zeropoint
