#pragma once

#include "mlp/prediction.hpp"
#include "tools/program/console.hpp"
#include "tools/program/run_folder.hpp"

namespace zeropoint {

/// Deviations within a committee, structure by structure: with K - 1, and with K as dp model-devi divides. Empty for
/// one network.
class DeviationTable {
 public:
  explicit DeviationTable(int n_members);

  void add(const mlp::Prediction& prediction);
  /// deviations.dat, a line, and two numbers of the summary.
  void conclude(const RunFolder& folder, Console& console, Summary& summary) const;

 private:
  int n_members_;
  double divided_by_k_;
  StepTable table_;
  double n_ = 0, largest_ = 0, sum_ = 0;
};

}  // namespace zeropoint
