#include "sscha/trial_density.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace zeropoint::sscha {

using phonons::Modes;
using phonons::RealBlochBasis;

TrialDensity::TrialDensity(phonons::DynamicalMatrices matrices, double temperature, const UnitSet& units)
    : matrices_(std::move(matrices)),
      temperature_(temperature),
      units_(units),
      modes_(phonons::diagonalise(matrices_)) {
  if (!(temperature >= 0)) throw InputError{"temperature {} K: it must be 0 or positive", temperature};
  Eigen::VectorXd root_masses(matrices_.n_modes());
  for (Eigen::Index x = 0; x < root_masses.size(); ++x) root_masses[x] = std::sqrt(matrices_.crystal.masses[x / 3]);
  for (std::size_t iq = 0; iq < modes_.size(); ++iq) {
    const Modes& at_q = modes_[iq];
    Eigen::VectorXd& squared = squared_amplitudes_.emplace_back(Eigen::VectorXd::Zero(at_q.frequencies.size()));
    for (Eigen::Index mu = 0; mu < squared.size(); ++mu) {
      if (at_q.acoustic[mu]) continue;
      const double frequency = at_q.frequencies[mu];
      if (!(frequency > 0)) {
        const Eigen::Vector3d q = matrices_.grid.points()[iq];
        throw InputError{
            "mode {} at q = ({:.4f} {:.4f} {:.4f}) has frequency {:.3f} cm^-1: a density needs positive ones. "
            "Start from repaired matrices (repair = \"absolute\")",
            mu + 1,
            q[0],
            q[1],
            q[2],
            units.inverse_cm(frequency)};
      }
      squared[mu] = phonons::squared_amplitude(frequency, temperature, units);
      log_normalisation_ -= 0.5 * std::log(squared[mu]);
    }
  }
  displacement_frame_.resize(modes_.size());
  for (const int iq : matrices_.grid.independent()) {
    const std::size_t i = static_cast<std::size_t>(iq);
    const Eigen::VectorXd inverse_amplitudes =
        squared_amplitudes_[i].unaryExpr([](double a2) { return a2 > 0 ? 1 / std::sqrt(a2) : 0.0; });
    displacement_frame_[i] =
        inverse_amplitudes.asDiagonal() * modes_[i].polarisations.adjoint() * root_masses.asDiagonal();
  }
  // The Jacobian of u -> sqrt(m) u on the space without uniform translations: it matters between isotopes.
  const Eigen::VectorXd& masses = matrices_.crystal.masses;
  log_normalisation_ += 1.5 * (matrices_.grid.size() * masses.array().log().sum() - std::log(masses.mean()));
}

int TrialDensity::n_acoustic() const {
  int n = 0;
  for (const Modes& at_q : modes_) n += static_cast<int>(std::count(at_q.acoustic.begin(), at_q.acoustic.end(), true));
  return n;
}

double TrialDensity::harmonic_free_energy() const {
  return phonons::harmonic_free_energy(modes_, temperature_, units_);
}

std::vector<Eigen::MatrixXcd> TrialDensity::force_frame() const {
  std::vector<Eigen::MatrixXcd> frame;
  for (std::size_t iq = 0; iq < modes_.size(); ++iq) {
    frame.push_back(squared_amplitudes_[iq].cwiseSqrt().asDiagonal() *
                    phonons::displacement_patterns(modes_[iq], matrices_.crystal).adjoint());
  }
  return frame;
}

std::vector<TrialDensity::Frame> TrialDensity::frames(const RealBlochBasis& basis, at::Device device) const {
  std::vector<Frame> all;
  for (const RealBlochBasis::Slab& slab : basis.slabs()) {
    at::Tensor forms = at::empty({slab.n_blocks, 2, slab.block_size}, at::kDouble);
    auto form = forms.accessor<double, 3>();
    for (int i = 0; i < slab.n_blocks; ++i) {
      const std::size_t iq = static_cast<std::size_t>(basis.blocks()[slab.first_block + i].iq);
      for (int row = 0; row < slab.block_size; ++row) {
        const int mu = row % basis.n_modes();
        const double frequency = modes_[iq].frequencies[mu];
        form[i][0][row] = 1;
        form[i][1][row] = 0.5 * frequency * frequency * squared_amplitudes_[iq][mu];  // 0 for acoustic modes
      }
    }
    all.push_back({basis.real_blocks(displacement_frame_, slab).to(device), forms.to(device)});
  }
  return all;
}

std::vector<Eigen::MatrixXcd> TrialDensity::inverse_covariance() const {
  const phonons::QGrid& grid = matrices_.grid;
  std::vector<Eigen::MatrixXcd> all(modes_.size());
  for (const int iq : grid.independent()) {
    const Eigen::MatrixXcd& e = displacement_frame_[iq];
    Eigen::MatrixXcd& here = all[iq];
    if (grid.is_real(iq)) {
      const Eigen::MatrixXd real = e.real();
      here = (real.transpose() * real).cast<std::complex<double>>();
    } else {
      here = e.adjoint() * e;
      all[grid.minus(iq)] = here.conjugate();
    }
  }
  return all;
}

Eigen::MatrixXd TrialDensity::centroid_preconditioner() const {
  const std::size_t gamma = static_cast<std::size_t>(matrices_.grid.gamma());
  const Modes& modes = modes_[gamma];
  Eigen::MatrixXd e = phonons::displacement_patterns(modes, matrices_.crystal).real();
  for (Eigen::Index mu = 0; mu < e.cols(); ++mu) {
    e.col(mu) *= modes.acoustic[mu] ? 0.0 : 1 / modes.frequencies[mu];
  }
  return e * e.transpose();
}

}  // namespace zeropoint::sscha
