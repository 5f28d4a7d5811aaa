#include "tools/commands/hessian_result.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tools/commands/input_settings.hpp"
#include "tools/program/console.hpp"

namespace zeropoint {
namespace {

using nlohmann::json;

double signed_root(double square) { return std::copysign(std::sqrt(std::abs(square)), square); }

/// Standard error of omega from that of omega^2.
double root_error(double square, double error) { return square == 0 ? 0.0 : error / (2 * std::sqrt(std::abs(square))); }

json frequencies_json(const phonons::QGrid& grid, const sscha::HessianSquares& all) {
  const Eigen::MatrixXd& squares = all.hessian;
  json list = json::array();
  for (Eigen::Index iq = 0; iq < squares.rows(); ++iq) {
    const Eigen::Vector3d& q = grid.points()[iq];
    json entry{{"q", std::vector<double>(q.begin(), q.end())}};
    std::vector<double> values, spread;
    for (Eigen::Index mode = 0; mode < squares.cols(); ++mode) {
      values.push_back(signed_root(squares(iq, mode)));
      if (all.has_errors()) spread.push_back(root_error(squares(iq, mode), all.error(iq, mode)));
    }
    entry["value"] = values;
    if (all.has_errors()) entry["standard_error"] = spread;
    list.push_back(entry);
  }
  return list;
}

}  // namespace

double square_inverse_cm(double square, const UnitSet& units) {
  const double scale = units.inverse_cm(1);
  return square * scale * scale;
}

std::string explain(const HessianResult& result) {
  const sscha::Hessian& hessian = result.hessian;
  const UnitSet& units = hessian.density.units();
  const Eigen::Vector3d& q = hessian.matrices.grid.points()[result.lowest.iq];
  const std::string mode = fmt::format("omega^2 = {} at q = {}",
                                       format_estimate(square_inverse_cm(result.lowest.square, units),
                                                       square_inverse_cm(result.lowest.square_error, units), "cm^-2"),
                                       q_text(q));
  switch (result.verdict) {
    case sscha::HessianVerdict::stable:
      return fmt::format("stable: the lowest mode has {}; unstable with probability {:.2g}", mode,
                         result.lowest.probability_unstable);
    case sscha::HessianVerdict::unstable:
      return fmt::format(
          "the free energy is unstable: the lowest mode has {}, unstable with probability {:.2g}. "
          "unstable_mode.extxyz is displaced along it: relax from there",
          mode, result.lowest.probability_unstable);
    case sscha::HessianVerdict::no_minimum:
      return fmt::format(
          "auxiliary matrices not at a minimum: the smallest eigenvalue of A is {:.4f} (it must be positive; "
          "|gradient| is {:.1f} times its error). Minimise first, or take more configurations; order = 3 does not need "
          "it",
          hessian.smallest_eigenvalue(), result.gradient.norm / result.gradient.error);
    case sscha::HessianVerdict::not_solved:
      return fmt::format(
          "the linear system is not solved: residual {:.1e} (hessian.tolerance asks for less). Set hessian.method = "
          "\"explicit\"",
          hessian.largest_residual());
  }
  return "";
}

Summary summary_of(const HessianResult& result) {
  const sscha::Hessian& hessian = result.hessian;
  const UnitSet& units = hessian.density.units();
  const sscha::HessianSquares squares = squares_of(hessian);
  const bool errors = squares.has_errors();
  Summary summary;
  const char* names[] = {"stable", "unstable", "auxiliary matrices not at a minimum", "not solved"};
  summary.add("verdict", json(names[static_cast<int>(result.verdict)]));
  summary.add("order", json(result.options.order));
  summary.add("hermite_terms", json(result.options.hermite_terms));
  if (errors) {
    summary.add(
        "lowest_squared_frequency",
        Estimate{square_inverse_cm(result.lowest.square, units), square_inverse_cm(result.lowest.square_error, units)},
        "cm^-2");
  } else {
    summary.add("lowest_squared_frequency", square_inverse_cm(result.lowest.square, units), "cm^-2");
  }
  const Eigen::Vector3d& q = hessian.matrices.grid.points()[result.lowest.iq];
  summary.add("lowest_q", json(std::vector<double>(q.begin(), q.end())), "crystal coordinates");
  if (errors) summary.add("probability_unstable", result.lowest.probability_unstable);
  if (result.options.order == 4) {
    summary.add("smallest_eigenvalue", hessian.smallest_eigenvalue());
    summary.add("largest_residual", hessian.largest_residual());
  }
  summary.add("kong_liu_ratio", hessian.weights.kong_liu_ratio());
  summary.add("effective_size", hessian.weights.effective_size);
  summary.add("gradient_norm", result.gradient.norm, "eV/angstrom^2");
  summary.add("gradient_error", result.gradient.error, "eV/angstrom^2");
  summary.add("n_configurations", json(result.n_configurations));
  summary.add("n_operations", json(result.group.operations.size()));
  summary.add("space_group", json(fmt::format("{} ({})", result.group.symbol, result.group.number)));
  const phonons::QGrid& grid = hessian.matrices.grid;
  summary.add("hessian_frequencies", frequencies_json(grid, squares), "cm^-1");
  json auxiliary = json::array();
  const auto frequencies = phonons::frequencies_inverse_cm(hessian.density.modes(), units);
  for (std::size_t iq = 0; iq < frequencies.size(); ++iq) {
    const Eigen::Vector3d& point = grid.points()[iq];
    auxiliary.push_back({{"q", std::vector<double>(point.begin(), point.end())}, {"value", frequencies[iq]}});
  }
  summary.add("frequencies", auxiliary, "cm^-1");
  return summary;
}

std::string mode_table(const HessianResult& result) {
  const sscha::HessianSquares squares = squares_of(result.hessian);
  const phonons::QGrid& grid = result.hessian.matrices.grid;
  StepTable table{{"q1", "q2", "q3", "mode", "auxiliary[cm^-1]", "hessian[cm^-1]", "error[cm^-1]", "hessian^2[cm^-2]",
                   "error[cm^-2]", "third_order[cm^-2]", "fourth_order[cm^-2]"}};
  for (const sscha::HessianReport& report : result.hessian.reports) {
    const Eigen::Vector3d& q = grid.points()[report.iq];
    for (Eigen::Index mode = 0; mode < squares.hessian.cols(); ++mode) {
      const double square = squares.hessian(report.iq, mode), error = squares.error_of(report.iq, mode);
      const double auxiliary = squares.auxiliary(report.iq, mode), third = squares.third(report.iq, mode);
      table.add({q[0], q[1], q[2], static_cast<double>(mode + 1), signed_root(auxiliary), signed_root(square),
                 root_error(square, error), square, error, third - auxiliary, square - third});
    }
  }
  return table.text();
}

}  // namespace zeropoint
