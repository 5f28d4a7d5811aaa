#include "mlp/kernels/panel_gradients.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/mv.h>
#include <ATen/ops/softmax.h>

namespace zeropoint::mlp {
namespace {

/// The panels of one species, row by row.
class Panels {
 public:
  Panels(const at::Tensor& numbers) : numbers_(numbers) {}
  /// [n, 2 n_columns]: values and dots.
  at::Tensor both(std::int64_t first, std::int64_t n) const { return numbers_.narrow(0, first, n).flatten(1); }
  /// Sum over centres of the values, [n].
  at::Tensor sum(std::int64_t first, std::int64_t n) const { return numbers_.narrow(0, first, n).select(1, 0).sum(1); }
  /// Rows of one degree l of [n][n_harmonics] rows, [n, (2 l + 1) 2 n_columns].
  at::Tensor degree(std::int64_t first, std::int64_t n, std::int64_t n_harmonics, std::int64_t l) const {
    return numbers_.narrow(0, first, n * n_harmonics)
        .view({n, n_harmonics, -1})
        .narrow(1, l * l, 2 * l + 1)
        .reshape({n, -1});
  }

 private:
  at::Tensor numbers_;
};

/// From weights of t_k to those of f_k = (t_k + t_0)/2, f_0 = t_0: `weights` [S, K, n], in place.
void change_basis_back(at::Tensor& weights) {
  const std::int64_t n_functions = weights.size(1);
  if (n_functions < 2) return;
  at::Tensor others = weights.narrow(1, 1, n_functions - 1);
  others += weights.narrow(1, 0, 1);
  others *= 0.5;
}

/// Of mixing weights [S stride, n]: the places that belong to functions, [S, K, n].
at::Tensor used(const at::Tensor& mixing, const KernelSizes& sizes) {
  return mixing.view({sizes.n_species, -1, mixing.size(-1)}).narrow(1, 0, sizes.n_functions);
}

}  // namespace

void add_panel_gradients(const Model& model, const KernelSizes& sizes, int z, const at::Tensor& panels,
                         std::vector<at::Tensor>& gradients) {
  const PanelRows rows(sizes);
  const Panels all(panels);
  const auto of = [&](NodeNetwork::Place which) -> at::Tensor& { return gradients[NodeNetwork::place(z, which)]; };
  const std::int64_t hidden = sizes.hidden, S = sizes.n_species, K = sizes.n_functions;
  of(NodeNetwork::weights_1) += at::mm(all.both(rows.x, sizes.n_invariants), all.both(rows.u1_bar, hidden).t());
  of(NodeNetwork::weights_2) += at::mm(all.both(rows.h1, hidden), all.both(rows.u2_bar, hidden).t());
  of(NodeNetwork::biases_1) += all.sum(rows.u1_bar, hidden);
  of(NodeNetwork::biases_2) += all.sum(rows.u2_bar, hidden);
  of(NodeNetwork::last_layer_weights) += model.energy_scale * at::mv(all.both(rows.h2, hidden + sizes.n_invariants),
                                                                     all.both(rows.energy_weight, 1).flatten());

  const auto scale_of = [&](const at::Tensor& scale) {  // [S, K, 1]
    return scale.narrow(-1, 0, K).unsqueeze(-1).to(panels.scalar_type());
  };
  at::Tensor radial =
      at::mm(all.both(rows.radial, S * K), all.both(rows.rho_bar, sizes.radial_channels).t()).view({S, K, -1});
  change_basis_back(radial);
  const at::Tensor shift = scale_of(model.scaling.radial_shift[z]);
  used(of(NodeNetwork::mixing_radial), sizes) +=
      (radial - shift * all.sum(rows.rho_bar, sizes.radial_channels)) * scale_of(model.scaling.radial_scale[z]);

  at::Tensor& mixing = of(NodeNetwork::mixing_angular);
  for (int l = 0; l <= sizes.angular_order; ++l) {
    at::Tensor angular = at::mm(all.degree(rows.angular, S * K, sizes.n_harmonics(), l),
                                all.degree(rows.b_bar, sizes.channels, sizes.n_harmonics(), l).t())
                             .view({S, K, -1});
    change_basis_back(angular);
    used(mixing.dim() == 3 ? mixing[l] : mixing, sizes) += angular * scale_of(model.scaling.angular_scale[z][l * l]);
  }
}

void add_sum_gradients(const Model& model, const KernelSizes& sizes, const at::Tensor& sums,
                       std::vector<at::Tensor>& gradients) {
  const NodeNetwork network = model.node_network();
  const std::int64_t heads = sizes.attention_heads, layers = sizes.attention_layers, n = sizes.channels;
  const std::int64_t n_degrees = sizes.angular_order + 1;
  std::int64_t next = 0;
  const auto take = [&](at::IntArrayRef shape) {
    std::int64_t count = 1;
    for (const std::int64_t length : shape) count *= length;
    next += count;
    return sums.narrow(0, next - count, count).view(shape);
  };
  if (layers > 0) {
    for (int which = 0; which < 3; ++which) {
      const at::Tensor all = take({layers, heads, n, n});
      for (int t = 0; t < layers; ++t) gradients[network.attention_place(t) + which] += all[t];
    }
    const at::Tensor shares = take({layers, heads, n_degrees});
    for (int t = 0; t < layers; ++t) {
      // shares_l = softmax(lambda)_l/(2l + 1).
      const std::size_t place = network.attention_place(t) + 3;
      const at::Tensor weights = at::softmax(model.members[0].parameters[place], 1).to(sums.scalar_type());
      at::Tensor by_weights = shares[t].clone();
      for (std::int64_t l = 0; l < n_degrees; ++l) by_weights.select(1, l) /= static_cast<double>(2 * l + 1);
      gradients[place] += weights * (by_weights - (weights * by_weights).sum(1, true));
    }
  }
  if (sizes.four_body > 0) {
    const std::int64_t degrees = std::min<std::int64_t>(n_degrees, 4);
    const at::Tensor all = take({degrees, n, 3, sizes.four_body}).transpose(1, 2);
    at::Tensor& weights = gradients[network.four_body_place()];
    weights += weights.dim() == 4 ? all : all.sum(0);
  }
}

}  // namespace zeropoint::mlp
