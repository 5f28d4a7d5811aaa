#pragma once

#include <string>
#include <vector>

#include "phonons/dynamical_matrices.hpp"
#include "superconductivity/coupled_modes.hpp"

namespace zeropoint::superconductivity {

/// Files for the programs that read those of a stock calculation, with other phonons in them.

/// FOLDER/elph.inp_lambda.n of one point of each star of `grid`, with the frequencies and the lambda of `modes`, which
/// are on its points; and FOLDER/lambda.in, the input of lambda.x with their weights and mu*. `alat`: angstrom, unit of
/// q; the lattice is that of `crystal`. Returns the files written.
std::vector<std::string> write_lambda_input(const CoupledModes& modes, const phonons::QGrid& grid,
                                            const Crystal& crystal, double alat, double mu_star,
                                            const std::string& folder, const UnitSet& units = units::codata2022);

/// FOLDER/anharmonic.fc and FOLDER/a2Fmatdyn.(60 + smearing), on one grid: matdyn.x with la2F makes a2F.dos* of them.
std::vector<std::string> write_matdyn_input(const phonons::DynamicalMatrices& matrices, const Coupling& coupling,
                                            const std::string& folder, const UnitSet& units = units::codata2022);

}  // namespace zeropoint::superconductivity
