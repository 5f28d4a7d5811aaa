#include "mlp/four_body.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/matmul.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "mlp/spherical_harmonics.hpp"

namespace zeropoint::mlp {
namespace {

// Gauss-Legendre on [-1, 1], 5 points: exact for polynomials of degree 9 in z; the weights add up to 2.
constexpr std::array nodes{-0.90617984593866399280, -0.53846931010568309104, 0.0, 0.53846931010568309104, 0.90617984593866399280};
constexpr std::array node_weights{0.23692688505618908751, 0.47862867049936646804, 0.56888888888888888889, 0.47862867049936646804,
                                  0.23692688505618908751};
constexpr int n_azimuths = 10;

}  // namespace

at::Tensor four_body_harmonics(int angular_order) {
  const int order = std::min(3, angular_order), n = (order + 1) * (order + 1);
  const SphericalHarmonics<double> harmonics(order);
  const std::int64_t n_points = static_cast<std::int64_t>(nodes.size()) * n_azimuths;
  at::Tensor table = at::empty({n_points, n + 1}, at::kDouble);
  double* row = table.mutable_data_ptr<double>();
  std::array<double, 3 * 16> gradients;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (int k = 0; k < n_azimuths; ++k, row += n + 1) {
      const double phi = 2 * std::numbers::pi * k / n_azimuths, across = std::sqrt(1 - nodes[i] * nodes[i]);
      harmonics(across * std::cos(phi), across * std::sin(phi), nodes[i], row, gradients.data());
      row[n] = node_weights[i] / 2 / n_azimuths;
    }
  }
  return table;
}

at::Tensor four_body_terms(const at::Tensor& channels, const at::Tensor& weights, const at::Tensor& harmonics) {
  const std::int64_t n = harmonics.size(1) - 1;
  const at::Tensor on_grid = at::matmul(harmonics.narrow(1, 0, n), channels.narrow(1, 0, n));  // [n_atoms, 50, n_channels]
  const at::Tensor product = at::matmul(on_grid, weights[0]) * at::matmul(on_grid, weights[1]) * at::matmul(on_grid, weights[2]);
  return at::matmul(harmonics.select(1, n), product);
}

}  // namespace zeropoint::mlp
