#include "tools/figures/hessian_figures.hpp"

#include <algorithm>
#include <cmath>

#include "sscha/hessian_file.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/figures/solution_figures.hpp"

namespace zeropoint {
namespace {

using namespace figures;
using sscha::StoredHessian;

constexpr std::size_t most_modes = 6;

double signed_root(double square) { return std::copysign(std::sqrt(std::abs(square)), square); }

/// Where omega^2 is zero within its error, so that the slope of the root says nothing, the root of the error.
double shown_error(double square, double error) {
  const double of_root = square == 0 ? 0.0 : error / (2 * std::sqrt(std::abs(square)));
  return std::min(of_root, std::sqrt(std::abs(error)));
}

Panel levels_panel(const StoredHessian& stored) {
  const sscha::HessianSquares& squares = stored.squares;
  Panel levels{.x_label = "q (crystal coordinates)",
               .y_label = "frequency (cm⁻¹), imaginary as negative",
               .style = Style::levels};
  Curve before{.label = "auxiliary", .x = {}, .y = {}, .error = {}},
      after{.label = "free-energy Hessian", .x = {}, .y = {}, .error = {}};
  for (std::size_t i = 0; i < stored.irreducible.size(); ++i) {
    const int iq = stored.irreducible[i];
    for (Eigen::Index mode = 0; mode < squares.hessian.cols(); ++mode) {
      before.x.push_back(static_cast<double>(i));
      before.y.push_back(signed_root(squares.auxiliary(iq, mode)));
      after.x.push_back(static_cast<double>(i));
      after.y.push_back(signed_root(squares.hessian(iq, mode)));
      if (squares.has_errors()) after.error.push_back(shown_error(squares.hessian(iq, mode), squares.error(iq, mode)));
    }
    levels.x_names.push_back(q_text(stored.matrices.grid.points()[iq]));
  }
  levels.curves = {before, after};
  return levels;
}

struct Soft {
  double square;
  int iq;
  Eigen::Index mode;
};

/// The lowest modes, one of each degenerate set, over all irreducible q.
std::vector<Soft> softest(const StoredHessian& stored) {
  std::vector<Soft> soft;
  for (const int iq : stored.irreducible) {
    double previous = -1e300;
    for (Eigen::Index mode = 0; mode < stored.squares.hessian.cols(); ++mode) {
      const double square = stored.squares.hessian(iq, mode);
      const bool acoustic = iq == stored.matrices.grid.gamma() && mode < 3;
      if (acoustic || square - previous < 1e-2) continue;
      soft.push_back({previous = square, iq, mode});
    }
  }
  std::ranges::sort(soft, {}, &Soft::square);
  soft.resize(std::min(soft.size(), most_modes));
  return soft;
}

/// How third and fourth order lower the softest modes.
Panel softest_panel(const StoredHessian& stored) {
  const sscha::HessianSquares& squares = stored.squares;
  const bool fourth =
      (squares.hessian - squares.third).cwiseAbs().maxCoeff() > 1e-9 * squares.hessian.cwiseAbs().maxCoeff();
  Panel panel{.x_label = "softest modes, at q",
              .y_label = "ω² (cm⁻²)",
              .style = Style::points,
              .reference = 0,
              .reference_label = "unstable below"};
  Curve with_auxiliary{.label = "auxiliary", .x = {}, .y = {}, .error = {}},
      with_third{.label = "third order", .x = {}, .y = {}, .error = {}},
      with_all{.label = fourth ? "third and fourth order" : "free-energy Hessian", .x = {}, .y = {}, .error = {}};
  const std::vector<Soft> soft = softest(stored);
  for (std::size_t i = 0; i < soft.size(); ++i) {
    const Soft& mode = soft[i];
    const auto add = [&](Curve& curve, const Eigen::MatrixXd& values, double shift) {
      curve.x.push_back(static_cast<double>(i) + shift);
      curve.y.push_back(values(mode.iq, mode.mode));
    };
    add(with_auxiliary, squares.auxiliary, -0.12);
    add(with_third, squares.third, 0);
    add(with_all, squares.hessian, 0.12);
    if (squares.has_errors()) with_all.error.push_back(squares.error(mode.iq, mode.mode));
    panel.x_names.push_back(q_text(stored.matrices.grid.points()[mode.iq]));
  }
  panel.curves = {with_auxiliary};
  if (fourth) panel.curves.push_back(with_third);
  panel.curves.push_back(with_all);
  return panel;
}

}  // namespace

std::vector<Figure> figures_of_hessian(const std::string& path) {
  const StoredHessian stored = sscha::read_hessian(path);
  return {levels_figure(levels_panel(stored), stored.irreducible.size()), Figure{.name = "soft_modes",
                                                                                 .title = "",
                                                                                 .panels = {softest_panel(stored)},
                                                                                 .panel_width = 640,
                                                                                 .panel_height = 420}};
}

}  // namespace zeropoint
