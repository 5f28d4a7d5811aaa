#pragma once

#include <Eigen/Core>
#include <string>
#include <vector>

#include "core/quantity.hpp"
#include "core/units.hpp"
#include "superconductivity/spectral_function.hpp"

namespace zeropoint::superconductivity {

/// alpha2F from a file of any program.
struct SpectralFile {
  std::string kind;                      ///< "a2F.dos of matdyn.x"
  std::string unit;                      ///< of its frequencies
  std::vector<SpectralFunction> curves;  ///< one a column, at positive energies
  std::vector<double> widths;         ///< [n_curves] electronic broadening, eV, of each; empty: the file does not tell
  int dropped = 0;                    ///< rows at omega <= 0 that were left out
  std::vector<std::string> warnings;  ///< for people
};

/// Knows a2F.dos* of matdyn.x (records that wrap), alpha2F.dat of lambda.x and IsoME.jl (broadenings in the header),
/// .a2f of EPW, ALPHA2F.OUT of Elk, and columns omega, alpha2F, ... whose header names one unit. `unit` (meV, THz, Ry,
/// Ha, eV, cm-1; empty: the file tells) is needed for other columns.
/// @throws IoError, InputError: the unit is neither given nor named, or another one is named; frequencies that do not
/// ascend, rows of another length.
SpectralFile read_spectral_file(const std::string& path, const std::string& unit = "",
                                const UnitSet& units = units::codata2022);

/// a2F.dos of matdyn.x: energy (Ry), alpha2F in total and of each mode, lambda at the end. `modes` [n, n_modes].
std::string qe_spectral_text(const SpectralFunction& curve, const Eigen::MatrixXd& modes, double lambda,
                             const UnitSet& units = units::codata2022);

/// fila2f of EPW: a line of text, then exactly n rows omega_i = i d omega (meV) and alpha2F.
std::string epw_spectral_text(const SpectralFunction& curve);

}  // namespace zeropoint::superconductivity
