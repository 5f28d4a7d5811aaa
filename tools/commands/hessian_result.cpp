#include "tools/commands/hessian_result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <nlohmann/json.hpp>
#include <numbers>

#include "core/hdf5_file.hpp"
#include "phonons/hdf5_matrices.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/program/console.hpp"

namespace zeropoint {
namespace {

using nlohmann::json;

double signed_root(double square) { return std::copysign(std::sqrt(std::abs(square)), square); }

/// [n_q, 3n] of squares in cm^-2.
Eigen::MatrixXd squares_of(const std::vector<std::vector<double>>& values, const UnitSet& units) {
  Eigen::MatrixXd result(static_cast<Eigen::Index>(values.size()), static_cast<Eigen::Index>(values.at(0).size()));
  for (Eigen::Index iq = 0; iq < result.rows(); ++iq) {
    for (Eigen::Index mode = 0; mode < result.cols(); ++mode) {
      result(iq, mode) = square_inverse_cm(values[iq][mode], units);
    }
  }
  return result;
}

struct Squares {
  Eigen::MatrixXd hessian, error, third, auxiliary;  // [n_q, 3n] cm^-2; no errors: 0
};

Squares squares_of(const sscha::Hessian& hessian) {
  const UnitSet& units = hessian.density.units();
  std::vector<std::vector<double>> values;
  for (const phonons::Modes& modes : hessian.modes) {
    const Eigen::VectorXd squares = modes.frequencies.cwiseProduct(modes.frequencies.cwiseAbs());
    values.emplace_back(squares.begin(), squares.end());
  }
  Squares result{squares_of(values, units),
                 {},
                 squares_of(hessian.bubble_squares, units),
                 squares_of(hessian.auxiliary_squares, units)};
  result.error = hessian.squared_errors.empty() ? Eigen::MatrixXd::Zero(result.hessian.rows(), result.hessian.cols())
                                                : squares_of(hessian.squared_errors, units);
  return result;
}

/// Standard error of omega from that of omega^2.
double root_error(double square, double error) { return square == 0 ? 0.0 : error / (2 * std::sqrt(std::abs(square))); }

json frequencies_json(const phonons::QGrid& grid, const Eigen::MatrixXd& squares, const Eigen::MatrixXd* errors) {
  json list = json::array();
  for (Eigen::Index iq = 0; iq < squares.rows(); ++iq) {
    const Eigen::Vector3d& q = grid.points()[iq];
    json entry{{"q", std::vector<double>(q.begin(), q.end())}};
    std::vector<double> values, spread;
    for (Eigen::Index mode = 0; mode < squares.cols(); ++mode) {
      values.push_back(signed_root(squares(iq, mode)));
      if (errors) spread.push_back(root_error(squares(iq, mode), (*errors)(iq, mode)));
    }
    entry["value"] = values;
    if (errors) entry["standard_error"] = spread;
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
    case HessianVerdict::stable:
      return fmt::format("stable: the lowest mode has {}; unstable with probability {:.2g}", mode,
                         result.lowest.probability_unstable);
    case HessianVerdict::unstable:
      return fmt::format(
          "the free energy is unstable: the lowest mode has {}, unstable with probability {:.2g}. "
          "unstable_mode.extxyz is displaced along it: relax from there",
          mode, result.lowest.probability_unstable);
    case HessianVerdict::no_minimum:
      return fmt::format(
          "auxiliary matrices not at a minimum: the smallest eigenvalue of A is {:.4f} (it must be positive; "
          "|gradient| is {:.1f} times its error). Minimise first, or take more configurations; order = 3 does not need "
          "it",
          hessian.smallest_eigenvalue(), result.gradient.norm / result.gradient.error);
    case HessianVerdict::not_solved:
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
  const Squares squares = squares_of(hessian);
  const bool errors = !hessian.squared_errors.empty();
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
  summary.add("hessian_frequencies", frequencies_json(grid, squares.hessian, errors ? &squares.error : nullptr),
              "cm^-1");
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
  const Squares squares = squares_of(result.hessian);
  const phonons::QGrid& grid = result.hessian.matrices.grid;
  StepTable table{{"q1", "q2", "q3", "mode", "auxiliary[cm^-1]", "hessian[cm^-1]", "error[cm^-1]", "hessian^2[cm^-2]",
                   "error[cm^-2]", "third_order[cm^-2]", "fourth_order[cm^-2]"}};
  for (const sscha::HessianReport& report : result.hessian.reports) {
    const Eigen::Vector3d& q = grid.points()[report.iq];
    for (Eigen::Index mode = 0; mode < squares.hessian.cols(); ++mode) {
      const double square = squares.hessian(report.iq, mode), error = squares.error(report.iq, mode);
      const double auxiliary = squares.auxiliary(report.iq, mode), third = squares.third(report.iq, mode);
      table.add({q[0], q[1], q[2], static_cast<double>(mode + 1), signed_root(auxiliary), signed_root(square),
                 root_error(square, error), square, error, third - auxiliary, square - third});
    }
  }
  return table.text();
}

void write_result(const std::string& path, const HessianResult& result, const std::string& settings,
                  std::int64_t seed) {
  const sscha::Hessian& hessian = result.hessian;
  Hdf5File file = Hdf5File::create(path, {.filetype = "zeropoint hessian", .configuration = settings, .seed = seed});
  phonons::write_matrices(hessian.matrices, file, "hessian");
  phonons::write_matrices(hessian.density.matrices(), file, "auxiliary");
  phonons::write_blocks(hessian.bubble, file, "third_order/dynamical_matrices");
  file.write_attribute("auxiliary", "temperature", hessian.density.temperature());
  const Squares squares = squares_of(hessian);
  const char* axes = "q,mode of hessian";
  file.write("squares/hessian", squares.hessian, "cm^-2", axes);
  if (!hessian.squared_errors.empty()) file.write("squares/hessian_error", squares.error, "cm^-2", axes);
  file.write("squares/third_order", squares.third, "cm^-2", axes);
  file.write("squares/auxiliary", squares.auxiliary, "cm^-2", axes);
  const auto n = static_cast<Eigen::Index>(hessian.reports.size());
  Eigen::VectorXd points(n), pairs(n), eigenvalues(n), residuals(n), iterations(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const sscha::HessianReport& report = hessian.reports[i];
    points[i] = report.iq;
    pairs[i] = static_cast<double>(report.n_pairs);
    eigenvalues[i] = report.smallest_eigenvalue;
    residuals[i] = report.residual;
    iterations[i] = report.iterations;
  }
  file.write("irreducible/q", points, "number in the grid", "q");
  file.write("irreducible/pairs", pairs, "", "q");
  file.write("irreducible/smallest_eigenvalue", eigenvalues, "", "q");
  file.write("irreducible/residual", residuals, "", "q");
  file.write("irreducible/iterations", iterations, "", "q");
  file.close();
}

std::vector<figures::Figure> figures_of_hessian(const std::string& path) {
  using namespace figures;
  const Hdf5File file = Hdf5File::open(path, "zeropoint hessian");
  const phonons::DynamicalMatrices matrices = phonons::read_matrices(file, "hessian");
  const Eigen::MatrixXd hessian = file.read_matrix("squares/hessian"), third = file.read_matrix("squares/third_order"),
                        auxiliary = file.read_matrix("squares/auxiliary");
  const bool has_errors = file.has("squares/hessian_error");
  const Eigen::MatrixXd error =
      has_errors ? file.read_matrix("squares/hessian_error") : Eigen::MatrixXd::Zero(hessian.rows(), hessian.cols());
  std::vector<int> firsts;
  for (const double iq : file.read_vector("irreducible/q")) firsts.push_back(static_cast<int>(iq));
  const bool fourth = (hessian - third).cwiseAbs().maxCoeff() > 1e-9 * hessian.cwiseAbs().maxCoeff();

  Panel levels{.x_label = "q (crystal coordinates)",
               .y_label = "frequency (cm⁻¹), imaginary as negative",
               .style = Style::levels};
  Curve before{.label = "auxiliary", .x = {}, .y = {}, .error = {}},
      after{.label = "free-energy Hessian", .x = {}, .y = {}, .error = {}};
  struct Soft {
    double square;
    Eigen::Index iq, mode;
  };
  std::vector<Soft> soft;
  for (std::size_t i = 0; i < firsts.size(); ++i) {
    const Eigen::Index iq = firsts[i];
    double previous = -1e300;
    for (Eigen::Index mode = 0; mode < hessian.cols(); ++mode) {
      before.x.push_back(static_cast<double>(i));
      before.y.push_back(signed_root(auxiliary(iq, mode)));
      after.x.push_back(static_cast<double>(i));
      after.y.push_back(signed_root(hessian(iq, mode)));
      after.error.push_back(
          std::min(root_error(hessian(iq, mode), error(iq, mode)), std::sqrt(std::abs(error(iq, mode)))));
      const bool acoustic = iq == matrices.grid.gamma() && mode < 3;
      if (acoustic || hessian(iq, mode) - previous < 1e-2) continue;
      soft.push_back({previous = hessian(iq, mode), iq, mode});
    }
  }
  if (!has_errors) after.error.clear();
  levels.curves = {before, after};
  for (const int iq : firsts) levels.x_names.push_back(q_text(matrices.grid.points()[iq]));

  std::ranges::sort(soft, {}, &Soft::square);
  soft.resize(std::min<std::size_t>(soft.size(), 6));
  Panel squares{.x_label = "softest modes, at q",
                .y_label = "ω² (cm⁻²)",
                .style = Style::points,
                .reference = 0,
                .reference_label = "unstable below"};
  Curve with_auxiliary{.label = "auxiliary", .x = {}, .y = {}, .error = {}},
      with_third{.label = "third order", .x = {}, .y = {}, .error = {}},
      with_all{.label = fourth ? "third and fourth order" : "free-energy Hessian", .x = {}, .y = {}, .error = {}};
  for (std::size_t i = 0; i < soft.size(); ++i) {
    const Soft& mode = soft[i];
    const double x = static_cast<double>(i);
    const auto add = [&](Curve& curve, const Eigen::MatrixXd& values, double shift) {
      curve.x.push_back(x + shift);
      curve.y.push_back(values(mode.iq, mode.mode));
    };
    add(with_auxiliary, auxiliary, -0.12);
    add(with_third, third, 0);
    add(with_all, hessian, 0.12);
    if (has_errors) with_all.error.push_back(error(mode.iq, mode.mode));
    squares.x_names.push_back(q_text(matrices.grid.points()[mode.iq]));
  }
  squares.curves = {with_auxiliary};
  if (fourth) squares.curves.push_back(with_third);
  squares.curves.push_back(with_all);

  const int width = std::clamp(120 + 112 * static_cast<int>(firsts.size()), 480, 1600);
  return {Figure{.name = "frequencies", .title = "", .panels = {levels}, .panel_width = width, .panel_height = 480},
          Figure{.name = "soft_modes", .title = "", .panels = {squares}, .panel_width = 640, .panel_height = 420}};
}

Crystal displaced_along(const sscha::Hessian& hessian, const sscha::Stability& lowest, double amplitude) {
  const phonons::DynamicalMatrices& matrices = hessian.matrices;
  const Supercell supercell = matrices.supercell();
  const std::size_t iq = static_cast<std::size_t>(lowest.iq);
  const Eigen::VectorXcd pattern = displacement_patterns(hessian.modes[iq], matrices.crystal).col(lowest.mode);
  const Eigen::Vector3d& q = matrices.grid.points()[iq];
  // The phase of a complex mode is free: the largest component is real in cell 0.
  Eigen::Index largest = 0;
  pattern.cwiseAbs().maxCoeff(&largest);
  const std::complex<double> phase = std::conj(pattern[largest]) / std::abs(pattern[largest]);
  Vectors moved(supercell.n_atoms(), 3);
  for (int atom = 0; atom < supercell.n_atoms(); ++atom) {
    const double angle = 2 * std::numbers::pi * q.dot(supercell.lattice_vector(supercell.cell_of(atom)).cast<double>());
    moved.row(atom) =
        (std::polar(1.0, angle) * phase * pattern.segment<3>(3 * supercell.site_of(atom))).real().transpose();
  }
  Crystal crystal = supercell.crystal();
  crystal.positions += amplitude / moved.rowwise().norm().maxCoeff() * moved;
  return crystal;
}

}  // namespace zeropoint
