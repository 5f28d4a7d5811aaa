#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "files/training_set.hpp"
#include "mlp/atom_batch.hpp"
#include "mlp/split.hpp"

namespace zeropoint::mlp {

/// All structures that a training works on, with their pairs of atoms as far as these fit into memory.
class TrainingData {
 public:
  /// `memory_limit`: bytes for pairs; beyond it they are found again whenever they are needed. 0: a quarter of what is
  /// free. `species`: chemical symbols in the order of the model; empty: those of the structures, in order of
  /// appearance.
  /// @throws InputError for an element that is not in `species`, or when there are no structures.
  TrainingData(std::vector<LabelledSet> sets, double radial_cutoff, std::vector<std::string> species = {},
               std::int64_t memory_limit = 0);

  std::size_t size() const { return structures_.size(); }
  const LabelledStructure& structure(std::size_t i) const { return structures_[i]; }
  int set_of(std::size_t i) const { return set_[i]; }
  const std::vector<std::string>& set_names() const { return set_names_; }
  const std::vector<std::string>& species() const { return species_; }
  const std::vector<int>& species_of(std::size_t i) const { return numbers_[i]; }
  /// May be called from several threads.
  std::shared_ptr<const Geometry> geometry(std::size_t i) const;
  bool all_in_memory() const { return all_in_memory_; }
  /// Structures that share a number must lie in the same part: antithetic partners and duplicates.
  const Groups& groups() const { return groups_; }
  /// Of all positions, cells, species and labels: 16 hexadecimal digits.
  std::string hash() const;

 private:
  std::vector<LabelledStructure> structures_;
  std::vector<int> set_;
  std::vector<std::string> set_names_, species_;
  std::vector<std::vector<int>> numbers_;
  std::vector<std::shared_ptr<const Geometry>> geometries_;
  Groups groups_;
  double radial_cutoff_;
  bool all_in_memory_ = true;
};

/// Energies e_z that fit the energies of structures `of` best in the sense of least squares: sum_z n_z e_z ~ E. Where
/// compositions do not decide, the shortest vector. eV, one for each species of the data.
std::vector<double> reference_energies(const TrainingData& data, const std::vector<std::size_t>& of);

}  // namespace zeropoint::mlp
