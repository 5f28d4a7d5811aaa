#pragma once

#include <Eigen/Core>
#include <string>
#include <vector>

#include "core/units.hpp"
#include "superconductivity/coupling.hpp"

namespace zeropoint::superconductivity {

/// What ph.x prints for one q: elph_dir/elph.inp_lambda.n or PREFIXn.elph.n. Values that did not fit their field are
/// NaN.
struct PrintedLambda {
  Eigen::Vector3d q;                ///< as printed: Cartesian, 2 pi/alat
  Eigen::VectorXd squares;          ///< [n_modes] (hbar omega)^2, eV^2
  std::vector<Smearing> smearings;  ///< width 0: tetrahedra
  Eigen::MatrixXd lambda;           ///< [n_smearings, n_modes]; 0 where omega is below 20 cm^-1
  Eigen::MatrixXd linewidth;        ///< the same, eV
};

/// @throws IoError, InputError with file and line.
PrintedLambda read_printed_lambda(const std::string& path, const UnitSet& units = units::codata2022);

/// Whether there is such a file: in a folder or with the prefix `path`.
bool has_printed_lambda(const std::string& path);

/// All of them, star by star: path/elph.inp_lambda.n of a folder, else PATHn.elph.n. @throws IoError, InputError.
std::vector<PrintedLambda> read_printed_lambdas(const std::string& path, const UnitSet& units = units::codata2022);

/// The text of elph.inp_lambda.n, with enough digits for lambda.x to lose none of ours.
std::string printed_lambda_text(const PrintedLambda& printed, const UnitSet& units = units::codata2022);

}  // namespace zeropoint::superconductivity
