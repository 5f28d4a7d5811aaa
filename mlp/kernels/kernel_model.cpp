#include "mlp/kernels/kernel_model.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/error.hpp"
#include "mlp/four_body.hpp"
#include "mlp/model.hpp"
#include "mlp/spherical_harmonics.hpp"

namespace zeropoint::mlp {
namespace {

/// Numbers of a model in float64 by indices.
class Numbers {
 public:
  explicit Numbers(const at::Tensor& tensor) : tensor_(tensor.contiguous()) {
    for (const std::int64_t stride : tensor_.strides()) strides_.push_back(stride);
  }
  template <class... Index>
  double operator()(Index... index) const {
    const std::int64_t places[] = {static_cast<std::int64_t>(index)...};
    std::int64_t at = 0;
    for (std::size_t i = 0; i < sizeof...(Index); ++i) at += places[i] * strides_[i];
    return tensor_.const_data_ptr<double>()[at];
  }

 private:
  at::Tensor tensor_;
  std::vector<std::int64_t> strides_;
};

template <class Real>
class Folding {
 public:
  Folding(const Model& model, KernelModel<Real>& folded)
      : model_(model), network_(model.node_network()), folded_(folded), sizes_(folded.sizes) {}

  void run() {
    folded_.reference_energies = model_.reference_energies;
    fold_norms();
    for (const Member& member : model_.members) fold_member(member);
    if (sizes_.four_body > 0) fold_couplings();
  }

 private:
  /// Room for numbers, filled in order by `value`.
  const Real* keep(std::size_t n, const std::function<double(std::size_t)>& value) {
    auto& storage = folded_.storage.emplace_back(new Real[n]);
    for (std::size_t i = 0; i < n; ++i) storage[i] = static_cast<Real>(value(i));
    return storage.get();
  }
  const Real* keep(const at::Tensor& tensor) {
    const at::Tensor values = tensor.to(at::kDouble).contiguous();
    const double* from = values.template const_data_ptr<double>();
    return keep(static_cast<std::size_t>(values.numel()), [from](std::size_t i) { return from[i]; });
  }

  /// N_lm times the leading coefficient of d^m P_l/dz^m.
  void fold_norms() {
    folded_.norms = keep(sizes_.n_harmonics(), [&](std::size_t lm) {
      const int l = static_cast<int>(std::sqrt(static_cast<double>(lm) + 0.5));
      const int m = std::abs(static_cast<int>(lm) - l * l - l);
      double leading = 1, ratio = 1;  // (2l)!/(2^l l! (l - m)!), (l - m)!/(l + m)!
      for (int i = 1; i <= l; ++i) leading *= (l + i) / 2.0;
      for (int i = 1; i <= l - m; ++i) leading /= i;
      for (int i = l - m + 1; i <= l + m; ++i) ratio /= i;
      return leading * std::sqrt((m > 0 ? 2.0 : 1.0) * (2 * l + 1) * ratio);
    });
  }

  /// Weights [k] of f_k = (t_k + t_0)/2, f_0 = t_0, as weights of t_k.
  double in_basis(int k, const std::function<double(int)>& weight) const {
    if (k > 0) return weight(k) / 2;
    double sum = weight(0);
    for (int j = 1; j < sizes_.n_functions; ++j) sum += weight(j) / 2;
    return sum;
  }

  const at::Tensor& parameter(const Member& member, int z, NodeNetwork::Place which) const {
    return member.parameters[NodeNetwork::place(z, which)];
  }

  KernelSpecies<Real> fold_species(const Member& member, int z) {
    KernelSpecies<Real> result{};
    fold_radial(member, z, result);
    fold_angular(member, z, result);
    result.shift = keep(member.shift[z]);
    result.scale = keep(member.scale[z]);
    const at::Tensor& weights_1 = parameter(member, z, NodeNetwork::weights_1);
    const at::Tensor& weights_2 = parameter(member, z, NodeNetwork::weights_2);
    result.weights_1 = keep(weights_1);
    result.weights_1_back = keep(weights_1.t());
    result.biases_1 = keep(parameter(member, z, NodeNetwork::biases_1));
    result.weights_2 = keep(weights_2);
    result.weights_2_back = keep(weights_2.t());
    result.biases_2 = keep(parameter(member, z, NodeNetwork::biases_2));
    return result;
  }

  void fold_radial(const Member& member, int z, KernelSpecies<Real>& result) {
    const int n_functions = sizes_.n_functions, n_channels = sizes_.radial_channels;
    const int stride = model_.descriptor.stride();
    const Numbers mixing(parameter(member, z, NodeNetwork::mixing_radial));
    const Numbers shift(model_.scaling.radial_shift), scale(model_.scaling.radial_scale);
    const auto weight = [&](int s, int k, int n) {
      return in_basis(k, [&](int j) { return mixing(s * stride + j, n) * scale(z, s, j); });
    };
    const std::size_t size = sizes_.n_species * n_functions * n_channels;
    result.radial = keep(size, [&](std::size_t i) {
      const int at = static_cast<int>(i);
      return weight(at / n_channels / n_functions, at / n_channels % n_functions, at % n_channels);
    });
    result.radial_back = keep(size, [&](std::size_t i) {
      const int at = static_cast<int>(i);
      return weight(at / n_functions / n_channels, at % n_functions, at / n_functions % n_channels);
    });
    result.radial_bias = keep(n_channels, [&](std::size_t n) {
      double sum = 0;
      for (int s = 0; s < sizes_.n_species; ++s) {
        for (int k = 0; k < n_functions; ++k) sum -= mixing(s * stride + k, n) * scale(z, s, k) * shift(z, s, k);
      }
      return sum;
    });
  }

