#pragma once

#include <string>
#include <vector>

#include "core/supercell.hpp"
#include "files/labelled_structure.hpp"
#include "sscha/labels_file.hpp"
#include "sscha/population_file.hpp"

namespace zeropoint::sscha {

/// What became of the outputs of calculations.
struct Harvest {
  std::size_t n_outputs = 0;           ///< structures that were looked at, refused ones too
  LabelsAdded labels;                  ///< new, known and conflicting ones, and which configurations are labelled now
  std::vector<RefusedOutput> refused;  ///< those that came refused, then those that belong to no configuration
  /// [N] labelled, while the antithetic partner is not; empty for populations without pairs.
  std::vector<bool> alone;

  bool clean() const { return refused.empty() && labels.conflicts.empty(); }
  std::size_t n_labelled() const;
  /// [N] what still has to be computed.
  std::vector<bool> missing() const;
};

/// Structures without a stress become refused; `advice` says what to do but to compute it.
void refuse_without_stress(LabelledStructures& outputs, const std::string& advice = {});

/// Adds outputs to a population of write_population(): geometry tells which configuration each belongs to, whatever the
/// order of its atoms and their periodic images (files/configuration_match.hpp). A label that is there is never
/// replaced. `reference` is the supercell of its generating density. `apply` = false: only tells what would be done.
/// @throws InputError for a file that is no population; IoError, also while another process adds to it.
Harvest harvest_labels(const std::string& population_file, const Supercell& reference, LabelledStructures outputs,
                       bool apply = true);

/// A population that another program drew from `generating`, in the order of the outputs: displacements count from its
/// centroids, positions are taken at their nearest images (files/site_match.hpp). Written to `file` with its labels
/// unless there are none. @throws InputError when `file` is there already; IoError.
Harvest harvest_population(const std::string& file, const TrialDensity& generating, LabelledStructures outputs,
                           const PopulationFileInfo& info, bool apply = true);

/// No population: every output is one configuration of a plain set.
Harvest harvest_set(const LabelledStructures& outputs);

}  // namespace zeropoint::sscha
