#pragma once

#include <string>
#include <vector>

#include "core/units.hpp"
#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::phonons {

/// Reads the text files PREFIX1, PREFIX2, ... of Quantum ESPRESSO, python-sscha or CellConstructor, or PREFIX1.xml, ...
/// of ph.x (PREFIX0 is used for the number of files when it exists; a single file may be the complete name; PREFIX.xml
/// means XML alone). Every ibrav, every dialect of columns.
///
/// Stars keep the order of the files. Blocks are made Hermitian, D(-q) = D(q)^*, real at q = -q + G; `units` turns
/// Ry/bohr^2, bohr and Ry masses.
/// A polar block needs both the dielectric tensor and the effective charges E-U; U-E and Raman blocks are skipped.
/// @throws IoError, InputError: file:line, what is wrong and what to do (truncated, ****, NaN, masses in amu,
/// incomplete stars, header-less matdyn output, files of two crystals).
DynamicalMatrices read_qe_dyn(const std::string& prefix, const UnitSet& units = units::codata2022);

/// Writes PREFIX0 and one file a star with ibrav = 0, q and -q both, polar blocks in Gamma's file, and the modes.
/// Each file is written under a temporary name and renamed. `strict`: in the columns of ph.x itself, eight decimals of
/// the matrices, for programs that read by column.
void write_qe_dyn(const DynamicalMatrices& matrices, const std::string& prefix,
                  const UnitSet& units = units::codata2022, bool strict = false);

/// Header-preserving: writes PREFIX1, ... as copies of the text files `original`1, ... with the numbers of `matrices`
/// in their blocks and their own modes behind them. Everything foreign stays to the letter: title, ibrav, celldm,
/// positions, masses, polar blocks, order of the q points. For ph.x and elph calculations, which compare the header
/// with theirs.
/// @throws InputError when the originals are of another cell, other species or another grid, or in XML.
void write_qe_dyn_like(const DynamicalMatrices& matrices, const std::string& original, const std::string& prefix,
                       const UnitSet& units = units::codata2022);

/// Cell vectors (rows, in units of celldm) of a Quantum ESPRESSO lattice, ibrav 1 to 14, 91, -3, -5, -9, -12, -13.
/// `celldm` as in QE: celldm[0] = a, then b/a, c/a, cosines. The result has the unit of celldm[0].
/// @throws InputError for an unknown ibrav or impossible parameters.
Eigen::Matrix3d bravais_cell(int ibrav, const std::vector<double>& celldm);

}  // namespace zeropoint::phonons
