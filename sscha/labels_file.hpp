#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/crystal.hpp"

namespace zeropoint::sscha {

/// What a calculation says about one configuration, atoms in the order of the supercell.
struct Label {
  std::int64_t configuration;             ///< from 0
  double energy;                          ///< eV per supercell
  Vectors forces;                         ///< [n_atoms, 3] eV/angstrom
  std::optional<Eigen::Matrix3d> stress;  ///< eV/angstrom^3, positive = tensile
  std::string source;                     ///< the file it came from
};

/// What adding labels to a population did.
struct LabelsAdded {
  std::int64_t n_new = 0, n_known = 0;  ///< known: the same label was there, to 1e-5 eV and 1e-3 eV/angstrom
  std::vector<std::string> conflicts;   ///< "configuration 7: dft/7.out says ..., the label from ... is kept"
  std::vector<bool> labelled;           ///< [N] after this
};

/// Adds labels to a file of write_population: a label that is there is never replaced. The file is replaced as a whole,
/// by a rename; another process that adds to it at the same time is an error. `apply` = false: only tells what would be
/// done.
LabelsAdded add_labels(const std::string& path, const std::vector<Label>& labels, bool apply = true);

}  // namespace zeropoint::sscha
