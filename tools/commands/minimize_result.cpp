#include "tools/commands/minimize_result.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace zeropoint {
namespace {

using nlohmann::json;

json rows(const Eigen::Ref<const Eigen::MatrixXd>& matrix) {
  json list = json::array();
  for (Eigen::Index i = 0; i < matrix.rows(); ++i) {
    list.push_back(std::vector<double>(matrix.row(i).begin(), matrix.row(i).end()));
  }
  return list;
}

}  // namespace

Summary summary_of(const sscha::Solution& solution) {
  const sscha::TrialDensity& density = solution.minimum.density;
  const sscha::Evaluation& evaluation = solution.minimum.evaluation;
  const phonons::DynamicalMatrices& matrices = density.matrices();

  Summary summary;
  summary.add("free_energy", solution.free_energy(), "eV per unit cell");
  summary.add("harmonic_free_energy", solution.harmonic_free_energy(), "eV per unit cell");
  if (evaluation.stress) {
    const double gpa = units::gpa_per_ev_angstrom3;
    const sscha::Stress& stress = *evaluation.stress;
    summary.add("pressure", Estimate{stress.pressure.value * gpa, stress.pressure.standard_error * gpa}, "GPa");
    summary.add("stress", rows(stress.value * gpa), rows(stress.standard_error * gpa), "GPa");
  }
  summary.add("kong_liu_ratio", evaluation.weights.kong_liu_ratio());
  summary.add("gradient_norm", evaluation.gradient.norm, "eV/angstrom^2");
  summary.add("gradient_error", evaluation.gradient.error, "eV/angstrom^2");
  summary.add("n_steps", json(static_cast<int>(solution.minimum.steps.size()) - 1));
  summary.add("n_gradients", json(solution.minimum.n_gradients));
  summary.add("converged", json(solution.minimum.converged()));
  summary.add("stop_reason", json(sscha::explain(solution.minimum.stop_reason)));
  summary.add("n_configurations", json(solution.n_configurations));
  summary.add("n_operations", json(solution.group.operations.size()));
  summary.add("space_group", json(fmt::format("{} ({})", solution.group.symbol, solution.group.number)));

  const auto frequencies = phonons::frequencies_inverse_cm(density.modes(), density.units());
  json list = json::array();
  for (std::size_t iq = 0; iq < frequencies.size(); ++iq) {
    const Eigen::Vector3d& q = matrices.grid.points()[iq];
    list.push_back({{"q", std::vector<double>(q.begin(), q.end())},
                    {"value", frequencies[iq]},
                    {"standard_error", solution.errors.frequencies[iq]}});
  }
  summary.add("frequencies", list, "cm^-1");
  const Eigen::Vector3d lengths = matrices.crystal.cell.rowwise().norm();
  summary.add("cell_lengths", json(std::vector<double>(lengths.begin(), lengths.end())), "angstrom");
  summary.add("volume", matrices.crystal.volume(), "angstrom^3");
  summary.add("entropy", solution.entropy(), "kB per unit cell");
  const Eigen::MatrixXd centroid_errors = solution.errors.centroids * matrices.crystal.cell.inverse();
  summary.add("centroids", rows(matrices.crystal.fractional()), rows(centroid_errors.cwiseAbs()),
              "crystal coordinates");
  summary.add("frequency_errors", json(solution.errors.self_consistent
                                           ? "jackknife: minimised again without each group of configurations"
                                           : "gradient noise of one self-consistency step (the run is not converged)"));
  return summary;
}

StepTable step_table() {
  return StepTable{{"step", "n_gradients", "free_energy[eV/cell]", "error[eV/cell]", "gradient[eV/angstrom^2]",
                    "error[eV/angstrom^2]", "centroids[angstrom]", "error[angstrom]", "kong_liu_ratio", "step_length",
                    "lowest[cm^-1]"}};
}

std::vector<double> step_row(const sscha::SolutionStep& step) {
  return {static_cast<double>(step.step),
          static_cast<double>(step.n_gradients),
          step.free_energy.value,
          step.free_energy.standard_error,
          step.gradient.value,
          step.gradient.standard_error,
          step.centroid_gradient.value,
          step.centroid_gradient.standard_error,
          step.kong_liu_ratio,
          step.step_length,
          sscha::lowest_frequency(step.frequencies)};
}

}  // namespace zeropoint
