#pragma once

#include <chrono>
#include <optional>

#include "mlp/fit.hpp"
#include "tools/program/console.hpp"
#include "tools/program/run_folder.hpp"

namespace zeropoint {

/// What people see of a fit while it runs: bars, a line now and then, and learning_curve.dat in the folder.
class TrainingReport {
 public:
  TrainingReport(const RunFolder& folder, const mlp::FitOptions& options, Console& console);
  TrainingReport(const TrainingReport&) = delete;  // the observer points to it
  TrainingReport& operator=(const TrainingReport&) = delete;

  mlp::FitObserver observer();

 private:
  void step(double progress);
  void epoch(const mlp::EpochReport& report, bool last);
  void trained(const mlp::Trainer& trainer);
  void last_layer(const mlp::LastLayerReport& report);
  void judged(std::size_t done, std::size_t of);

  using Clock = std::chrono::steady_clock;
  const RunFolder& folder_;
  const mlp::FitOptions& options_;
  Console& console_;
  std::optional<Progress> bar_;
  std::int64_t shown_ = 0;  // on the bar
  bool begun_ = false;
  Clock::time_point line_;
};

/// Errors of every part and set, what one network is off by, and whether pressures fit the energies: for people and
/// summary.json. `pulay_pressure`: what was added to the pressures of the labels, eV/angstrom^3.
void conclude(const mlp::Fit& fit, const mlp::FitData& data, double pulay_pressure, Console& console, Summary& summary);

}  // namespace zeropoint
