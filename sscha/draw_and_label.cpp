#include "sscha/draw_and_label.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <mutex>

#include "sscha/device_loop.hpp"

namespace zeropoint::sscha {
namespace {

constexpr std::int64_t batch = 256;  // configurations a potential gets at once: fixed, so that bits are

}  // namespace

Configurations draw_and_label(const Potential& potential, const TrialDensity& density, const Sampler& sampler,
                              std::int64_t n, at::Device device, const std::function<void(std::int64_t)>& progress,
                              at::Tensor* uncertainty) {
  const Supercell reference = density.matrices().supercell();
  const std::int64_t n_atoms = reference.n_atoms();
  const auto empty = [&](std::vector<std::int64_t> shape) {
    return at::empty(shape, at::TensorOptions(device).dtype(at::kDouble));
  };
  Configurations all{empty({n, n_atoms, 3}), empty({n}), empty({n, n_atoms, 3}), {}};
  std::mutex mutex;
  std::int64_t done = 0;
  const auto label = [&](std::int64_t piece) {
    const std::int64_t begin = piece * batch, end = std::min(n, begin + batch);
    const at::Tensor u = sampler.displacements(begin, end);
    const zeropoint::Evaluation labels = potential.evaluate(reference, u);
    check_finite(labels, "the potential");
    all.displacements.slice(0, begin, end).copy_(u);
    all.energies.slice(0, begin, end).copy_(labels.energies);
    all.forces.slice(0, begin, end).copy_(labels.forces);
    const std::lock_guard lock(mutex);
    if (labels.stresses.defined()) {
      if (!all.stresses.defined()) all.stresses = empty({n, 3, 3});
      all.stresses.slice(0, begin, end).copy_(labels.stresses);
    }
    if (uncertainty && labels.force_uncertainty.defined()) {
      if (!uncertainty->defined()) *uncertainty = empty({n});
      uncertainty->slice(0, begin, end).copy_(labels.force_uncertainty.amax(1));
    }
    done += end - begin;
    if (progress) progress(done);
  };
  for_each_item(device, (n + batch - 1) / batch, label);
  return all;
}

}  // namespace zeropoint::sscha
