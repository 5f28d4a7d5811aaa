#include "tests/support/dense_hessian.hpp"

#include <ATen/ops/empty.h>

#include <cmath>

#include "core/decompositions.hpp"
#include "tests/support/sampled_ensemble.hpp"

namespace zeropoint::test {
namespace {

Eigen::MatrixXd columns(const at::Tensor& vectors) {  // [M, N]
  return Eigen::Map<const Eigen::MatrixXd>(vectors.const_data_ptr<double>(), vectors.size(1) * 3, vectors.size(0));
}

/// Lambda0 in its textbook form, with the limit of equal frequencies.
double textbook_lambda0(double w1, double w2, double temperature, const UnitSet& units) {
  const auto a2 = [&](double w) { return phonons::squared_amplitude(w, temperature, units); };
  if (std::abs(w1 - w2) > 1e-4 * w1) return 0.5 * (a2(w1) - a2(w2)) / (w1 * w1 - w2 * w2);
  // The slope of a^2 in w^2 at the middle: what is left out is of second order in the difference.
  const double w = 0.5 * (w1 + w2);
  if (temperature == 0) return -units.hbar / (8 * w * w * w);
  const double x = units.hbar * w / (2 * units.kb_density * temperature);
  return -units.hbar * (1 / std::tanh(x) + x / std::pow(std::sinh(x), 2)) / (8 * w * w * w);
}

}  // namespace

Configurations symmetry_images(const Configurations& configurations, const Supercell& supercell,
                               const SpaceGroup& group, bool translations) {
  const std::int64_t n = configurations.size(), n_atoms = supercell.n_atoms();
  const int n_shifts = translations ? supercell.n_cells() : 1;
  const std::int64_t total = n * n_shifts * static_cast<std::int64_t>(group.operations.size());
  Configurations images{at::empty({total, n_atoms, 3}, at::kDouble),
                        at::empty({total}, at::kDouble),
                        at::empty({total, n_atoms, 3}, at::kDouble),
                        {}};
  std::int64_t image = 0;
  for (const SymmetryOperation& operation : group.operations) {
    for (int shift = 0; shift < n_shifts; ++shift) {
      for (std::int64_t c = 0; c < n; ++c, ++image) {
        images.energies.data_ptr<double>()[image] = configurations.energies.const_data_ptr<double>()[c];
        for (int atom = 0; atom < n_atoms; ++atom) {
          const int site = supercell.site_of(atom);
          const Eigen::Vector3i cell = operation.rotation * supercell.lattice_vector(supercell.cell_of(atom)) +
                                       operation.shift[site] + supercell.lattice_vector(shift);
          const int target = supercell.atom_index(supercell.cell_index(cell), operation.permutation[site]);
          for (const auto& [from, to] : {std::pair{&configurations.displacements, &images.displacements},
                                         std::pair{&configurations.forces, &images.forces}}) {
            const Eigen::Map<const Eigen::Vector3d> v(from->const_data_ptr<double>() + (c * n_atoms + atom) * 3);
            Eigen::Map<Eigen::Vector3d>(to->data_ptr<double>() + (image * n_atoms + target) * 3) =
                operation.cartesian * v;
          }
        }
      }
    }
  }
  return images;
}

DenseHessian dense_hessian(const sscha::TrialDensity& density, const Configurations& configurations,
                           const std::vector<double>& weights, const SpaceGroup& group, bool hermite_terms) {
  const phonons::DynamicalMatrices& matrices = density.matrices();
  const Configurations images = symmetry_images(configurations, matrices.supercell(), group, true);
  const Eigen::MatrixXd phi = dense(matrices);
  const Eigen::Index m = phi.rows(), n_images = images.size(), n = configurations.size();

  // Unit-variance coordinates u = W y; rows of L = W^T turn forces, E = W^+ displacements.
  const Eigen::MatrixXd w = amplitudes(density);
  Eigen::VectorXd masses(m);
  for (Eigen::Index x = 0; x < m; ++x) masses[x] = matrices.crystal.masses[x % matrices.n_modes() / 3];
  Eigen::VectorXd squared(w.cols()), frequencies(w.cols());
  for (Eigen::Index mu = 0; mu < w.cols(); ++mu) {
    squared[mu] = w.col(mu).dot(masses.cwiseProduct(w.col(mu)));
    frequencies[mu] = std::sqrt(w.col(mu).dot(phi * w.col(mu)) / squared[mu]);
  }
  const Eigen::MatrixXd e = squared.cwiseInverse().asDiagonal() * w.transpose() * masses.asDiagonal();
  const Eigen::MatrixXd upsilon = e.transpose() * e;
  const Eigen::MatrixXd u = columns(images.displacements), v = upsilon * u;
  const Eigen::MatrixXd df = e.transpose() * (w.transpose() * (columns(images.forces) + phi * u));  // no uniform force

  Eigen::VectorXd share(n_images);
  double sum = 0;
  for (Eigen::Index c = 0; c < n_images; ++c) sum += share[c] = weights[c % n];
  share /= sum;

  const Eigen::Index m2 = m * m;
  Eigen::MatrixXd vv(m2, n_images), vf(m2, n_images);
  for (Eigen::Index c = 0; c < n_images; ++c) {
    Eigen::Map<Eigen::MatrixXd>(vv.col(c).data(), m, m) = v.col(c) * v.col(c).transpose();
    Eigen::Map<Eigen::MatrixXd>(vf.col(c).data(), m, m) = v.col(c) * df.col(c).transpose();  // (x, w)
  }
  const auto pair = [&](Eigen::Index x, Eigen::Index y) { return x + m * y; };

  const Eigen::VectorXd mean_force = df * share;
  const Eigen::MatrixXd third_raw = -vv * share.asDiagonal() * df.transpose();  // [yz, x]
  Eigen::MatrixXd third(m2, m);
  for (Eigen::Index x = 0; x < m; ++x) {
    for (Eigen::Index y = 0; y < m; ++y) {
      for (Eigen::Index z = 0; z < m; ++z) {
        third(pair(y, z), x) =
            (third_raw(pair(y, z), x) + third_raw(pair(x, z), y) + third_raw(pair(x, y), z) +
             upsilon(y, z) * mean_force[x] + upsilon(x, z) * mean_force[y] + upsilon(x, y) * mean_force[z]) /
            3;
      }
    }
  }
  const Eigen::MatrixXd vf_mean = v * share.asDiagonal() * df.transpose();  // <v_x df_w>
  Eigen::MatrixXd raw = -vv * share.asDiagonal() * vf.transpose();          // [xy, zw]
  if (hermite_terms) {
    for (Eigen::Index f = 0; f < m; ++f) {
      for (Eigen::Index z = 0; z < m; ++z) {
        for (Eigen::Index y = 0; y < m; ++y) {
          for (Eigen::Index x = 0; x < m; ++x) {
            raw(pair(x, y), pair(z, f)) +=
                upsilon(x, y) * vf_mean(z, f) + upsilon(x, z) * vf_mean(y, f) + upsilon(y, z) * vf_mean(x, f);
          }
        }
      }
    }
  }
  Eigen::MatrixXd fourth(m2, m2);  // the raw one is symmetric in its first three indices
  for (Eigen::Index f = 0; f < m; ++f) {
    for (Eigen::Index z = 0; z < m; ++z) {
      for (Eigen::Index y = 0; y < m; ++y) {
        for (Eigen::Index x = 0; x < m; ++x) {
          fourth(pair(x, y), pair(z, f)) = (raw(pair(x, y), pair(z, f)) + raw(pair(x, y), pair(f, z)) +
                                            raw(pair(x, f), pair(z, y)) + raw(pair(f, y), pair(z, x))) /
                                           4;
        }
      }
    }
  }
  raw.resize(0, 0);

  // Lambda t for a matrix t: into modes, elementwise, back.
  Eigen::MatrixXd lambda(w.cols(), w.cols());
  for (Eigen::Index mu = 0; mu < w.cols(); ++mu) {
    for (Eigen::Index nu = 0; nu < w.cols(); ++nu) {
      lambda(mu, nu) = textbook_lambda0(frequencies[mu], frequencies[nu], density.temperature(), density.units()) /
                       (squared[mu] * squared[nu]);
    }
  }
  const auto times_lambda = [&](const Eigen::MatrixXd& t) {
    Eigen::MatrixXd result(t.rows(), t.cols());
    for (Eigen::Index i = 0; i < t.cols(); ++i) {
      const Eigen::Map<const Eigen::MatrixXd> in(t.col(i).data(), m, m);
      Eigen::Map<Eigen::MatrixXd>(result.col(i).data(), m, m) =
          w * lambda.cwiseProduct(w.transpose() * in * w) * w.transpose();
    }
    return result;
  };
  const Eigen::MatrixXd lambda_third = times_lambda(third);
  DenseHessian result;
  result.third_only = phi + third.transpose() * lambda_third;
  // 1 - d4 Lambda: Lambda is symmetric, so d4 Lambda is the transpose of Lambda d4.
  const Eigen::MatrixXd system = Eigen::MatrixXd::Identity(m2, m2) - times_lambda(fourth).transpose();
  result.full = phi + lambda_third.transpose() * solve_square(system, third);
  result.third = third;
  result.fourth = fourth;
  return result;
}

}  // namespace zeropoint::test
