#pragma once

#include <string>

#include "core/units.hpp"
#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::phonons {

/// Header-preserving: writes PREFIX1, ... as copies of the text files `original`1, ... with the numbers of `matrices`
/// in their blocks and their own modes behind them. Everything foreign stays to the letter: title, ibrav, celldm,
/// positions, masses, polar blocks, order of the q points. For ph.x and elph calculations, which compare the header
/// with theirs.
/// @throws InputError when the originals are of another cell, other species or another grid, or in XML.
void write_qe_dyn_like(const DynamicalMatrices& matrices, const std::string& original, const std::string& prefix,
                       const UnitSet& units = units::codata2022);

}  // namespace zeropoint::phonons
