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

/// The files that `prefix` stands for. @throws IoError when one is missing.
std::vector<std::string> qe_dyn_paths(const std::string& prefix);

/// Whether `path` is a dyn file, in text or XML, or the prefix of one.
bool is_qe_dyn(const std::string& path);

}  // namespace zeropoint::phonons
