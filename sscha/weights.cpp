#include "sscha/weights.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>

#include "core/contract.hpp"
#include "core/error.hpp"
#include "sscha/device_loop.hpp"

namespace zeropoint::sscha {

using Slab = phonons::RealBlochBasis::Slab;

at::Tensor centroid_shift(const Population& population, const TrialDensity& density) {
  const Crystal& from = population.generating().matrices().crystal;
  const Vectors shift = (density.matrices().crystal.positions - from.positions) *
                        std::sqrt(static_cast<double>(density.matrices().grid.size()));
  at::Tensor result = at::empty({static_cast<std::int64_t>(shift.size())}, at::kDouble);
  std::copy(shift.data(), shift.data() + shift.size(), result.data_ptr<double>());
  return result.to(population.device());
}

DensityValues values_under(const Population& population, const TrialDensity& density) {
  const std::vector<Slab>& slabs = population.basis().slabs();
  const std::vector<TrialDensity::Frame> frames = density.frames(population.basis(), population.device());
  const at::Tensor shift = centroid_shift(population, density);
  const bool moved = shift.abs().max().item<double>() > 0;
  const std::int64_t n_slabs = static_cast<std::int64_t>(slabs.size());

  std::vector<at::Tensor> parts(static_cast<std::size_t>(population.n_chunks() * n_slabs));  // [2, c] each
  for_each_item(population.device(), static_cast<std::int64_t>(parts.size()), [&](std::int64_t item) {
    const int chunk = static_cast<int>(item / n_slabs);
    const std::size_t at = static_cast<std::size_t>(item % n_slabs);
    at::Tensor u = population.displacements(chunk, slabs[at]);
    if (moved && slabs[at].first_block == 0) {
      u = u.clone();
      u.select(0, 0).sub_(shift.unsqueeze(1));
    }
    at::Tensor y = at::bmm(frames[at].to_modes, u);
    y.mul_(y);
    parts[item] = at::bmm(frames[at].forms, y).sum(0);
  });

  std::vector<at::Tensor> chunks;
  for (int chunk = 0; chunk < population.n_chunks(); ++chunk) {
    at::Tensor sum = parts[chunk * n_slabs];
    for (std::int64_t i = 1; i < n_slabs; ++i) sum = sum + parts[chunk * n_slabs + i];
    chunks.push_back(sum);
  }
  const at::Tensor all = at::cat(chunks, 1);
  return {all.select(0, 0).mul(-0.5).add(density.log_normalisation()), all.select(0, 1).contiguous()};
}

Weights reweight(const Population& population, const TrialDensity& target) {
  if (target.n_acoustic() != population.generating().n_acoustic() ||
      target.matrices().n_modes() != population.generating().matrices().n_modes()) {
    throw InputError{
        "cannot reweight from {} modes ({} acoustic) to {} ({} acoustic): the two crystals differ. Give matrices "
        "of the same crystal and grid",
        population.generating().matrices().n_modes(), population.generating().n_acoustic(), target.matrices().n_modes(),
        target.n_acoustic()};
  }
  DensityValues values = values_under(population, target);
  // Thousands of modes: each ratio a0/a is near 1, their product is not. Stay in the logarithm until the end.
  at::Tensor log_weights = values.log_density - population.log_density();
  const double largest = log_weights.max().item<double>();
  Weights weights;
  if (std::abs(largest) > 300) weights.log_scale = largest;
  weights.values = log_weights.sub_(weights.log_scale).exp_();
  if (population.mask().defined()) weights.values.mul_(population.mask());
  weights.auxiliary_energies = values.auxiliary_energies;
  weights.sum = weights.values.sum().item<double>();
  weights.effective_size = weights.sum * weights.sum / weights.values.square().sum().item<double>();
  return weights;
}

Averages averages(const Weights& weights, const at::Tensor& samples, const Pairing& pairing, Samples independent) {
  expect(samples.size(0) == weights.values.size(0), "a row of samples for each weight");
  const at::Tensor columns = samples.dim() == 1 ? samples.unsqueeze(1) : samples;
  const at::Tensor w = weights.values.unsqueeze(1);
  const at::Tensor mean = (w * columns).sum(0) / weights.sum;
  const at::Tensor deviations = w * (columns - mean);
  at::Tensor sums = deviations;  // of each independent sample
  if (independent == Samples::pairs && pairing.n_pairs > 0) {
    const std::int64_t paired = 2 * pairing.n_pairs;
    sums = at::cat({deviations.slice(0, 0, paired).view({pairing.n_pairs, 2, columns.size(1)}).sum(1),
                    deviations.slice(0, paired)});
  }
  // One sample has no spread: its error is unknown, not zero.
  const auto correction = [](std::int64_t n) { return static_cast<double>(n) / static_cast<double>(n - 1); };
  at::Tensor squares;
  const auto& parts = independent == Samples::pairs ? pairing.samples_of_part : pairing.configurations_of_part;
  if (parts.empty()) {
    squares = sums.square().sum(0) * correction(sums.size(0));
  } else {
    squares = at::zeros_like(mean);
    for (const at::Tensor& part : parts) {
      const at::Tensor here = sums.index_select(0, part);
      squares += (here - here.mean(0)).square().sum(0) * correction(here.size(0));
    }
  }
  const at::Tensor errors = squares.sqrt() / weights.sum;
  return {mean.view(samples.sizes().slice(1)).cpu(), errors.view(samples.sizes().slice(1)).cpu()};
}

Estimate average(const Weights& weights, const at::Tensor& samples, const Pairing& pairing, Samples independent) {
  const Averages result = averages(weights, samples, pairing, independent);
  return {result.values.item<double>(), result.standard_errors.item<double>()};
}

}  // namespace zeropoint::sscha
