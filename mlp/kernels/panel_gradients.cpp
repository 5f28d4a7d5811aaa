#include "mlp/kernels/panel_gradients.hpp"

#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "mlp/kernels/matrix_product.hpp"

namespace zeropoint::mlp {
namespace {

/// Weights of t_k [K, n] become those of f_k = (t_k + t_0)/2, f_0 = t_0, in place.
template <class Real>
void change_basis_back(Real* weights, int n_functions, int n) {
  for (int k = 1; k < n_functions; ++k) {
    for (int i = 0; i < n; ++i) weights[k * n + i] = (weights[k * n + i] + weights[i]) / 2;
  }
}

}  // namespace

template <class Real>
PanelGradients<Real>::PanelGradients(const Model& model, const KernelSizes& sizes, const BlockKernels<Real>& kernels)
    : model_(model),
      sizes_(sizes),
      kernels_(kernels),
      network_(model.node_network()),
      first_(network_.offsets()),
      rows_(sizes),
      gradient_(at::zeros({first_.back()}, sizeof(Real) == 4 ? at::kFloat : at::kDouble)) {}

template <class Real>
void PanelGradients<Real>::add_panels(int z, const Real* panels, int n_columns) {
  panels_ = panels;
  n_columns_ = n_columns;
  add_layers(z);
  add_radial(z);
  add_angular(z);
}

/// Both layers and the last.
template <class Real>
void PanelGradients<Real>::add_layers(int z) {
  const long row = 2L * n_columns_;
  const int hidden = sizes_.hidden, n_invariants = sizes_.n_invariants;
  const auto both = [&](std::int64_t first, int n) {  // values and dots
    return MatrixView<Real>{panels_ + first * row, n, 2 * n_columns_, row};
  };
  const auto to = [&](NodeNetwork::Place which) { return of(NodeNetwork::place(z, which)); };
  multiply(kernels_, both(rows_.x, n_invariants), both(rows_.u1_bar, hidden).transposed(), to(NodeNetwork::weights_1),
           Real(1));
  multiply(kernels_, both(rows_.h1, hidden), both(rows_.u2_bar, hidden).transposed(), to(NodeNetwork::weights_2),
           Real(1));
  multiply(kernels_, both(rows_.h2, hidden + n_invariants), both(rows_.energy_weight, 1).transposed(),
           to(NodeNetwork::last_layer_weights), Real(1), static_cast<Real>(model_.energy_scale));
  const auto add_values = [&](std::int64_t first, Real* bias) {
    for (int i = 0; i < hidden; ++i) {
      const Real* const values = panels_ + (first + i) * row;
      bias[i] += std::accumulate(values, values + n_columns_, Real(0));
    }
  };
  add_values(rows_.u1_bar, to(NodeNetwork::biases_1));
  add_values(rows_.u2_bar, to(NodeNetwork::biases_2));
}

template <class Real>
void PanelGradients<Real>::add_radial(int z) {
  const long row = 2L * n_columns_;
  const int S = sizes_.n_species, K = sizes_.n_functions, n = sizes_.radial_channels;
  const int stride = model_.descriptor.stride();
  products_.resize(static_cast<std::size_t>(S) * K * n);
  multiply(kernels_, {panels_ + rows_.radial * row, S * K, 2 * n_columns_, row},
           MatrixView<Real>{panels_ + rows_.rho_bar * row, n, 2 * n_columns_, row}.transposed(), products_.data());
  std::vector<Real> sums(n);  // over the values, that a shift of the moments multiplies
  for (int i = 0; i < n; ++i) {
    const Real* const values = panels_ + (rows_.rho_bar + i) * row;
    sums[i] = std::accumulate(values, values + n_columns_, Real(0));
  }
  const double* const shift = model_.scaling.radial_shift.const_data_ptr<double>() + z * S * stride;
  const double* const scale = model_.scaling.radial_scale.const_data_ptr<double>() + z * S * stride;
  Real* const to = of(NodeNetwork::place(z, NodeNetwork::mixing_radial));
  for (int s = 0; s < S; ++s) {
    Real* const weights = products_.data() + static_cast<std::size_t>(s) * K * n;
    change_basis_back(weights, K, n);
    for (int k = 0; k < K; ++k) {
      const Real by = static_cast<Real>(scale[s * stride + k]), less = static_cast<Real>(shift[s * stride + k]);
      for (int i = 0; i < n; ++i) to[(s * stride + k) * n + i] += (weights[k * n + i] - less * sums[i]) * by;
    }
  }
}

template <class Real>
void PanelGradients<Real>::add_angular(int z) {
  const long row = 2L * n_columns_;
  const int S = sizes_.n_species, K = sizes_.n_functions, n = sizes_.channels, n_harmonics = sizes_.n_harmonics();
  const int stride = model_.descriptor.stride();
  const std::size_t place = NodeNetwork::place(z, NodeNetwork::mixing_angular);
  const std::int64_t a_degree =
      network_.parameters()[place].shape.size() == 3 ? static_cast<std::int64_t>(S) * stride * n : 0;
  const double* const scales = model_.scaling.angular_scale.const_data_ptr<double>();
  products_.resize(static_cast<std::size_t>(S) * K * n);
  for (int l = 0; l <= sizes_.angular_order; ++l) {
    for (int lm = l * l; lm < (l + 1) * (l + 1); ++lm) {
      multiply(kernels_, {panels_ + (rows_.angular + lm) * row, S * K, 2 * n_columns_, n_harmonics * row},
               MatrixView<Real>{panels_ + (rows_.b_bar + lm) * row, n, 2 * n_columns_, n_harmonics * row}.transposed(),
               products_.data(), Real(lm > l * l));
    }
    const double* const scale = scales + (z * n_harmonics + l * l) * S * stride;
    Real* const to = of(place) + l * a_degree;
    for (int s = 0; s < S; ++s) {
      Real* const weights = products_.data() + static_cast<std::size_t>(s) * K * n;
      change_basis_back(weights, K, n);
      for (int k = 0; k < K; ++k) {
        const Real by = static_cast<Real>(scale[s * stride + k]);
        for (int i = 0; i < n; ++i) to[(s * stride + k) * n + i] += weights[k * n + i] * by;
      }
    }
  }
}

template <class Real>
void PanelGradients<Real>::add_sums(const Real* sums) {
  const int heads = sizes_.attention_heads, layers = sizes_.attention_layers, n = sizes_.channels;
  const int n_degrees = sizes_.angular_order + 1;
  const auto add = [&](Real* to, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) to[i] += *sums++;
  };
  for (int which = 0; which < 3 && layers > 0; ++which) {  // query, key, value
    for (int t = 0; t < layers; ++t)
      add(of(network_.attention_place(t) + which), static_cast<std::int64_t>(heads) * n * n);
  }
  for (int t = 0; t < layers; ++t) {  // shares_l = softmax(lambda)_l/(2 l + 1)
    const std::size_t place = network_.attention_place(t) + 3;
    const double* lambda = model_.members[0].parameters[place].const_data_ptr<double>();
    for (int h = 0; h < heads; ++h, lambda += n_degrees, sums += n_degrees) {
      std::vector<double> weights(n_degrees);
      const double largest = *std::max_element(lambda, lambda + n_degrees);
      std::transform(lambda, lambda + n_degrees, weights.begin(), [&](double x) { return std::exp(x - largest); });
      const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
      double mean = 0;
      for (int l = 0; l < n_degrees; ++l) {
        weights[l] /= sum;
        mean += weights[l] * static_cast<double>(sums[l]) / (2 * l + 1);
      }
      for (int l = 0; l < n_degrees; ++l) {
        of(place)[h * n_degrees + l] +=
            static_cast<Real>(weights[l] * (static_cast<double>(sums[l]) / (2 * l + 1) - mean));
      }
    }
  }
  if (sizes_.four_body == 0) return;
  // [degrees][n][3][P] to [degrees][3][n][P], or to [3][n][P], the sum over degrees.
  const std::size_t place = network_.four_body_place();
  const int P = sizes_.four_body;
  const std::int64_t a_degree = network_.parameters()[place].shape.size() == 4 ? 3L * n * P : 0;
  for (int l = 0; l < std::min(n_degrees, 4); ++l) {
    for (int i = 0; i < n; ++i) {
      for (int factor = 0; factor < 3; ++factor)
        add(of(place) + l * a_degree + (static_cast<long>(factor) * n + i) * P, P);
    }
  }
}

template class PanelGradients<float>;
template class PanelGradients<double>;

}  // namespace zeropoint::mlp