  void fold_angular(const Member& member, int z, KernelSpecies<Real>& result) {
    const int n_functions = sizes_.n_functions, n_channels = sizes_.channels, n_degrees = sizes_.angular_order + 1;
    const int stride = model_.descriptor.stride();
    const at::Tensor& weights = parameter(member, z, NodeNetwork::mixing_angular);
    const Numbers mixing(weights.dim() == 3 ? weights : weights.unsqueeze(0)), scale(model_.scaling.angular_scale);
    const auto weight = [&](int s, int l, int k, int n) {
      return in_basis(
          k, [&](int j) { return mixing(weights.dim() == 3 ? l : 0, s * stride + j, n) * scale(z, l * l, s, j); });
    };
    const std::size_t size = sizes_.n_species * n_degrees * n_functions * n_channels;
    result.angular = keep(size, [&](std::size_t i) {
      const int at = static_cast<int>(i), row = at / n_channels, block = row / n_functions;
      return weight(block / n_degrees, block % n_degrees, row % n_functions, at % n_channels);
    });
    result.angular_back = keep(size, [&](std::size_t i) {
      const int at = static_cast<int>(i), row = at / n_functions, block = row / n_channels;
      return weight(block / n_degrees, block % n_degrees, at % n_functions, row % n_channels);
    });
  }

  void fold_attention(const Member& member, KernelTrunk<Real>& trunk) {
    std::vector<at::Tensor> query, key, value, shares;
    for (int t = 0; t < sizes_.attention_layers; ++t) {
      const std::size_t at = network_.attention_place(t);
      query.push_back(member.parameters[at]);
      key.push_back(member.parameters[at + 1]);
      value.push_back(member.parameters[at + 2]);
      const Numbers degrees(at::softmax(member.parameters[at + 3], 1));
      at::Tensor of_harmonics = at::empty({sizes_.attention_heads, sizes_.n_harmonics()}, at::kDouble);
      for (int h = 0; h < sizes_.attention_heads; ++h) {
        for (int l = 0; l <= sizes_.angular_order; ++l) {
          of_harmonics[h].narrow(0, l * l, 2 * l + 1).fill_(degrees(h, l) / (2 * l + 1));
        }
      }
      shares.push_back(of_harmonics);
    }
    if (query.empty()) return;
    const at::Tensor queries = at::stack(query), keys = at::stack(key), values = at::stack(value);
    trunk.query = keep(queries);
    trunk.query_back = keep(queries.transpose(-1, -2));
    trunk.key = keep(keys);
    trunk.key_back = keep(keys.transpose(-1, -2));
    trunk.value = keep(values);
    trunk.value_back = keep(values.transpose(-1, -2));
    trunk.shares = keep(at::stack(shares));
  }

  void fold_four_body(const Member& member, KernelTrunk<Real>& trunk) {
    at::Tensor weights = member.parameters[network_.four_body_place()];  // [degrees,] 3, n, P
    const std::int64_t n_degrees = std::min(3, sizes_.angular_order) + 1;
    if (weights.dim() == 3) weights = weights.unsqueeze(0).expand({n_degrees, -1, -1, -1});
    const at::Tensor rows = weights.transpose(1, 2).reshape({n_degrees, sizes_.channels, 3 * sizes_.four_body});
    trunk.four_body = keep(rows);
    trunk.four_body_back = keep(rows.transpose(1, 2));
  }

  void fold_member(const Member& member) {
    KernelTrunk<Real>& trunk = folded_.trunks.emplace_back();
    trunk.heads.emplace_back();
    for (int z = 0; z < sizes_.n_species; ++z) {
      trunk.species.push_back(fold_species(member, z));
      trunk.heads.back().push_back(keep(member.parameters[network_.last_layer(z)] * model_.energy_scale));
    }
    fold_attention(member, trunk);
    if (sizes_.four_body > 0) fold_four_body(member, trunk);
  }

  void fold_couplings() {
    const at::Tensor grid = four_body_harmonics(sizes_.angular_order);
    const std::int64_t n = grid.size(1) - 1;
    const Numbers y(grid);
    for (int i = 0; i < n; ++i) {
      for (int j = 0; j < n; ++j) {
        for (int k = j; k < n; ++k) {
          double mean = 0;
          for (std::int64_t g = 0; g < grid.size(0); ++g) mean += y(g, n) * y(g, i) * y(g, j) * y(g, k);
          if (std::abs(mean) > 1e-12) folded_.couplings.push_back({i, j, k, static_cast<Real>(mean)});
        }
      }
    }
  }

  const Model& model_;
  NodeNetwork network_;
  KernelModel<Real>& folded_;
  const KernelSizes& sizes_;
};

}  // namespace

template <class Real>
KernelModel<Real> fold(const Model& model) {
  if (model.members.empty()) throw InputError{"a model without a network: it was not trained"};
  const DescriptorOptions& descriptor = model.descriptor;
  const NetworkOptions& network = model.network;
  KernelModel<Real> folded{};
  folded.sizes = {.n_species = model.n_species(),
                  .n_functions = descriptor.n_functions(),
                  .angular_order = descriptor.angular_order,
                  .radial_channels = network.radial_channels,
                  .channels = network.channels,
                  .n_invariants = model.node_network().n_invariants(),
                  .hidden = network.hidden,
                  .four_body = network.four_body,
                  .attention_layers = network.attention_layers,
                  .attention_heads = network.attention_heads,
                  .full_spectrum = network.full_spectrum,
                  .cutoff_function = descriptor.cutoff_function,
                  .radial_cutoff = descriptor.radial_cutoff,
                  .angular_cutoff = descriptor.angular_cutoff};
  Folding<Real>(model, folded).run();
  return folded;
}

template KernelModel<float> fold<float>(const Model&);
template KernelModel<double> fold<double>(const Model&);

}  // namespace zeropoint::mlp
