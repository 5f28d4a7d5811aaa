#pragma once

#include <cstdint>
#include <vector>

#include "mlp/model.hpp"
#include "mlp/training_data.hpp"

namespace zeropoint::mlp {

/// An untrained model for `data`: scalings of the moments, reference energies and the rms force from structures `of`,
/// weights from the seeds, shifts and scales of the invariants with these weights. Moments are looked at in at most 200
/// structures, evenly spread.
Model start_model(const TrainingData& data, const std::vector<std::size_t>& of, const DescriptorOptions& descriptor,
                  const NetworkOptions& network, const std::vector<std::int64_t>& seeds);

/// Root of the mean square of a force component, eV/angstrom.
double rms_force(const TrainingData& data, const std::vector<std::size_t>& of);

}  // namespace zeropoint::mlp
