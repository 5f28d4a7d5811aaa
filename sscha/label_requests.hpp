#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/potential.hpp"
#include "sscha/population_file.hpp"
#include "sscha/population_loop.hpp"

namespace zeropoint::sscha {

/// A population that somebody else has to label before a loop can go on.
struct LabelRequest {
  int number = 0;         ///< of the population
  std::int64_t size = 0;  ///< configurations
  MissingLabels missing;
  std::string folder;  ///< FOLDER/populationNUMBER: population.h5, which takes the labels,
  std::string frames;  ///< and configurations.extxyz, what to compute
};

/// Nothing when `potential` has a label for each configuration of `drawing`. Else writes them all, without labels,
/// unless an earlier run has: some of their labels may be there. @throws IoError, and as Potential::missing().
std::optional<LabelRequest> request_labels(const Potential& potential, const Drawing& drawing,
                                           const std::string& folder, const PopulationFileInfo& info);

/// The files of populations that requests in this folder wrote, at any depth, in the order of their names.
std::vector<std::string> requested_populations(const std::string& folder);

}  // namespace zeropoint::sscha
