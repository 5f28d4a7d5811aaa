#pragma once

#include <string>

#include "core/units.hpp"
#include "phonons/dynamical_matrices.hpp"
#include "phonons/modes.hpp"

namespace zeropoint::phonons {

/// Writes PREFIX0 and one file a star with ibrav = 0, q and -q both, polar blocks in Gamma's file, and the modes.
/// Each file is written under a temporary name and renamed. `strict`: in the columns of ph.x itself, eight decimals of
/// the matrices, for programs that read by column.
void write_qe_dyn(const DynamicalMatrices& matrices, const std::string& prefix,
                  const UnitSet& units = units::codata2022, bool strict = false);

/// Frequencies and displacements at one q as they stand behind "Diagonalizing the dynamical matrix", from ruler to
/// ruler.
std::string qe_modes_text(const Modes& modes, const Crystal& crystal, const UnitSet& units);

/// Text of PREFIX0: divisions, number of files, one q a file.
std::string qe_grid_text(const DynamicalMatrices& matrices);

}  // namespace zeropoint::phonons
