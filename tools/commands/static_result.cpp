#include "tools/commands/static_result.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/units.hpp"
#include "phonons/stability.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/program/console.hpp"

namespace zeropoint {
namespace {

using nlohmann::json;

constexpr double gpa = units::gpa_per_ev_angstrom3;
constexpr double acoustic = 1e-3;  // cm^-1: the translations, zero up to rounding

json rows(const Eigen::Ref<const Eigen::MatrixXd>& matrix) {
  json list = json::array();
  for (Eigen::Index i = 0; i < matrix.rows(); ++i)
    list.push_back(std::vector<double>(matrix.row(i).begin(), matrix.row(i).end()));
  return list;
}

std::string name_of(const SpaceGroup& group) { return fmt::format("{} ({})", group.symbol, group.number); }

void add_crystal(Summary& summary, const Crystal& crystal) {
  const Eigen::Vector3d lengths = crystal.cell.rowwise().norm();
  summary.add("cell_lengths", json(std::vector<double>(lengths.begin(), lengths.end())), "angstrom");
  summary.add("volume", crystal.volume(), "angstrom^3");
  summary.add("centroids", rows(crystal.fractional()), "crystal coordinates");
}

}  // namespace

Summary summary_of(const RelaxResult& result) {
  const phonons::Relaxation& end = result.relaxation;
  Summary summary;
  summary.add("energy", end.energy, "eV per unit cell");
  summary.add("enthalpy", end.energy + result.pressure * end.crystal.volume(), "eV per unit cell");
  if (end.stress) {
    summary.add("pressure", -end.stress->trace() / 3 * gpa, "GPa");
    summary.add("stress", rows(*end.stress * gpa), "GPa");
  }
  summary.add("target_pressure", result.pressure * gpa, "GPa");
  summary.add("residual_force", end.end.force, "eV/angstrom");
  summary.add("residual_stress", end.end.stress * gpa, "GPa");
  summary.add("forbidden_force", end.forbidden_force, "eV/angstrom");
  summary.add("n_steps", json(end.end.step));
  summary.add("n_evaluations", json(end.n_evaluations));
  summary.add("converged", json(end.converged));
  summary.add("stop_reason", json(end.reason));
  summary.add("n_operations", json(result.group.operations.size()));
  summary.add("space_group_before", json(name_of(result.group)));
  summary.add("space_group", json(name_of(result.group_after)));
  summary.add("volume_before", result.start.volume(), "angstrom^3");
  add_crystal(summary, end.crystal);
  return summary;
}

StepTable step_table(const std::vector<phonons::RelaxationStep>& steps) {
  StepTable table({"step", "enthalpy[eV/cell]", "force[eV/angstrom]", "stress[GPa]", "volume[angstrom^3]"});
  for (const phonons::RelaxationStep& step : steps) {
    table.add({static_cast<double>(step.step), step.enthalpy, step.force, step.stress * gpa, step.volume});
  }
  return table;
}

int PhononsResult::n_imaginary() const { return phonons::n_imaginary(frequencies, acoustic); }

Summary summary_of(const PhononsResult& result) {
  Summary summary;
  const phonons::DynamicalMatrices& matrices = result.harmonic.matrices;
  json list = json::array();
  for (std::size_t iq = 0; iq < result.frequencies.size(); ++iq) {
    const Eigen::Vector3d& q = matrices.grid.points()[iq];
    list.push_back({{"q", std::vector<double>(q.begin(), q.end())}, {"value", result.frequencies[iq]}});
  }
  summary.add("frequencies", list, "cm^-1");
  summary.add("n_imaginary", json(result.n_imaginary()));
  summary.add("n_displacements", json(result.harmonic.n_displacements));
  summary.add("residual_force", result.harmonic.residual_force, "eV/angstrom");
  summary.add("asymmetry", result.harmonic.asymmetry);
  summary.add("n_operations", json(result.harmonic.n_operations));
  summary.add("space_group", json(name_of(result.group)));
  add_crystal(summary, matrices.crystal);
  return summary;
}

}  // namespace zeropoint
