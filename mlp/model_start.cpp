#include "mlp/model_start.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>

#include "core/error.hpp"
#include "core/parallel.hpp"

namespace zeropoint::mlp {
namespace {

// A function that hardly varies is not blown up: at most this many times more than the one that varies most.
constexpr double largest_gain = 1e3;

std::vector<std::size_t> sample(const std::vector<std::size_t>& of, std::size_t most) {
  if (of.size() <= most) return of;
  std::vector<std::size_t> chosen;
  for (std::size_t k = 0; k < most; ++k) chosen.push_back(of[k * of.size() / most]);
  return chosen;
}

/// 1/size, for sizes that are not tiny against the largest along the last axis; 1 where all are zero.
at::Tensor inverse_size(const at::Tensor& size) {
  const at::Tensor largest = size.amax({-1}, true);
  const at::Tensor floored = at::maximum(size, largest / largest_gain);
  return at::where(floored > 0, 1 / floored, at::ones_like(floored));
}

/// The structures in pieces, as batches.
template <class Body>
void for_batches(const TrainingData& data, const std::vector<std::size_t>& of, const DescriptorOptions& descriptor,
                 const Body& body) {
  constexpr std::size_t at_once = 8;
  for (std::size_t begin = 0; begin < of.size(); begin += at_once) {
    std::vector<std::shared_ptr<const Geometry>> kept;
    std::vector<const Geometry*> geometries;
    for (std::size_t k = begin; k < std::min(begin + at_once, of.size()); ++k) {
      kept.push_back(data.geometry(of[k]));
      geometries.push_back(kept.back().get());
    }
    body(std::make_shared<const AtomBatch>(geometries, static_cast<int>(data.species().size()),
                                           descriptor.angular_cutoff));
  }
}

MomentScaling scaling_of(const TrainingData& data, const std::vector<std::size_t>& of,
                         const DescriptorOptions& descriptor) {
  const std::int64_t n = static_cast<std::int64_t>(data.species().size());
  const MomentScaling unit = unit_scaling(descriptor, static_cast<int>(n), at::kDouble);
  at::Tensor sum = at::zeros_like(unit.radial_shift), squares = at::zeros_like(sum),
             angular_squares = at::zeros_like(unit.angular_scale);
  at::Tensor counts = at::zeros({n, 1, 1}, at::kDouble);
  for_batches(data, of, descriptor, [&](const std::shared_ptr<const AtomBatch>& batch) {
    const Moments moments = MomentMap(batch, descriptor, unit, at::kDouble).moments();
    for (std::int64_t z = 0; z < n; ++z) {
      const std::int64_t begin = batch->species_begin[z];
      const std::int64_t count = batch->species_begin[static_cast<std::size_t>(z) + 1] - begin;
      const at::Tensor radial = moments.radial.narrow(0, begin, count);
      sum[z] += radial.sum(0);
      squares[z] += radial.square().sum(0);
      angular_squares[z] += moments.angular.narrow(0, begin, count).square().sum(0);
      counts[z] += count;
    }
  });
  counts.clamp_min_(1);
  const at::Tensor mean = sum / counts, variance = (squares / counts - mean.square()).clamp_min(0);
  // Where an atom has the same neighbours always, the mean square stands in for a variance of rounding errors.
  const at::Tensor radial_size = at::maximum(variance.sqrt(), 1e-3 * (squares / counts).sqrt());
  at::Tensor angular_scale = at::ones_like(angular_squares);
  for (std::int64_t l = 0; l <= descriptor.angular_order; ++l) {
    const at::Tensor of_degree =
        (angular_squares.narrow(1, l * l, 2 * l + 1).mean(at::IntArrayRef{1}, true) / counts.unsqueeze(3)).sqrt();
    angular_scale.narrow(1, l * l, 2 * l + 1)
        .copy_(inverse_size(of_degree).expand({n, 2 * l + 1, n, descriptor.stride()}));
  }
  return {mean, inverse_size(radial_size), angular_scale};
}

/// mu and 1/sigma of the invariants of an untrained member.
void normalise(Member& member, const Model& model, const TrainingData& data, const std::vector<std::size_t>& of) {
  const NodeNetwork network = model.node_network();
  std::vector<std::vector<at::Tensor>> invariants(model.species.size());
  for_batches(data, of, model.descriptor, [&](const std::shared_ptr<const AtomBatch>& batch) {
    const Moments moments = MomentMap(batch, model.descriptor, model.scaling, at::kDouble).moments();
    for (int z = 0; z < model.n_species(); ++z) {
      const std::int64_t begin = batch->species_begin[z];
      const std::int64_t count = batch->species_begin[static_cast<std::size_t>(z) + 1] - begin;
      if (count == 0) continue;
      invariants[z].push_back(network.invariants(
          member.parameters, z, {moments.radial.narrow(0, begin, count), moments.angular.narrow(0, begin, count)}));
    }
  });
  for (const auto& of_species : invariants) {
    if (of_species.empty()) {
      member.shift.push_back(at::zeros({network.n_invariants()}, at::kDouble));
      member.scale.push_back(at::ones({network.n_invariants()}, at::kDouble));
      continue;
    }
    const at::Tensor all = at::cat(of_species), mean = all.mean(0);
    const at::Tensor spread = at::maximum((all - mean).square().mean(0).sqrt(), 1e-3 * all.square().mean(0).sqrt());
    member.shift.push_back(mean);
    member.scale.push_back(inverse_size(spread));
  }
}

}  // namespace

double rms_force(const TrainingData& data, const std::vector<std::size_t>& of) {
  double sum = 0, count = 0;
  for (const std::size_t i : of) {
    sum += data.structure(i).forces.squaredNorm();
    count += static_cast<double>(data.structure(i).forces.size());
  }
  return std::sqrt(sum / std::max(count, 1.0));
}

Model start_model(const TrainingData& data, const std::vector<std::size_t>& of, const DescriptorOptions& descriptor,
                  const NetworkOptions& network, const std::vector<std::int64_t>& seeds) {
  constexpr std::size_t most_structures = 200;
  if (of.empty()) throw InputError{"there is no structure to train on"};
  const std::vector<std::size_t> chosen = sample(of, most_structures);
  Model model;
  model.species = data.species();
  model.descriptor = descriptor;
  model.network = network;
  model.reference_energies = reference_energies(data, of);
  model.energy_scale = std::max(rms_force(data, of), 1e-3);  // times 1 angstrom
  const NodeNetwork nodes = model.node_network();            // checks the sizes
  model.scaling = scaling_of(data, chosen, descriptor);
  for (const std::int64_t seed : seeds) {
    Member member{.seed = static_cast<std::uint64_t>(seed),
                  .parameters = nodes.random_parameters(static_cast<std::uint64_t>(seed)),
                  .shift = {},
                  .scale = {}};
    normalise(member, model, data, chosen);
    model.members.push_back(std::move(member));
  }
  return model;
}

}  // namespace zeropoint::mlp
