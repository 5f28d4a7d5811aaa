#pragma once

#include <string>
#include <vector>

#include "core/run_file.hpp"
#include "mlp/fit.hpp"
#include "tools/program/command.hpp"

namespace zeropoint {

/// [model], [loss] and [train] of the commands that train a potential.
struct TrainingSettings {
  std::vector<int> hidden{48, 48}, seeds{1};
  std::string stop = "30 min";
  mlp::FitOptions fit;
};
void declare(Schema& schema, TrainingSettings& settings);

/// What was read, with the device and the seed of the run. Ask before any tensor was made.
mlp::FitOptions fit_options(const TrainingSettings& settings, const Run& context);

}  // namespace zeropoint
