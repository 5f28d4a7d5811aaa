#include "phonons/displacements.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "phonons/modes.hpp"
#include "phonons/q_stars.hpp"
#include "phonons/spectrum.hpp"

namespace zeropoint::phonons {
namespace {

void refuse_negative(double temperature) {
  if (!(temperature >= 0)) throw InputError{"temperature {} K: it must be 0 or more", temperature};
}

/// tensors[t][s] += weight sum_mu a^2 Re[e_s e_s^+]/m_s at one q.
void add(const Modes& modes, const Eigen::Vector3d& q, const Crystal& crystal, const std::vector<double>& temperatures,
         double weight, bool skip_imaginary, const UnitSet& units, std::vector<SiteTensors>& tensors) {
  for (Eigen::Index mu = 0; mu < modes.frequencies.size(); ++mu) {
    if (modes.acoustic[static_cast<std::size_t>(mu)]) continue;
    const double frequency = modes.frequencies[mu];
    if (!(frequency > 0)) {
      if (skip_imaginary) continue;
      throw InputError{
          "mode {} at q = ({:.4f}, {:.4f}, {:.4f}) has frequency {:.2f} cm^-1: mean-square displacements need positive "
          "ones; leave such modes out to go on",
          mu + 1,
          q[0],
          q[1],
          q[2],
          units.inverse_cm(frequency)};
    }
    for (int s = 0; s < crystal.n_atoms(); ++s) {
      const Eigen::Vector3cd e = modes.polarisations.block<3, 1>(3 * s, mu);
      const Eigen::Matrix3d share = weight / crystal.masses[s] * (e * e.adjoint()).real();
      for (std::size_t t = 0; t < temperatures.size(); ++t) {
        tensors[t][static_cast<std::size_t>(s)] += squared_amplitude(frequency, temperatures[t], units) * share;
      }
    }
  }
}

}  // namespace

SiteTensors mean_square_displacements(const DynamicalMatrices& matrices, double temperature, const UnitSet& units) {
  refuse_negative(temperature);
  const std::vector<Modes> modes = diagonalise(matrices);
  std::vector<SiteTensors> tensors{
      SiteTensors(static_cast<std::size_t>(matrices.crystal.n_atoms()), Eigen::Matrix3d::Zero())};
  for (std::size_t iq = 0; iq < modes.size(); ++iq) {
    add(modes[iq], matrices.grid.points()[iq], matrices.crystal, {temperature}, 1.0 / matrices.grid.size(), false,
        units, tensors);
  }
  return tensors.front();
}

std::vector<SiteTensors> mean_square_displacements(const Interpolation& interpolation, const Eigen::Vector3i& divisions,
                                                   const SpaceGroup& group, const std::vector<double>& temperatures,
                                                   bool skip_imaginary, const UnitSet& units) {
  for (const double temperature : temperatures) refuse_negative(temperature);
  const Crystal& crystal = interpolation.crystal();
  const MeshOrbits mesh = orbits(divisions, group);
  const std::vector<SiteTensors> zero(
      temperatures.size(), SiteTensors(static_cast<std::size_t>(crystal.n_atoms()), Eigen::Matrix3d::Zero()));
  // Pieces of fixed size, added in order: the bits do not depend on the number of threads.
  constexpr int piece = 64;
  const int n_pieces = (mesh.size() + piece - 1) / piece;
  std::vector<std::vector<SiteTensors>> sums(static_cast<std::size_t>(n_pieces), zero);
  parallel_for(n_pieces, [&](std::int64_t p) {
    const int begin = static_cast<int>(p) * piece;
    for (int i = begin; i < std::min(begin + piece, mesh.size()); ++i) {
      const int point = mesh.first[static_cast<std::size_t>(i)];
      const Eigen::Vector3d q(static_cast<double>(point / (divisions[1] * divisions[2])) / divisions[0],
                              static_cast<double>(point / divisions[2] % divisions[1]) / divisions[1],
                              static_cast<double>(point % divisions[2]) / divisions[2]);
      const Modes modes =
          point == 0 ? diagonalise({crystal, QGrid(Eigen::Vector3i::Ones()), {interpolation(q)}, {}, 0, ""}).front()
                     : modes_at(interpolation(q), crystal);
      add(modes, q, crystal, temperatures,
          static_cast<double>(mesh.counts[static_cast<std::size_t>(i)]) / divisions.prod(), skip_imaginary, units,
          sums[static_cast<std::size_t>(p)]);
    }
  });
  const SpaceGroup kept = keeping_mesh(group, divisions);
  std::vector<SiteTensors> result = zero;
  for (std::size_t t = 0; t < temperatures.size(); ++t) {
    for (const auto& sum : sums) {
      for (std::size_t s = 0; s < result[t].size(); ++s) result[t][s] += sum[t][s];
    }
    result[t] = symmetrized(result[t], kept);
  }
  return result;
}

SiteTensors symmetrized(const SiteTensors& tensors, const SpaceGroup& group) {
  SiteTensors result(tensors.size(), Eigen::Matrix3d::Zero());
  const double share = 1.0 / static_cast<double>(group.operations.size());
  for (const SymmetryOperation& operation : group.operations) {
    for (std::size_t s = 0; s < tensors.size(); ++s) {
      result[static_cast<std::size_t>(operation.permutation[s])] +=
          share * operation.cartesian * tensors[s] * operation.cartesian.transpose();
    }
  }
  return result;
}

}  // namespace zeropoint::phonons
