#include "superconductivity/spectral_function.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>

#include "core/contract.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "phonons/dos.hpp"

namespace zeropoint::superconductivity {
namespace {

constexpr double same_energy = 1e-9;  // relative
constexpr double reach = 8;           // standard deviations: 1e-14 of the top

}  // namespace

DiscreteModes discrete(const CoupledModes& modes, int smearing) {
  const Eigen::MatrixXd& lambda = modes.lambda.at(static_cast<std::size_t>(smearing));
  std::vector<std::pair<double, double>> pairs;
  for (Eigen::Index q = 0; q < lambda.rows(); ++q) {
    for (Eigen::Index mode = 0; mode < lambda.cols(); ++mode) {
      if (lambda(q, mode) == 0) continue;
      pairs.emplace_back(modes.energies(q, mode), modes.weights[q] * lambda(q, mode));
    }
  }
  std::sort(pairs.begin(), pairs.end());
  std::vector<std::pair<double, double>> merged;
  for (const auto& [energy, share] : pairs) {
    if (!merged.empty() && energy - merged.back().first <= same_energy * energy) {
      merged.back().second += share;
    } else {
      merged.emplace_back(energy, share);
    }
  }
  DiscreteModes result{Eigen::VectorXd(std::ssize(merged)), Eigen::VectorXd(std::ssize(merged))};
  for (std::size_t i = 0; i < merged.size(); ++i) {
    result.energies[static_cast<Eigen::Index>(i)] = merged[i].first;
    result.lambda[static_cast<Eigen::Index>(i)] = merged[i].second;
  }
  return result;
}

DiscreteModes discrete(const SpectralFunction& curve) {
  const Eigen::Index n = curve.energies.size();
  expect(curve.values.size() == n && n >= 2, "a curve has values at two energies at least");
  DiscreteModes result{curve.energies, Eigen::VectorXd::Zero(n)};
  for (Eigen::Index i = 0; i + 1 < n; ++i) {
    const double step = curve.energies[i + 1] - curve.energies[i];
    result.lambda[i] += step * curve.values[i] / curve.energies[i];
    result.lambda[i + 1] += step * curve.values[i + 1] / curve.energies[i + 1];
  }
  return result;
}

Eigen::MatrixXd by_gaussians(const CoupledModes& modes, const std::vector<Eigen::MatrixXd>& weights,
                             const Eigen::VectorXd& energies, double width) {
  if (!(width > 0)) throw InputError{"a broadening of {} eV: it must be positive", width};
  const auto n_curves = static_cast<Eigen::Index>(weights.size());
  Eigen::MatrixXd curves = Eigen::MatrixXd::Zero(energies.size(), n_curves);
  const double height = 1 / (width * std::sqrt(2 * std::numbers::pi));
  parallel_for(energies.size(), [&](std::int64_t i) {
    for (Eigen::Index q = 0; q < modes.energies.rows(); ++q) {
      for (Eigen::Index mode = 0; mode < modes.energies.cols(); ++mode) {
        const double x = (energies[i] - modes.energies(q, mode)) / width;
        if (std::abs(x) > reach) continue;
        const double density = modes.weights[q] * height * std::exp(-0.5 * x * x);
        for (Eigen::Index k = 0; k < n_curves; ++k) curves(i, k) += density * weights[k](q, mode);
      }
    }
  });
  return curves;
}

Eigen::MatrixXd by_tetrahedra(const MeshCoupling& mesh, const std::vector<Eigen::MatrixXd>& weights,
                              const Eigen::VectorXd& energies, const Crystal& crystal,
                              const Eigen::Vector3i& diagonal) {
  const Eigen::Vector3i& n = mesh.divisions;
  const auto tetrahedra =
      diagonal.isZero() ? phonons::tetrahedra_of_cell(crystal, n) : phonons::tetrahedra_of_cell(diagonal);
  const auto n_curves = static_cast<Eigen::Index>(weights.size());
  const Eigen::MatrixXd& levels = mesh.modes.energies;
  // One item a branch, summed in their order: the bits do not depend on the threads.
  std::vector<Eigen::MatrixXd> branches(static_cast<std::size_t>(levels.cols()));
  const double share = 1 / (6.0 * n.prod());
  parallel_for(levels.cols(), [&](std::int64_t mode) {
    Eigen::MatrixXd& sum = branches[mode];
    sum = Eigen::MatrixXd::Zero(energies.size(), n_curves);
    for (int q = 0; q < n.prod(); ++q) {
      const Eigen::Vector3i k(q / (n[1] * n[2]), q / n[2] % n[1], q % n[2]);
      for (const phonons::TetrahedronCorners& corners : tetrahedra) {
        std::array<int, 4> rows;
        for (std::size_t c = 0; c < 4; ++c) {
          const Eigen::Vector3i at = k + corners[c];
          rows[c] = mesh.row[(at[0] % n[0] * n[1] + at[1] % n[1]) * n[2] + at[2] % n[2]];
        }
        std::sort(rows.begin(), rows.end(), [&](int a, int b) { return levels(a, mode) < levels(b, mode); });
        std::array<double, 4> e;
        for (std::size_t c = 0; c < 4; ++c) e[c] = levels(rows[c], mode);
        const double* begin = energies.data();
        const double* end = begin + energies.size();
        for (const double* at = std::lower_bound(begin, end, e[0]); at < end && *at < e[3]; ++at) {
          const phonons::Tetrahedron here = phonons::tetrahedron(e, *at);
          for (Eigen::Index curve = 0; curve < n_curves; ++curve) {
            double value = 0;
            for (std::size_t c = 0; c < 4; ++c) value += here.weights[c] * weights[curve](rows[c], mode);
            sum(at - begin, curve) += share * here.density * value;
          }
        }
      }
    }
  });
  return std::accumulate(branches.begin(), branches.end(), Eigen::MatrixXd::Zero(energies.size(), n_curves).eval());
}

Eigen::MatrixXd alpha2f_weights(const CoupledModes& modes, const Eigen::MatrixXd& lambda) {
  return 0.5 * lambda.cwiseProduct(modes.energies);
}

}  // namespace zeropoint::superconductivity
