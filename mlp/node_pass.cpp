#include "mlp/node_pass.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/addmv.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/mv.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/tanh.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>

#include "mlp/channel_mixing.hpp"
#include "mlp/power_spectrum.hpp"

namespace zeropoint::mlp {
namespace {

using torch::autograd::grad;
using torch::autograd::variable_list;

/// a^T b + c^T d.
at::Tensor sum_of_products(const at::Tensor& a, const at::Tensor& b, const at::Tensor& c, const at::Tensor& d) {
  return at::addmm(at::mm(a.t(), b), c.t(), d);
}

}  // namespace

// With q = (rho, P(B, B)): the diagonal spectrum has no l = 0.
at::Tensor NodePass::without_scalars(const at::Tensor& spectrum) const {
  const NetworkOptions& options = network_.network->options();
  return options.full_spectrum ? spectrum : spectrum.narrow(1, options.channels, spectrum.size(1) - options.channels);
}

at::Tensor NodePass::spectrum_part(const at::Tensor& invariants) const {
  const NetworkOptions& options = network_.network->options();
  const at::Tensor part =
      invariants.narrow(1, options.radial_channels, invariants.size(1) - options.radial_channels - options.four_body);
  return options.full_spectrum ? part : at::constant_pad_nd(part, {options.channels, 0});
}

at::Tensor NodePass::four_body_part(const at::Tensor& invariants) const {
  const std::int64_t n = network_.network->options().four_body;
  return invariants.narrow(1, invariants.size(1) - n, n);
}

at::Tensor NodePass::invariants_tangent(const at::Tensor& radial_dot, const at::Tensor& channels_dot) const {
  const bool diagonal = !network_.network->options().full_spectrum;
  std::vector<at::Tensor> parts{at::mm(radial_dot, parameter(NodeNetwork::mixing_radial)),
                                without_scalars(spectrum_form(channels_, channels_dot, diagonal)) * 2};
  if (four_body_) parts.push_back(four_body_->tangent(channels_dot));
  return at::cat(parts, 1);
}

at::Tensor NodePass::attended(const at::Tensor& mixed) {
  const NodeNetwork& network = *network_.network;
  if (network.options().attention_layers == 0) return mixed;
  std::vector<at::Tensor> parameters = network_.parameters;
  watched_.inputs = {mixed.detach().requires_grad_()};
  for (std::size_t k = network.attention_place(0); k < network.attention_place(network.options().attention_layers);
       ++k) {
    parameters[k] = parameters[k].detach().requires_grad_();
    watched_.inputs.push_back(parameters[k]);
  }
  watched_.channels = network.attended(parameters, watched_.inputs[0]);
  return watched_.channels.detach().contiguous();
}

NodePass::NodePass(const ActiveNetwork& network, int species, const Moments& moments, const Moments& gradients)
    : network_(network), species_(species) {
  using enum NodeNetwork::Place;
  const NetworkOptions& options = network.network->options();
  const bool diagonal = !options.full_spectrum;
  const at::Tensor &mix_radial = parameter(mixing_radial), &mix_angular = parameter(mixing_angular);
  const at::Tensor &w1 = parameter(weights_1), &w2 = parameter(weights_2),
                   last = parameter(last_layer_weights) * network.energy_scale;
  const at::Tensor &shift = network.shift[at_place(species)], &scale = network.scale[at_place(species)];
  w_ = last.narrow(0, 0, options.hidden);
  v_ = last.narrow(0, options.hidden, last.size(0) - options.hidden);

  radial_ = moments.radial.view({-1, mix_radial.size(0)});
  angular_ = moments.angular.flatten(2);
  channels_ = attended(mix(angular_, mix_angular));
  std::vector<at::Tensor> invariants{at::mm(radial_, mix_radial),
                                     without_scalars(spectrum_form(channels_, channels_, diagonal))};
  if (options.four_body > 0) {
    four_body_.emplace(channels_, network.parameters[network.network->four_body_place()],
                       network.network->four_body_grid(channels_));
    invariants.push_back(four_body_->terms());
  }
  x_ = at::cat(invariants, 1).sub_(shift).mul_(scale);
  h1_ = at::addmm(parameter(biases_1), x_, w1).tanh_();
  t2_ = at::addmm(parameter(biases_2), h1_, w2).tanh_();
  energies_ = at::addmv(at::mv(h1_ + t2_, w_), x_, v_);

  slope1_ = 1 - h1_ * h1_;
  slope2_ = 1 - t2_ * t2_;
  at_2_ = slope2_ * w_;
  at_h1_ = at::addmm(w_, at_2_, w2.t());
  at_1_ = slope1_ * at_h1_;
  at_q_ = at::addmm(v_, at_1_, w1.t()).mul_(scale);
  at_mixed_ = spectrum_gradient(spectrum_part(at_q_), channels_, diagonal).mul_(2);
  if (four_body_) at_mixed_ += four_body_->gradient(four_body_part(at_q_));
  if (watched_.channels.defined()) {
    watched_.at_channels = at_mixed_.detach().requires_grad_();
    watched_.at_mixed = grad(variable_list{watched_.channels}, variable_list{watched_.inputs[0]},
                             {watched_.at_channels}, true, true)[0];
    at_mixed_ = watched_.at_mixed.detach().contiguous();
  }
  at::Tensor at_radial = gradients.radial.view({-1, mix_radial.size(0)});
  at::mm_out(at_radial, at_q_.narrow(1, 0, options.radial_channels), mix_radial.t());
  mix_into(gradients.angular.view(angular_.sizes()), at_mixed_, mix_angular.transpose(-2, -1));
}

// The derivative of E along the tangents goes forward as values with a dot; its adjoints for dotted values are dE/d
// values, which are there, so that only those of the values themselves (with a bar) go backward.
std::vector<at::Tensor> NodePass::parameter_gradients(const at::Tensor& weights, const Moments& tangents) const {
  using enum NodeNetwork::Place;
  const NetworkOptions& options = network_.network->options();
  const at::Tensor &w1 = parameter(weights_1), &w2 = parameter(weights_2), &scale = network_.scale[at_place(species_)];
  const bool diagonal = !options.full_spectrum;
  const std::int64_t n_radial = options.radial_channels;

  const at::Tensor radial_dot = tangents.radial.view(radial_.sizes()),
                   angular_dot = tangents.angular.view(angular_.sizes());
  const at::Tensor& mix_angular = parameter(mixing_angular);
  const at::Tensor mixed_dot = mix(angular_dot, mix_angular);
  // at_mixed is linear in at_channels: its derivative is the transpose of the derivative of B behind the attention by B
  // before it.
  const bool attention = watched_.channels.defined();
  const at::Tensor channels_dot =
      attention ? grad(variable_list{watched_.at_mixed}, variable_list{watched_.at_channels}, {mixed_dot}, true)[0]
                      .contiguous()
                : mixed_dot;
  const at::Tensor x_dot = invariants_tangent(radial_dot, channels_dot).mul_(scale);
  const at::Tensor z1_dot = at::mm(x_dot, w1), h1_dot = slope1_ * z1_dot;
  const at::Tensor z2_dot = at::mm(h1_dot, w2), t2_dot = slope2_ * z2_dot;

  const at::Tensor z2_bar = at_2_ * (weights.unsqueeze(1) - 2 * t2_ * z2_dot);
  const at::Tensor h1_bar = at::outer(weights, w_).addmm_(z2_bar, w2.t());
  const at::Tensor z1_bar = slope1_ * (h1_bar - 2 * h1_ * z1_dot * at_h1_);
  const at::Tensor q_bar = at::outer(weights, v_).addmm_(z1_bar, w1.t()).mul_(scale);
  std::vector<at::Tensor> all(network_.parameters.size());
  at::Tensor mixed_bar = spectrum_gradient(spectrum_part(q_bar), channels_, diagonal)
                             .add_(spectrum_gradient(spectrum_part(at_q_), channels_dot, diagonal))
                             .mul_(2);
  if (four_body_) {
    FourBodyPass::Second second = four_body_->second(four_body_part(q_bar), four_body_part(at_q_), channels_dot);
    mixed_bar += second.channels;
    all[network_.network->four_body_place()] = std::move(second.weights);
  }
  if (attention) {
    const variable_list bars =
        grad(variable_list{watched_.channels, watched_.at_mixed}, watched_.inputs, {mixed_bar, mixed_dot});
    mixed_bar = bars[0].contiguous();
    std::copy(bars.begin() + 1, bars.end(),
              all.begin() + static_cast<std::ptrdiff_t>(network_.network->attention_place(0)));
  }

  at::Tensor* const result = &all[NodeNetwork::place(species_, mixing_radial)];
  result[mixing_radial] =
      sum_of_products(radial_, q_bar.narrow(1, 0, n_radial), radial_dot, at_q_.narrow(1, 0, n_radial));
  result[mixing_angular] =
      mixing_gradient(angular_, mixed_bar, mix_angular).add_(mixing_gradient(angular_dot, at_mixed_, mix_angular));
  result[weights_1] = sum_of_products(x_, z1_bar, x_dot, at_1_);
  result[biases_1] = z1_bar.sum(0);
  result[weights_2] = sum_of_products(h1_, z2_bar, h1_dot, at_2_);
  result[biases_2] = z2_bar.sum(0);
  result[last_layer_weights] =
      at::cat({at::mv((h1_ + t2_).t(), weights) + (h1_dot + t2_dot).sum(0), at::mv(x_.t(), weights) + x_dot.sum(0)}) *
      network_.energy_scale;
  return all;
}

}  // namespace zeropoint::mlp
