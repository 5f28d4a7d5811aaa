#pragma once

#include <vector>

#include "core/cell_kind.hpp"
#include "core/run_file.hpp"
#include "sscha/minimizer.hpp"
#include "sscha/sampling.hpp"

namespace zeropoint {

/// [conditions], [populations] and [minimize] of the commands that draw populations.
struct LoopSettings {
  std::vector<double> temperatures, pressures;
  CellKind cell = CellKind::fixed;
  std::vector<int> sizes{1000, 2000, 5000, 10000, 40000};
  int maximum = 20, final_size = 40000;
  sscha::SamplingMethod sampling = sscha::SamplingMethod::antithetic;
  sscha::MinimizeOptions minimize;

  bool volume_moves() const { return cell == CellKind::isotropic || cell == CellKind::full; }
};
void declare(Schema& schema, LoopSettings& settings);

}  // namespace zeropoint
