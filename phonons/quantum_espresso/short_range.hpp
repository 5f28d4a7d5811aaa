#pragma once

#include <string>
#include <vector>

#include "phonons/matrix_file.hpp"
#include "phonons/quantum_espresso/force_constants.hpp"

namespace zeropoint::phonons {

/// What a file of q2r.x holds, in text or XML.
struct QeForceConstants {
  Crystal crystal;
  double alat;  ///< angstrom
  Eigen::Vector3i divisions;
  std::optional<Polar> polar;   ///< there: the dipole part is taken out (T)
  std::optional<double> alpha;  ///< Ewald parameter, (2 pi/alat)^2; nothing: 1 is meant
  /// [n_cells] (3n, 3n), eV/angstrom^2, cells in the order of Supercell(crystal, divisions).
  std::vector<Eigen::MatrixXd> constants;

  Supercell supercell() const { return Supercell(crystal, divisions); }
};

/// The matrices, with the dipole part added back on the grid. @throws InputError as read_qe_force_constants.
MatrixFile matrices_of(QeForceConstants file, const std::string& path, const UnitSet& units);

/// What is to be written. `digits`: to how many decimals alat (bohr) and charges will be printed, so that the dipole
/// part that is taken out is the one that a reader adds; 0: all.
QeForceConstants force_constants_of(const DynamicalMatrices& matrices, const QeForceConstantOptions& options,
                                    double digits, const UnitSet& units);

}  // namespace zeropoint::phonons
