#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "mlp/four_body.hpp"
#include "mlp/model.hpp"

namespace zeropoint::mlp {

/// The atoms of one species through a network and back, by formulas instead of autograd (which is left for attention
/// alone), in fewer operations. Tested against NodeNetwork and autograd.
class NodePass {
 public:
  /// `moments` of n atoms, scaled; dE/d moments are written into `gradients` of the same shapes (contiguous), in eV.
  NodePass(const ActiveNetwork& network, int species, const Moments& moments, const Moments& gradients);

  /// [n] eV, without the reference energy.
  const at::Tensor& energies() const { return energies_; }

  /// d/d parameters, in the order of NodeNetwork::parameters() and not defined for those of other species, of
  ///   sum_i weights_i E_i + sum_i (derivative of E_i along tangents_i)
  /// with `weights` [n] and `tangents` in the shape of the moments: the gradient of a loss of energies and forces when
  /// these are dloss/dE_i and dloss/d(dE_i/d moments).
  std::vector<at::Tensor> parameter_gradients(const at::Tensor& weights, const Moments& tangents) const;

 private:
  const at::Tensor& parameter(NodeNetwork::Place which) const {
    return network_.parameters[NodeNetwork::place(species_, which)];
  }
  at::Tensor spectrum_part(const at::Tensor& invariants) const;
  at::Tensor four_body_part(const at::Tensor& invariants) const;
  at::Tensor without_scalars(const at::Tensor& spectrum) const;
  at::Tensor invariants_tangent(const at::Tensor& radial_dot, const at::Tensor& channels_dot) const;
  at::Tensor attended(const at::Tensor& mixed);

  const ActiveNetwork& network_;
  int species_;
  at::Tensor radial_, angular_, channels_;  // moments and B behind the attention
  std::optional<FourBodyPass> four_body_;
  at::Tensor x_, h1_, t2_;                 // x, h1 and h2 - h1
  at::Tensor slope1_, slope2_;             // 1 - tanh^2 of both layers
  at::Tensor w_, v_;                       // of the last layer, in eV
  at::Tensor at_h1_, at_1_, at_2_, at_q_;  // dE/d: h1, arguments of both tanh, invariants
  at::Tensor at_mixed_;                    // dE/dB before the attention
  // Attention, followed by autograd: B before it, its parameters, B behind it, dE/dB behind it, and at_mixed_ as made
  // of all these.
  struct Watched {
    std::vector<at::Tensor> inputs;  // the first is B
    at::Tensor channels, at_channels, at_mixed;
  } watched_;
  at::Tensor energies_;
};

}  // namespace zeropoint::mlp
