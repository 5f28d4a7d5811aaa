#pragma once

#include <Eigen/Core>
#include <vector>

#include "core/space_group.hpp"
#include "core/units.hpp"
#include "phonons/interpolation.hpp"
#include "phonons/q_stars.hpp"
#include "phonons/spectrum.hpp"

namespace zeropoint::phonons {

/// <u_i u_j> of every atom, [n_atoms] Cartesian, angstrom^2: the displacement parameters U_ij of crystallography.
///
///   U_s = 1/(m_s N) sum_{q, mu} a^2 Re[e_s e_s^+],  a^2 = hbar/(2 omega) coth(hbar omega/2kT),
/// without the three translations at Gamma.
using SiteTensors = std::vector<Eigen::Matrix3d>;

/// Over the grid of the matrices. @throws InputError for a frequency that is not positive or a temperature below 0.
SiteTensors mean_square_displacements(const DynamicalMatrices& matrices, double temperature,
                                      const UnitSet& units = units::codata2022);

/// The lowest frequency, sqrt(eV/amu)/angstrom, to which modes must be raised (with_lowest_frequency()) so that no atom
/// moves by more than `largest` angstrom (root mean square, three directions together); 0 where nothing has to be
/// raised. To 1 %.
/// @throws InputError for a frequency that is not positive.
double lowest_frequency_for(const DynamicalMatrices& matrices, double temperature, double largest,
                            const UnitSet& units = units::codata2022);

/// The sum over a mesh through Gamma, taken while modes_on_mesh() finds its modes: pass it there as std::ref(sum), with
/// the same mesh and group.
class MeshDisplacements {
 public:
  /// @throws InputError for a temperature below 0; operator() for a frequency that is not positive, unless such modes
  /// are skipped.
  MeshDisplacements(const Crystal& crystal, const Eigen::Vector3i& divisions, const SpaceGroup& group,
                    std::vector<double> temperatures, bool skip_imaginary, const UnitSet& units = units::codata2022);
  void operator()(int row, const Modes& modes);
  /// [n_temperatures][n_atoms], averaged over the operations that keep the mesh.
  std::vector<SiteTensors> tensors() const;

 private:
  std::vector<SiteTensors> zero() const;

  Crystal crystal_;
  Eigen::Vector3i divisions_;
  SpaceGroup kept_;
  MeshOrbits stars_;
  std::vector<double> temperatures_;
  bool skip_imaginary_;
  UnitSet units_;
  std::vector<std::vector<SiteTensors>> pieces_;
};

/// At each temperature, over a mesh through Gamma, [n_temperatures][n_atoms]; one point of each star is diagonalised,
/// and the sum averaged over the operations that keep the mesh. Above T = 0 what is left out near Gamma falls as the
/// inverse of the number of points along an axis.
/// @throws InputError as above; with `skip_imaginary` modes without positive frequency are left out.
std::vector<SiteTensors> mean_square_displacements(const Interpolation& interpolation, const Eigen::Vector3i& divisions,
                                                   const SpaceGroup& group, const std::vector<double>& temperatures,
                                                   bool skip_imaginary = false,
                                                   const UnitSet& units = units::codata2022);

/// The average over the group: U_{S(s)} = S U_s S^T.
SiteTensors symmetrized(const SiteTensors& tensors, const SpaceGroup& group);

}  // namespace zeropoint::phonons
