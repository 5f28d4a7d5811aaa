#include "mlp/node_network.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/tanh.h>
#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <numeric>
#include <random>

#include "core/error.hpp"
#include "mlp/channel_mixing.hpp"
#include "mlp/four_body.hpp"
#include "mlp/moment_attention.hpp"
#include "mlp/power_spectrum.hpp"

namespace zeropoint::mlp {

void check(const NetworkOptions& options) {
  if (options.radial_channels < 1 || options.channels < 1 || options.hidden < 1) {
    throw InputError{"{} radial channels, {} channels, {} hidden: at least one of each is needed",
                     options.radial_channels, options.channels, options.hidden};
  }
  if (options.attention_layers < 0 || options.attention_layers > 8 || options.attention_heads < 1 ||
      options.four_body < 0) {
    throw InputError{"{} attention layers, {} heads, {} four-body terms: 0 to 8, at least 1, at least 0 are possible",
                     options.attention_layers, options.attention_heads, options.four_body};
  }
}

NodeNetwork::NodeNetwork(const DescriptorOptions& descriptor, const NetworkOptions& options, int n_species)
    : descriptor_(descriptor), options_(options), n_species_(n_species) {
  mlp::check(descriptor);
  mlp::check(options);
  const std::int64_t n = options.channels, hidden = options.hidden, n_degrees = descriptor.angular_order + 1;
  const std::int64_t per_degree = options.full_spectrum ? n * (n + 1) / 2 : n;
  n_invariants_ = static_cast<int>(
      options.radial_channels + (options.full_spectrum ? n_degrees : n_degrees - 1) * per_degree + options.four_body);
  const std::int64_t n_moments = static_cast<std::int64_t>(n_species) * descriptor.stride();
  const auto of_fan = [](double fan) { return 1 / std::sqrt(fan); };
  const double in_moments = static_cast<double>(n_species * descriptor.n_functions());
  for (int z = 0; z < n_species; ++z) {
    const auto add = [&](const char* name, std::vector<std::int64_t> shape, double spread, bool of_moments = false) {
      parameters_.push_back({fmt::format("species_{}/{}", z, name), std::move(shape), spread, of_moments});
    };
    add("mixing_radial", {n_moments, options.radial_channels}, of_fan(in_moments), true);
    add("mixing_angular",
        options.mixing_by_degree ? std::vector<std::int64_t>{n_degrees, n_moments, n}
                                 : std::vector<std::int64_t>{n_moments, n},
        of_fan(in_moments), true);
    add("weights_1", {n_invariants_, hidden}, of_fan(n_invariants_));
    add("biases_1", {hidden}, 0.1);
    add("weights_2", {hidden, hidden}, of_fan(static_cast<double>(hidden)));
    add("biases_2", {hidden}, 0.1);
    add("last_layer", {n_features()}, 0.1 * of_fan(static_cast<double>(hidden)));
  }
  for (int t = 0; t < options.attention_layers; ++t) {
    const std::int64_t heads = options.attention_heads;
    const double spread = of_fan(static_cast<double>(n));
    parameters_.push_back({fmt::format("attention_{}/query", t), {heads, n, n}, spread});
    parameters_.push_back({fmt::format("attention_{}/key", t), {heads, n, n}, spread});
    parameters_.push_back({fmt::format("attention_{}/value", t), {heads, n, n}, 0.15 * spread});
    parameters_.push_back({fmt::format("attention_{}/degrees", t), {heads, n_degrees}, 0});
  }
  if (options.four_body > 0) {
    std::vector<std::int64_t> shape{3, n, options.four_body};
    if (options.mixing_by_degree) shape.insert(shape.begin(), std::min<std::int64_t>(3, descriptor.angular_order) + 1);
    parameters_.push_back({"four_body", shape, of_fan(static_cast<double>(n))});
    grid_harmonics_ = four_body_harmonics(descriptor.angular_order);
  }
}

std::int64_t NodeNetwork::n_parameters() const {
  return std::accumulate(
      parameters_.begin(), parameters_.end(), std::int64_t{0}, [&](std::int64_t sum, const Parameter& parameter) {
        std::int64_t n = 1;
        for (const std::int64_t length : parameter.shape) n *= length;
        return sum + (parameter.of_moments ? n / descriptor_.stride() * descriptor_.n_functions() : n);
      });
}

std::vector<std::int64_t> NodeNetwork::offsets() const {
  std::vector<std::int64_t> all{0};
  for (const Parameter& parameter : parameters_) {
    all.push_back(std::accumulate(parameter.shape.begin(), parameter.shape.end(), std::int64_t{1}, std::multiplies()) +
                  all.back());
  }
  return all;
}

std::vector<at::Tensor> NodeNetwork::shaped(const at::Tensor& flat) const {
  const std::vector<std::int64_t> first = offsets();
  std::vector<at::Tensor> pieces;
  for (std::size_t k = 0; k < parameters_.size(); ++k)
    pieces.push_back(flat.narrow(0, first[k], first[k + 1] - first[k]).view(parameters_[k].shape));
  return pieces;
}

std::vector<at::Tensor> NodeNetwork::random_parameters(std::uint64_t seed) const {
  std::mt19937_64 generator{seed * 0x9e3779b97f4a7c15u + 1};
  std::normal_distribution<double> normal;
  std::vector<at::Tensor> values;
  for (const Parameter& parameter : parameters_) {
    at::Tensor value = at::empty(parameter.shape, at::kDouble);
    double* const numbers = value.mutable_data_ptr<double>();
    for (std::int64_t i = 0; i < value.numel(); ++i) numbers[i] = parameter.spread * normal(generator);
    if (parameter.of_moments) {
      value.view({-1, descriptor_.stride(), parameter.shape.back()}).slice(1, descriptor_.n_functions()).zero_();
    }
    values.push_back(value);
  }
  return values;
}

at::Tensor NodeNetwork::attended(const std::vector<at::Tensor>& parameters, at::Tensor channels) const {
  for (int t = 0; t < options_.attention_layers; ++t) {
    const std::size_t at = attention_place(t);
    channels = attend(channels, {parameters[at], parameters[at + 1], parameters[at + 2], parameters[at + 3]});
  }
  return channels;
}

at::Tensor NodeNetwork::invariants(const std::vector<at::Tensor>& parameters, int species,
                                   const Moments& moments) const {
  const std::int64_t n_atoms = moments.radial.size(0);
  const std::int64_t n_degrees = descriptor_.angular_order + 1;
  std::vector<at::Tensor> parts;
  const at::Tensor& radial_mixing = parameters[place(species, mixing_radial)];
  parts.push_back(at::mm(moments.radial.reshape({n_atoms, radial_mixing.size(0)}), radial_mixing));
  const at::Tensor& angular_mixing = parameters[place(species, mixing_angular)];
  const at::Tensor channels = attended(parameters, mix(moments.angular.flatten(2), angular_mixing));
  at::Tensor spectrum = power_spectrum(channels, !options_.full_spectrum).view({n_atoms, n_degrees, -1});
  if (!options_.full_spectrum) spectrum = spectrum.narrow(1, 1, n_degrees - 1);
  parts.push_back(spectrum.reshape({n_atoms, -1}));
  if (options_.four_body > 0) {
    parts.push_back(four_body_terms(channels, parameters[four_body_place()], four_body_grid(channels)));
  }
  return at::cat(parts, 1);
}

at::Tensor NodeNetwork::features(const std::vector<at::Tensor>& parameters, int species, const at::Tensor& invariants,
                                 const at::Tensor& shift, const at::Tensor& scale) const {
  const at::Tensor x = (invariants - shift) * scale;
  const at::Tensor h1 =
      at::tanh(at::addmm(parameters[place(species, biases_1)], x, parameters[place(species, weights_1)]));
  const at::Tensor h2 =
      h1 + at::tanh(at::addmm(parameters[place(species, biases_2)], h1, parameters[place(species, weights_2)]));
  return at::cat({h2, x}, 1);
}

at::Tensor NodeNetwork::energies(const std::vector<at::Tensor>& parameters, int species,
                                 const at::Tensor& features) const {
  return at::matmul(features, parameters[last_layer(species)]);
}

}  // namespace zeropoint::mlp
