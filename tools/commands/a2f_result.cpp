#include "tools/commands/a2f_result.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/hdf5_file.hpp"
#include "core/quantity.hpp"
#include "core/units.hpp"
#include "superconductivity/coupled_modes_file.hpp"

namespace zeropoint {
namespace {

using nlohmann::json;
using superconductivity::Moments;

constexpr double mev = 1e3;

/// One value a smearing.
template <class Value>
json list_of(const A2fResult& result, Value value) {
  json list = json::array();
  for (int i = 0; i < result.n_smearings(); ++i) list.push_back(value(i));
  return list;
}

void add_moment(Summary& summary, const A2fResult& result, const char* name, double Moments::* value,
                double A2fResult::Errors::* error, double factor, const char* unit) {
  const json values = list_of(result, [&](int i) { return factor * result.moments[i].*value; });
  if (result.errors.empty()) {
    summary.add(name, values, unit);
  } else {
    summary.add(name, values, list_of(result, [&](int i) { return factor * result.errors[i].*error; }), unit);
  }
}

/// Standard errors of the relative omega^2 of each level, with its number at each mode from 1; 0: none.
void write_levels(const A2fResult& result, Hdf5File& file) {
  Eigen::MatrixXd number = Eigen::MatrixXd::Zero(result.modes.energies.rows(), result.modes.energies.cols());
  Eigen::VectorXd error(std::ssize(result.levels));
  for (std::size_t i = 0; i < result.levels.size(); ++i) {
    error[static_cast<Eigen::Index>(i)] = result.levels[i].error;
    for (const Eigen::Vector2i& at : result.levels[i].modes) number(at[0], at[1]) = static_cast<double>(i + 1);
  }
  file.write("levels/number", number, "1", "q,mode");
  file.write("levels/error", error, "of omega^2 over omega^2", "level");
}

void write_bands(const A2fResult& result, Hdf5File& file) {
  const auto column = [](const std::vector<double>& values) {
    return Eigen::VectorXd(Eigen::Map<const Eigen::VectorXd>(values.data(), std::ssize(values)));
  };
  file.write("bands/distance", column(result.path.distances), "1/angstrom", "point");
  file.write("bands/piece", column({result.path.piece.begin(), result.path.piece.end()}), "1", "point");
  std::vector<double> ticks;
  std::vector<std::string> labels;
  for (const auto& tick : result.path.ticks) {
    ticks.push_back(tick.distance);
    labels.push_back(tick.label);
  }
  file.write("bands/tick", column(ticks), "1/angstrom", "tick");
  file.write("bands/label", labels, "tick");
  file.write("bands/energy", Eigen::MatrixXd(mev * result.bands), "meV", "point,mode");
  file.write("bands/lambda", result.band_lambda, "1", "point,mode");
  for (std::size_t i = 0; i < result.compared.size(); ++i) {
    const std::string name = fmt::format("bands/compared/{:02d}", i + 1);
    file.write(name, Eigen::MatrixXd(mev * result.compared[i].second), "meV", "point,mode");
    file.write_attribute(name, "source", result.compared[i].first);
  }
}

json row_of(const A2fResult& result, int i) {
  const Moments& m = result.moments[i];
  json pairs = json::array(), atoms = json::array();
  for (Eigen::Index a = 0; a < result.modes.pairs[i].rows(); ++a) {
    const Eigen::VectorXd row = result.modes.pairs[i].row(a);
    pairs.push_back(std::vector<double>(row.begin(), row.end()));
    atoms.push_back(row.sum());
  }
  return {{"smearing_ry", result.width(i)},
          {"n_fermi", result.modes.smearings[i].density_of_states * units::codata2022.rydberg},
          {"lambda", m.lambda},
          {"lambda_other_normalisation", result.modes.totals_elsewise[i]},
          {"omega_log_mev", mev * m.logarithmic},
          {"omega_1_mev", mev * m.first},
          {"omega_2_mev", mev * m.second},
          {"lambda_atoms", atoms},
          {"lambda_pairs", pairs},
          {"imaginary_share", result.modes.imaginary_share[i]}};
}

std::string lambda_json(const A2fResult& result) {
  json file{{"schema", 1},
            {"phonons", result.phonons},
            {"conventions",
             {{"gamma", result.gamma},
              {"imaginary", result.imaginary},
              {"n_fermi", "states per spin, Ry and cell"},
              {"lambda", "z^dagger Gamma z/(2 N_F omega^2), summed over modes and q"}}},
            {"species", result.crystal.species},
            {"imaginary_modes", result.modes.n_imaginary},
            {"trace_identity_residual", result.modes.residual},
            {"smearings", list_of(result, [&](int i) { return row_of(result, i); })}};
  return file.dump(2) + "\n";
}

}  // namespace

double A2fResult::width(int smearing) const {
  return modes.smearings.at(static_cast<std::size_t>(smearing)).width / units::codata2022.rydberg;
}

void write_result(const std::string& path, const A2fResult& result, const std::string& configuration,
                  std::int64_t seed) {
  Hdf5File file = Hdf5File::create(path, {.filetype = a2f_filetype, .configuration = configuration, .seed = seed});
  file.write_attribute("/", "phonons", result.phonons);
  file.write_attribute("/", "gamma", result.gamma);
  file.write_attribute("/", "imaginary", result.imaginary);
  file.write_attribute("/", "shown", static_cast<std::int64_t>(result.shown));
  file.write("species", result.crystal.species, "atom");
  superconductivity::write_coupled_modes(result.modes, file, "modes");
  for (const A2fResult::Isotope& isotope : result.isotopes) {
    superconductivity::write_coupled_modes(isotope.heavier, file, "isotopes/" + isotope.species + "/heavier");
    superconductivity::write_coupled_modes(isotope.lighter, file, "isotopes/" + isotope.species + "/lighter");
  }
  if (!result.levels.empty()) write_levels(result, file);
  file.write("curves/energy", Eigen::VectorXd(mev * result.energies), "meV", "energy");
  file.write("curves/alpha2f", result.alpha2f, "1", "energy,smearing");
  file.write("curves/density_of_states", Eigen::VectorXd(result.density_of_states / mev), "1/meV", "energy");
  for (int i = 0; i < result.n_smearings(); ++i) {
    file.write(fmt::format("curves/atoms/{:03d}", i + 1), result.atoms[i], "1", "energy,atom");
    file.write(fmt::format("curves/characters/{:03d}", i + 1), result.characters[i], "1", "energy,atom");
    file.write(fmt::format("modes/pairs/{:03d}", i + 1), result.modes.pairs[i], "1", "atom,atom");
  }
  write_bands(result, file);
  file.close();
}

void write_tables(const RunFolder& folder, const A2fResult& result) {
  std::vector<std::string> names{"energy[meV]"};
  for (int i = 0; i < result.n_smearings(); ++i) names.push_back(fmt::format("alpha2F({:g}Ry)", result.width(i)));
  StepTable total(names);
  std::vector<std::string> parts{"energy[meV]", "phonon_dos[1/meV]", "alpha2F", "lambda(omega)"};
  for (const char* kind : {"coupling", "displacement"}) {
    for (std::size_t a = 0; a < result.crystal.species.size(); ++a)
      parts.push_back(fmt::format("{}_{}{}", kind, result.crystal.species[a], a + 1));
  }
  StepTable atoms(parts);
  const Eigen::VectorXd sum = superconductivity::cumulative_lambda(result.curve(result.shown));
  for (Eigen::Index k = 0; k < result.energies.size(); ++k) {
    const Eigen::VectorXd row = result.alpha2f.row(k);
    std::vector<double> line{mev * result.energies[k]};
    line.insert(line.end(), row.begin(), row.end());
    total.add(line);
    line = {mev * result.energies[k], result.density_of_states[k] / mev, row[result.shown], sum[k]};
    for (const Eigen::MatrixXd* part : {&result.atoms[result.shown], &result.characters[result.shown]}) {
      const Eigen::VectorXd values = part->row(k);
      line.insert(line.end(), values.begin(), values.end());
    }
    atoms.add(line);
  }
  folder.write("a2F.dat", total.text());
  folder.write("a2F_atoms.dat", atoms.text());
  std::vector<std::string> columns{"q1", "q2", "q3", "weight", "mode", "energy[meV]"};
  for (int i = 0; i < result.n_smearings(); ++i) {
    columns.push_back(fmt::format("lambda({:g}Ry)", result.width(i)));
    columns.push_back(fmt::format("linewidth({:g}Ry)[meV]", result.width(i)));
  }
  StepTable modes(columns);
  for (Eigen::Index q = 0; q < result.modes.energies.rows(); ++q) {
    const Eigen::Vector3d& point = result.modes.points[static_cast<std::size_t>(q)];
    for (Eigen::Index mode = 0; mode < result.modes.n_modes(); ++mode) {
      std::vector<double> line{point[0],
                               point[1],
                               point[2],
                               result.modes.weights[q],
                               static_cast<double>(mode + 1),
                               mev * result.modes.energies(q, mode)};
      for (int i = 0; i < result.n_smearings(); ++i) {
        line.push_back(result.modes.lambda[i](q, mode));
        line.push_back(mev * result.modes.linewidth[i](q, mode));
      }
      modes.add(line);
    }
  }
  folder.write("lambda_q.dat", modes.text());
  folder.write("lambda.json", lambda_json(result));
}

Summary summary_of(const A2fResult& result) {
  Summary summary;
  summary.add("phonons", json(result.phonons));
  summary.add("gamma", json(result.gamma));
  summary.add("imaginary", json(result.imaginary));
  summary.add("imaginary_modes", json(result.modes.n_imaginary));
  if (result.modes.n_imaginary > 0)
    summary.add("imaginary_share", list_of(result, [&](int i) { return result.modes.imaginary_share[i]; }),
                "of lambda");
  summary.add("smearings", list_of(result, [&](int i) { return result.width(i); }), "Ry");
  summary.add(
      "n_fermi",
      list_of(result, [&](int i) { return result.modes.smearings[i].density_of_states * units::codata2022.rydberg; }),
      "states per spin, Ry and cell");
  add_moment(summary, result, "lambda", &Moments::lambda, &A2fResult::Errors::lambda, 1, "");
  summary.add("lambda_other_normalisation", list_of(result, [&](int i) { return result.modes.totals_elsewise[i]; }));
  add_moment(summary, result, "omega_log", &Moments::logarithmic, &A2fResult::Errors::logarithmic, mev, "meV");
  add_moment(summary, result, "omega_1", &Moments::first, &A2fResult::Errors::first, mev, "meV");
  add_moment(summary, result, "omega_2", &Moments::second, &A2fResult::Errors::second, mev, "meV");
  summary.add("trace_identity_residual", result.modes.residual);
  return summary;
}

}  // namespace zeropoint
