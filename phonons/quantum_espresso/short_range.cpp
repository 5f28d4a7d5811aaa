#include "phonons/quantum_espresso/short_range.hpp"

#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "phonons/dipole.hpp"
#include "phonons/force_constants.hpp"

namespace zeropoint::phonons {
namespace {

constexpr double qe_cutoff = 14;  // of Quantum ESPRESSO's Ewald sums
constexpr double long_alat = 12;  // bohr: (2 pi/alat)^2 is small then, and the missing sum in real space counts

/// Ewald parameter of Quantum ESPRESSO, 1/angstrom^2.
double qe_alpha(double alat) { return std::pow(2 * std::numbers::pi / alat, 2); }

/// The dipole part that q2r.x takes out and matdyn.x puts back.
DipoleInteraction qe_dipoles(const Crystal& crystal, const Polar& polar, double alpha, const Eigen::Vector3i& divisions,
                             const UnitSet& units) {
  return DipoleInteraction(crystal, polar,
                           {.alpha = alpha, .cutoff = qe_cutoff, .skip_unit_direction = true, .divisions = divisions},
                           units);
}

void add_dipoles(DynamicalMatrices& matrices, const DipoleInteraction& dipoles, double sign) {
  for (const int iq : matrices.grid.independent()) {
    const Eigen::MatrixXcd c = sign * dipoles(matrices.grid.points()[iq]);
    const int minus = matrices.grid.minus(iq);
    if (minus == iq) {
      matrices.blocks[iq] += c.real().cast<std::complex<double>>();
      continue;
    }
    matrices.blocks[iq] += c;
    matrices.blocks[minus] += c.conjugate();
  }
}

double rounded(double value, double digit) { return digit > 0 ? std::round(value / digit) * digit : value; }

}  // namespace

MatrixFile matrices_of(QeForceConstants given, const std::string& path, const UnitSet& units) {
  MatrixFile file{bloch_matrices(given.supercell(), given.constants, path), "force constants of q2r.x"};
  file.matrices.polar = given.polar;
  file.matrices.alat = given.alat;
  if (!given.polar) {
    file.notes.emplace_back("dipole part", "in the force constants (F), without charges");
    return file;
  }
  const double alpha = qe_alpha(given.alat) * given.alpha.value_or(1);
  if (!(alpha > 0)) {
    throw InputError{"{}: an Ewald parameter of {} must be positive: it stands behind T, or in alpha_ewald", path,
                     *given.alpha};
  }
  add_dipoles(file.matrices, qe_dipoles(given.crystal, *given.polar, alpha, given.divisions, units), 1);
  file.notes.emplace_back(
      "dipole part", fmt::format("taken out in the file (T), Ewald parameter {:.4f} 1/bohr^2 {}",
                                 alpha * units.bohr * units.bohr, given.alpha ? "of the file" : "= (2 pi/alat)^2"));
  if (!given.alpha && given.alat > long_alat * units.bohr) {
    file.warnings.push_back(fmt::format(
        "{}: no Ewald parameter is in the file, and alat = {:.2f} bohr is long: if q2r.x is of 2024 or later "
        "and the file was changed, the dipole part is added back wrongly",
        path, given.alat / units.bohr));
  }
  return file;
}

QeForceConstants force_constants_of(const DynamicalMatrices& given, const QeForceConstantOptions& options,
                                    double digits, const UnitSet& units) {
  DynamicalMatrices matrices = given;
  const double length = matrices.alat > 0 ? matrices.alat : matrices.crystal.cell.row(0).norm();
  QeForceConstants file{
      matrices.crystal, rounded(length / units.bohr, digits) * units.bohr, matrices.grid.divisions(), {}, {}, {}};
  if (matrices.polar && options.dipoles) {
    check(*matrices.polar, matrices.crystal.n_atoms());
    file.polar = neutral(*matrices.polar);
    for (Eigen::Matrix3d& charge : file.polar->born_charges) {
      charge = charge.unaryExpr([&](double z) { return rounded(z, digits); });
    }
    if (options.ewald_parameter) file.alpha = 1;
    add_dipoles(matrices, qe_dipoles(file.crystal, *file.polar, qe_alpha(file.alat), file.divisions, units), -1);
  }
  file.constants = to_real_space(matrices);
  return file;
}

}  // namespace zeropoint::phonons
