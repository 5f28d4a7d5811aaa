#include "phonons/displacements.hpp"

#include <functional>

#include "core/error.hpp"
#include "phonons/modes.hpp"
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
    if (modes.acoustic[mu]) continue;
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
        tensors[t][s] += squared_amplitude(frequency, temperatures[t], units) * share;
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

MeshDisplacements::MeshDisplacements(const Crystal& crystal, const Eigen::Vector3i& divisions, const SpaceGroup& group,
                                     std::vector<double> temperatures, bool skip_imaginary, const UnitSet& units)
    : crystal_(crystal),
      divisions_(divisions),
      kept_(keeping_mesh(group, divisions)),
      stars_(orbits(divisions, group)),
      temperatures_(std::move(temperatures)),
      skip_imaginary_(skip_imaginary),
      units_(units) {
  for (const double temperature : temperatures_) refuse_negative(temperature);
  pieces_.assign(static_cast<std::size_t>((stars_.size() + mesh_piece - 1) / mesh_piece), zero());
}

std::vector<SiteTensors> MeshDisplacements::zero() const {
  return std::vector<SiteTensors>(temperatures_.size(),
                                  SiteTensors(static_cast<std::size_t>(crystal_.n_atoms()), Eigen::Matrix3d::Zero()));
}

void MeshDisplacements::operator()(int row, const Modes& modes) {
  const auto i = static_cast<std::size_t>(row);
  const int point = stars_.first[i], n2 = divisions_[1], n3 = divisions_[2];
  const Eigen::Vector3d q =
      Eigen::Vector3d(point / (n2 * n3), point / n3 % n2, point % n3).cwiseQuotient(divisions_.cast<double>());
  add(modes, q, crystal_, temperatures_, static_cast<double>(stars_.counts[i]) / divisions_.prod(), skip_imaginary_,
      units_, pieces_[i / mesh_piece]);
}

std::vector<SiteTensors> MeshDisplacements::tensors() const {
  // In the order of the pieces: the bits do not depend on the number of threads.
  std::vector<SiteTensors> result = zero();
  for (std::size_t t = 0; t < result.size(); ++t) {
    for (const auto& sum : pieces_) {
      for (std::size_t s = 0; s < result[t].size(); ++s) result[t][s] += sum[t][s];
    }
    result[t] = symmetrized(result[t], kept_);
  }
  return result;
}

std::vector<SiteTensors> mean_square_displacements(const Interpolation& interpolation, const Eigen::Vector3i& divisions,
                                                   const SpaceGroup& group, const std::vector<double>& temperatures,
                                                   bool skip_imaginary, const UnitSet& units) {
  MeshDisplacements sum(interpolation.crystal(), divisions, group, temperatures, skip_imaginary, units);
  modes_on_mesh(interpolation, divisions, group, std::ref(sum));
  return sum.tensors();
}

SiteTensors symmetrized(const SiteTensors& tensors, const SpaceGroup& group) {
  SiteTensors result(tensors.size(), Eigen::Matrix3d::Zero());
  const double share = 1.0 / static_cast<double>(group.operations.size());
  for (const SymmetryOperation& operation : group.operations) {
    for (std::size_t s = 0; s < tensors.size(); ++s) {
      result[operation.permutation[s]] += share * operation.cartesian * tensors[s] * operation.cartesian.transpose();
    }
  }
  return result;
}

double lowest_frequency_for(const DynamicalMatrices& matrices, double temperature, double largest,
                            const UnitSet& units) {
  const auto fits = [&](double lowest) {
    const SiteTensors tensors = mean_square_displacements(with_lowest_frequency(matrices, lowest), temperature, units);
    return std::all_of(tensors.begin(), tensors.end(),
                       [&](const Eigen::Matrix3d& u) { return u.trace() <= largest * largest; });
  };
  if (fits(0)) return 0;
  double low = 0, high = 1 / units.inverse_cm(1);
  while (!fits(high)) {
    low = high;
    high *= 2;
  }
  while (high - low > 0.01 * high) {
    const double middle = (low + high) / 2;
    (fits(middle) ? high : low) = middle;
  }
  return high;
}

}  // namespace zeropoint::phonons
