#include "mlp/kernels/kernel_model.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/softmax.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.hpp"
#include "mlp/four_body.hpp"
#include "mlp/model.hpp"
#include "mlp/spherical_harmonics.hpp"

namespace zeropoint::mlp {
namespace {

const double* numbers_of(const at::Tensor& tensor) {
  if (tensor.scalar_type() != at::kDouble || !tensor.is_contiguous()) {
    throw InternalError{"a model is folded from contiguous float64"};
  }
  return tensor.const_data_ptr<double>();
}

/// Means over directions of Y_i Y_j Y_k, j <= k, of the harmonics that four-body terms use.
const std::vector<KernelCoupling<double>>& kernel_couplings(int angular_order) {
  static const std::array<std::vector<KernelCoupling<double>>, 4> all = [] {
    std::array<std::vector<KernelCoupling<double>>, 4> tables;
    for (int order = 0; order < 4; ++order) {
      const at::Tensor grid = four_body_harmonics(order);
      const std::int64_t n = grid.size(1) - 1;
      for (int i = 0; i < n; ++i) {
        for (int j = 0; j < n; ++j) {
          for (int k = j; k < n; ++k) {
            double mean = 0;
            for (const double* y = numbers_of(grid); y != numbers_of(grid) + grid.numel(); y += n + 1)
              mean += y[n] * y[i] * y[j] * y[k];
            if (std::abs(mean) > 1e-12) tables[order].push_back({i, j, k, mean});
          }
        }
      }
    }
    return tables;
  }();
  return all[std::min(3, angular_order)];
}

template <class Real>
class Folding {
 public:
  Folding(const Model& model, const NodeNetwork& network, KernelModel<Real>& folded)
      : model_(model), network_(network), folded_(folded), sizes_(folded.sizes) {}

  void run() {
    folded_.reference_energies = model_.reference_energies;
    fold_norms();
    for (const Member& member : model_.members) fold_member(member);
    if (sizes_.four_body > 0) fold_couplings();
  }

 private:
  Real* room(std::int64_t n) { return folded_.storage.emplace_back(new Real[n]).get(); }
  const Real* keep(const at::Tensor& tensor) { return keep(numbers_of(tensor), tensor.numel()); }
  const Real* keep(const double* from, std::int64_t n, double factor = 1) {
    Real* const to = room(n);
    for (std::int64_t i = 0; i < n; ++i) to[i] = static_cast<Real>(factor * from[i]);
    return to;
  }
  /// Blocks of `n_rows` x `n_columns` numbers, each transposed.
  const Real* keep_transposed(const Real* from, std::int64_t n_blocks, std::int64_t n_rows, std::int64_t n_columns) {
    Real* const to = room(n_blocks * n_rows * n_columns);
    for (std::int64_t b = 0; b < n_blocks; ++b) {
      const std::int64_t first = b * n_rows * n_columns;
      for (std::int64_t i = 0; i < n_rows; ++i) {
        for (std::int64_t j = 0; j < n_columns; ++j) to[first + j * n_rows + i] = from[first + i * n_columns + j];
      }
    }
    return to;
  }

  /// N_lm times the leading coefficient of d^m P_l/dz^m.
  void fold_norms() {
    Real* const norms = room(sizes_.n_harmonics());
    folded_.norms = norms;
    for (int l = 0; l <= sizes_.angular_order; ++l) {
      for (int m = -l; m <= l; ++m) {
        const int k = std::abs(m);
        double leading = 1, ratio = 1;  // (2l)!/(2^l l! (l - k)!), (l - k)!/(l + k)!
        for (int i = 1; i <= l; ++i) leading *= (l + i) / 2.0;
        for (int i = 1; i <= l - k; ++i) leading /= i;
        for (int i = l - k + 1; i <= l + k; ++i) ratio /= i;
        norms[l * l + l + m] = static_cast<Real>(leading * std::sqrt((k > 0 ? 2.0 : 1.0) * (2 * l + 1) * ratio));
      }
    }
  }

