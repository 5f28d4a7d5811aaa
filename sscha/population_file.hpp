#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/hdf5_file.hpp"
#include "files/ensemble.hpp"
#include "sscha/sampling.hpp"

namespace zeropoint::sscha {

/// A population on disk: what was drawn, from which density, and the labels as they come in.
///
/// The file is a "zeropoint ensemble" (files/ensemble_hdf5.hpp) that also holds the group `generating`
/// (phonons/hdf5_matrices.hpp) and, once something was collected, `labelled` [N] (1 or 0) and `label_source` [N]: rows
/// that are not labelled are NaN in energies, forces and stresses, and are left out when the ensemble is read.
struct PopulationFileInfo {
  std::int64_t population = 1, seed = 1;
  std::string sampling = {};       ///< "antithetic", ...
  std::string configuration = {};  ///< the resolved run file
  int n_locked_modes = 0;
  bool fixed_sites = false;
};

/// Draws `n` configurations and writes them, without labels, in pieces that `each` gets, too: displacements [m,
/// n_atoms, 3] (angstrom, CPU) of configurations first <= c < first + m.
void write_population(const std::string& path, const TrialDensity& generating, const Sampler& sampler, std::int64_t n,
                      const PopulationFileInfo& info,
                      const std::function<void(const at::Tensor& displacements, std::int64_t first)>& each = {});

/// The same for configurations that were drawn elsewhere: displacements [n_atoms, 3] (angstrom) from the centroids of
/// `generating`.
void write_population(const std::string& path, const TrialDensity& generating,
                      const std::vector<Vectors>& displacements, const PopulationFileInfo& info);

/// Configurations with their labels, all of them.
void write_population(const std::string& path, const TrialDensity& generating, const Configurations& configurations,
                      const PopulationFileInfo& info);

/// The density that generated the configurations of a file that write_population made.
/// @throws InputError when the file holds none.
TrialDensity read_generating(const std::string& path, const UnitSet& units);

/// PATH itself, or PATH/population.h5 when PATH is a folder that has it; empty otherwise.
std::string population_file_in(const std::string& path);

}  // namespace zeropoint::sscha
