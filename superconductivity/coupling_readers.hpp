#pragma once

#include <Eigen/Core>
#include <string>
#include <vector>

#include "core/crystal.hpp"
#include "core/units.hpp"
#include "phonons/quantum_espresso/matrix_block.hpp"
#include "superconductivity/coupling.hpp"

namespace zeropoint::superconductivity {

/// elph_dir/a2Fq2r.(50 + smearing).(number of the star): Gamma at all points of one star for one smearing.
struct StarCoupling {
  Smearing smearing;
  std::vector<phonons::QeMatrixBlock> blocks;  ///< q as printed, matrices in 1/angstrom^2
};
/// @throws IoError, InputError with file and line: damaged, of another number of atoms, fewer points than the star has.
StarCoupling read_star_coupling(const std::string& path, int n_atoms, const UnitSet& units = units::codata2022);

/// PREFIXn.elph.d.mat.n of the patched Quantum ESPRESSO of the SSCHA group: Gamma at the first point of star n for all
/// smearings.
struct PointCoupling {
  std::vector<Smearing> smearings;
  std::vector<Eigen::MatrixXcd> gamma;  ///< 1/angstrom^2
};
/// @throws as above.
PointCoupling read_point_coupling(const std::string& path, int n_modes, const UnitSet& units = units::codata2022);

/// elph_dir/a2Fmatdyn.(60 + smearing) of q2r.x: Gamma between cells for one smearing.
struct CellCoupling {
  Smearing smearing;
  Eigen::Vector3i divisions;
  std::vector<Eigen::MatrixXd> gamma;  ///< [n_cells] as phonons::to_real_space, 1/angstrom^2
};
/// @throws as above.
CellCoupling read_cell_coupling(const std::string& path, const Crystal& crystal,
                                const UnitSet& units = units::codata2022);
/// The text of such a file, with its digits.
std::string cell_coupling_text(const CellCoupling& coupling, const Crystal& crystal,
                               const UnitSet& units = units::codata2022);

/// Whether the Fortran field is one of stars, which stand for a number that does not fit.
bool is_overflow(std::string_view word);

}  // namespace zeropoint::superconductivity