  /// Weights [K][n_channels] of f_k = (t_k + t_0)/2, f_0 = t_0, times `scale` [K], as weights of t_k.
  void change_basis(const double* weights, const double* scale, int n_channels, Real* to) const {
    for (int n = 0; n < n_channels; ++n) {
      double first = weights[n] * scale[0];
      for (int k = 1; k < sizes_.n_functions; ++k) {
        const double half = weights[k * n_channels + n] * scale[k] / 2;
        to[k * n_channels + n] = static_cast<Real>(half);
        first += half;
      }
      to[n] = static_cast<Real>(first);
    }
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
    result.weights_1 = keep(parameter(member, z, NodeNetwork::weights_1));
    result.weights_1_back = keep_transposed(result.weights_1, 1, sizes_.n_invariants, sizes_.hidden);
    result.biases_1 = keep(parameter(member, z, NodeNetwork::biases_1));
    result.weights_2 = keep(parameter(member, z, NodeNetwork::weights_2));
    result.weights_2_back = keep_transposed(result.weights_2, 1, sizes_.hidden, sizes_.hidden);
    result.biases_2 = keep(parameter(member, z, NodeNetwork::biases_2));
    return result;
  }

  void fold_radial(const Member& member, int z, KernelSpecies<Real>& result) {
    const int n_functions = sizes_.n_functions, n_channels = sizes_.radial_channels, n_species = sizes_.n_species;
    const int stride = model_.descriptor.stride();
    const double* const mixing = numbers_of(parameter(member, z, NodeNetwork::mixing_radial));
    const double *const shift = numbers_of(model_.scaling.radial_shift) + z * n_species * stride,
                        *const scale = numbers_of(model_.scaling.radial_scale) + z * n_species * stride;
    Real* const weights = room(n_species * n_functions * n_channels);
    std::vector<double> bias(n_channels, 0);
    for (int s = 0; s < n_species; ++s) {
      change_basis(mixing + s * stride * n_channels, scale + s * stride, n_channels,
                   weights + s * n_functions * n_channels);
      for (int k = s * stride; k < s * stride + n_functions; ++k) {
        for (int n = 0; n < n_channels; ++n) bias[n] -= mixing[k * n_channels + n] * scale[k] * shift[k];
      }
    }
    result.radial = weights;
    result.radial_back = keep_transposed(weights, n_species, n_functions, n_channels);
    result.radial_bias = keep(bias.data(), n_channels);
  }

  void fold_angular(const Member& member, int z, KernelSpecies<Real>& result) {
    const int n_functions = sizes_.n_functions, n_channels = sizes_.channels, n_degrees = sizes_.angular_order + 1;
    const int stride = model_.descriptor.stride(), n_species = sizes_.n_species, n_harmonics = sizes_.n_harmonics();
    const at::Tensor& mixing = parameter(member, z, NodeNetwork::mixing_angular);
    const double* const all = numbers_of(mixing);
    const std::int64_t a_degree = mixing.dim() == 3 ? mixing.size(1) * mixing.size(2) : 0;
    const double* const scale = numbers_of(model_.scaling.angular_scale) + z * n_harmonics * n_species * stride;
    Real* const weights = room(static_cast<std::int64_t>(n_species) * n_degrees * n_functions * n_channels);
    for (int s = 0; s < n_species; ++s) {
      for (int l = 0; l < n_degrees; ++l) {
        change_basis(all + l * a_degree + s * stride * n_channels, scale + (l * l * n_species + s) * stride, n_channels,
                     weights + (s * n_degrees + l) * n_functions * n_channels);
      }
    }
    result.angular = weights;
    result.angular_back =
        keep_transposed(weights, static_cast<std::int64_t>(n_species) * n_degrees, n_functions, n_channels);
  }

