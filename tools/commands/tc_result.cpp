#include "tools/commands/tc_result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

#include "core/hdf5_file.hpp"

namespace zeropoint {
namespace {

using nlohmann::json;

constexpr double mev = 1e3;
constexpr const char* formula_names[] = {"mcmillan", "allen_dynes", "xie", "eliashberg"};

double number_of(const std::string& formula) {
  return static_cast<double>(std::find(std::begin(formula_names), std::end(formula_names), formula) -
                             std::begin(formula_names));
}

std::string tc_text(const TcResult& result) {
  std::string text = fmt::format("# Tc of {}; mu* of eliashberg by convention {}\n", result.source, result.convention);
  text += fmt::format("# {:<14} {:<12} {:>8} {:>10} {:>12} {:>12} {:>6} {:>12} {:>10}\n", "alpha2F", "formula", "mu*",
                      "convention", "cutoff[meV]", "mu(cutoff)", "N", "Tc[K]", "error[K]");
  for (const TcRow& row : result.rows) {
    std::string label = result.spectra[row.spectrum].label;
    std::replace(label.begin(), label.end(), ' ', '_');
    fmt::format_to(std::back_inserter(text),
                   "{:<16} {:<12} {:>8.4f} {:>10} {:>12.4f} {:>12.6f} {:>6} {:>12.6f} {:>10.4g}\n", label, row.formula,
                   row.mu_star, row.convention, mev * row.cutoff, row.mu_at_cutoff, row.n, row.value.value,
                   row.value.standard_error);
  }
  return text;
}

}  // namespace

void write_tables(const RunFolder& folder, const TcResult& result) {
  folder.write("tc.dat", tc_text(result));
  if (result.gaps.empty()) return;
  StepTable gaps{{"mu_star", "temperature[K]", "delta(i omega_0)[meV]", "edge[meV]", "edge_spread[meV]", "Z_0", "N",
                  "condensation/N_F[meV^2]"}};
  for (const TcGap& at : result.gaps) {
    gaps.add({at.mu_star, at.temperature, mev * at.gap.delta[0], mev * at.real.edge, mev * at.real.spread, at.gap.z[0],
              static_cast<double>(at.gap.omega.size()), mev * mev * at.free_energy});
  }
  folder.write("gap.dat", gaps.text());
  const superconductivity::RealAxisGap& real = result.gaps.front().real;
  if (real.edge == 0) return;
  StepTable axis{{"energy[meV]", "Re_delta[meV]", "Im_delta[meV]", "density_of_states"}};
  for (Eigen::Index i = 0; i < real.energies.size(); ++i)
    axis.add(
        {mev * real.energies[i], mev * real.delta[i].real(), mev * real.delta[i].imag(), real.density_of_states[i]});
  folder.write("real_axis.dat", axis.text());
}

void write_result(const std::string& path, const TcResult& result, const std::string& configuration,
                  std::int64_t seed) {
  Hdf5File file = Hdf5File::create(path, {.filetype = tc_filetype, .configuration = configuration, .seed = seed});
  file.write_attribute("/", "source", result.source);
  file.write_attribute("/", "convention", result.convention);
  Eigen::MatrixXd rows(std::ssize(result.rows), 6);
  for (std::size_t i = 0; i < result.rows.size(); ++i) {
    const TcRow& row = result.rows[i];
    rows.row(static_cast<Eigen::Index>(i)) << static_cast<double>(row.spectrum), number_of(row.formula), row.mu_star,
        mev * row.cutoff, row.value.value, row.value.standard_error;
  }
  std::vector<std::string> labels;
  for (const TcSpectrum& spectrum : result.spectra) labels.push_back(spectrum.label);
  file.write("spectra", labels, "spectrum");
  file.write("formulas", std::vector<std::string>(std::begin(formula_names), std::end(formula_names)), "formula");
  file.write("tc", rows, "1,1,1,meV,K,K", "row,(spectrum formula mu_star cutoff tc error)");
  file.write_attribute("tc", "shown", static_cast<std::int64_t>(result.shown));
  Eigen::MatrixXd gaps(std::ssize(result.gaps), 5);
  for (std::size_t i = 0; i < result.gaps.size(); ++i) {
    const TcGap& at = result.gaps[i];
    gaps.row(static_cast<Eigen::Index>(i)) << at.mu_star, at.temperature, mev * at.gap.delta[0], mev * at.real.edge,
        at.gap.z[0];
    const std::string name = fmt::format("solutions/{:03d}", i + 1);
    file.write(name + "/omega", Eigen::VectorXd(mev * at.gap.omega), "meV", "frequency");
    file.write(name + "/delta", Eigen::VectorXd(mev * at.gap.delta), "meV", "frequency");
    file.write(name + "/z", at.gap.z, "1", "frequency");
  }
  if (gaps.rows() > 0) file.write("gap", gaps, "1,K,meV,meV,1", "row,(mu_star temperature delta edge z)");
  file.close();
}

Summary summary_of(const TcResult& result) {
  Summary summary;
  summary.add("source", json(result.source));
  json tc = json::array(), gaps = json::array(), isotopes = json::array(), lambda = json::array(), log = json::array();
  for (const TcSpectrum& spectrum : result.spectra) {
    lambda.push_back(spectrum.moments.lambda);
    log.push_back(mev * spectrum.moments.logarithmic);
  }
  for (const TcRow& row : result.rows) {
    json entry{{"formula", row.formula},       {"mu_star", row.mu_star},
               {"convention", row.convention}, {"cutoff", row.cutoff > 0 ? json(mev * row.cutoff) : json()},
               {"value", row.value.value},     {"alpha2f", result.spectra[row.spectrum].label}};
    if (row.n > 0) {
      entry["mu_at_cutoff"] = row.mu_at_cutoff;
      entry["n_frequencies"] = row.n;
    }
    if (row.value.standard_error > 0) entry["standard_error"] = row.value.standard_error;
    tc.push_back(entry);
  }
  for (const TcGap& at : result.gaps) {
    gaps.push_back({{"temperature", at.temperature},
                    {"mu_star", at.mu_star},
                    {"value", mev * at.gap.delta[0]},
                    {"edge", at.real.edge > 0 ? json(mev * at.real.edge) : json()},
                    {"z", at.gap.z[0]}});
  }
  for (const TcIsotope& isotope : result.isotopes) {
    isotopes.push_back({{"element", isotope.element},
                        {"formula", isotope.formula},
                        {"mu_star", isotope.mu_star},
                        {"value", isotope.value}});
  }
  summary.add("lambda", lambda);
  summary.add("omega_log", log, "meV");
  summary.add("tc", tc, "K, cutoff in meV");
  summary.add("gap", gaps, "meV");
  if (!isotopes.empty()) summary.add("isotope_coefficients", isotopes, "-d ln Tc/d ln M");
  return summary;
}

std::vector<figures::Figure> figures_of_tc(const std::string& path) {
  const Hdf5File file = Hdf5File::open(path, tc_filetype);
  const Eigen::MatrixXd rows = file.read_matrix("tc");
  const double shown = file.number_attribute("tc", "shown").value_or(0);
  const std::vector<std::string> names = file.read_strings("formulas");
  figures::Panel panel{.x_label = "μ*", .y_label = "Tc (K)", .curves = {}};
  for (std::size_t f = 0; f < names.size(); ++f) {
    figures::Curve curve{.label = names[f], .x = {}, .y = {}, .error = {}};
    bool errors = false;
    for (Eigen::Index i = 0; i < rows.rows(); ++i) {
      if (rows(i, 0) != shown || rows(i, 1) != static_cast<double>(f)) continue;
      curve.x.push_back(rows(i, 2));
      curve.y.push_back(rows(i, 4));
      curve.error.push_back(rows(i, 5));
      errors = errors || rows(i, 5) > 0;
    }
    if (!errors) curve.error.clear();
    panel.curves.push_back(std::move(curve));
  }
  std::vector<figures::Figure> all{{.name = "tc", .title = "", .panels = {std::move(panel)}}};
  if (!file.has("gap")) return all;
  const Eigen::MatrixXd gap = file.read_matrix("gap");
  std::map<double, figures::Curve> curves;
  for (Eigen::Index i = 0; i < gap.rows(); ++i) {
    figures::Curve& curve = curves[gap(i, 0)];
    curve.label = fmt::format("μ* = {:g}", gap(i, 0));
    curve.x.push_back(gap(i, 1));
    curve.y.push_back(gap(i, 2));
  }
  figures::Panel gaps{.x_label = "temperature (K)", .y_label = "gap Δ(iω_0) (meV)", .from_zero = true};
  for (auto& [mu, curve] : curves) gaps.curves.push_back(std::move(curve));
  all.push_back({.name = "gap", .title = "", .panels = {std::move(gaps)}});
  return all;
}

}  // namespace zeropoint