  void fold_attention(const Member& member, KernelTrunk<Real>& trunk) {
    const int n_layers = sizes_.attention_layers, n_heads = sizes_.attention_heads, n = sizes_.channels;
    if (n_layers == 0) return;
    const std::int64_t a_layer = static_cast<std::int64_t>(n_heads) * n * n, n_blocks = n_layers * n_heads;
    Real *const query = room(n_layers * a_layer), *const key = room(n_layers * a_layer),
                *const value = room(n_layers * a_layer), *const shares = room(n_blocks * sizes_.n_harmonics());
    for (int t = 0; t < n_layers; ++t) {
      const std::size_t first = network_.attention_place(t);
      Real* const targets[] = {query, key, value};
      for (int which = 0; which < 3; ++which) {
        const double* const from = numbers_of(member.parameters[first + which]);
        for (std::int64_t i = 0; i < a_layer; ++i) targets[which][t * a_layer + i] = static_cast<Real>(from[i]);
      }
      const at::Tensor weights = at::softmax(member.parameters[first + 3], 1);
      for (int h = 0; h < n_heads; ++h) {
        for (int l = 0; l <= sizes_.angular_order; ++l) {
          const double share = numbers_of(weights)[h * (sizes_.angular_order + 1) + l] / (2 * l + 1);
          Real* const to = shares + (t * n_heads + h) * sizes_.n_harmonics();
          for (int lm = l * l; lm < (l + 1) * (l + 1); ++lm) to[lm] = static_cast<Real>(share);
        }
      }
    }
    trunk.query = query;
    trunk.query_back = keep_transposed(query, n_blocks, n, n);
    trunk.key = key;
    trunk.key_back = keep_transposed(key, n_blocks, n, n);
    trunk.value = value;
    trunk.value_back = keep_transposed(value, n_blocks, n, n);
    trunk.shares = shares;
  }

  void fold_four_body(const Member& member, KernelTrunk<Real>& trunk) {
    at::Tensor weights = member.parameters[network_.four_body_place()];  // [degrees,] 3, n, P
    const std::int64_t n_degrees = std::min(3, sizes_.angular_order) + 1;
    if (weights.dim() == 3) weights = weights.unsqueeze(0).expand({n_degrees, -1, -1, -1});
    trunk.four_body = keep(weights.transpose(1, 2).reshape({n_degrees, sizes_.channels, -1}).contiguous());
    trunk.four_body_back = keep_transposed(trunk.four_body, n_degrees, sizes_.channels, 3 * sizes_.four_body);
  }

  void fold_member(const Member& member) {
    KernelTrunk<Real>& trunk = folded_.trunks.emplace_back();
    trunk.heads.emplace_back();
    for (int z = 0; z < sizes_.n_species; ++z) {
      trunk.species.push_back(fold_species(member, z));
      const at::Tensor& last = member.parameters[network_.last_layer(z)];
      trunk.heads.back().push_back(keep(numbers_of(last), last.numel(), model_.energy_scale));
    }
    fold_attention(member, trunk);
    if (sizes_.four_body > 0) fold_four_body(member, trunk);
  }

  void fold_couplings() {
    for (const KernelCoupling<double>& c : kernel_couplings(sizes_.angular_order)) {
      folded_.couplings.push_back({c.i, c.j, c.k, static_cast<Real>(c.value)});
    }
  }

  const Model& model_;
  const NodeNetwork& network_;
  KernelModel<Real>& folded_;
  const KernelSizes& sizes_;
};

}  // namespace

template <class Real>
KernelModel<Real> fold(const Model& model) {
  if (model.members.empty()) throw InputError{"a model without a network: it was not trained"};
  const DescriptorOptions& descriptor = model.descriptor;
  const NetworkOptions& network = model.network;
  const NodeNetwork nodes = model.node_network();
  KernelModel<Real> folded{};
  folded.sizes = {.n_species = model.n_species(),
                  .n_functions = descriptor.n_functions(),
                  .angular_order = descriptor.angular_order,
                  .radial_channels = network.radial_channels,
                  .channels = network.channels,
                  .n_invariants = nodes.n_invariants(),
                  .hidden = network.hidden,
                  .four_body = network.four_body,
                  .attention_layers = network.attention_layers,
                  .attention_heads = network.attention_heads,
                  .full_spectrum = network.full_spectrum,
                  .cutoff_function = descriptor.cutoff_function,
                  .radial_cutoff = descriptor.radial_cutoff,
                  .angular_cutoff = descriptor.angular_cutoff};
  Folding<Real>(model, nodes, folded).run();
  return folded;
}

template KernelModel<float> fold<float>(const Model&);
template KernelModel<double> fold<double>(const Model&);

}  // namespace zeropoint::mlp
