#include "tools/figures/learn_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace zeropoint {
namespace {

using namespace active_learning;
using namespace figures;

Panel errors_by_round(const std::vector<Audit>& audits) {
  Curve probability{.label = "random sample", .x = {}, .y = {}, .error = {}},
      chosen{.label = "chosen", .x = {}, .y = {}, .error = {}};
  for (const Audit& audit : audits) {
    if (audit.rms_probability > 0) {
      probability.x.push_back(audit.n_labels);
      probability.y.push_back(1e3 * audit.rms_probability);
    }
    if (audit.rms_chosen > 0) {
      chosen.x.push_back(audit.n_labels);
      chosen.y.push_back(1e3 * audit.rms_chosen);
    }
  }
  return {.x_label = "labels",
          .y_label = "force error on fresh labels (meV/Å)",
          .style = Style::points,
          .curves = {probability, chosen},
          .whole_x = true,
          .from_zero = true};
}

Panel calibration_by_round(const std::vector<Audit>& audits) {
  Curve zms{.label = "mean (error/expected)²", .x = {}, .y = {}, .error = {}},
      rank{.label = "rank correlation", .x = {}, .y = {}, .error = {}};
  for (const Audit& audit : audits) {
    if (audit.calibration.n_configurations == 0) continue;
    zms.x.push_back(audit.n_labels);
    zms.y.push_back(audit.calibration.zms);
    rank.x.push_back(audit.n_labels);
    rank.y.push_back(audit.calibration.rank_correlation);
  }
  return {.x_label = "labels",
          .y_label = "calibration",
          .style = Style::points,
          .curves = {zms, rank},
          .reference = 1.0,
          .whole_x = true};
}

/// Residuals of the last round against what was expected of them.
Panel parity_of(const Audit& audit) {
  Panel panel{.x_label = "expected error of a force (meV/Å)",
              .y_label = "error of the force (meV/Å)",
              .style = Style::dots,
              .curves = {},
              .diagonal = true,
              .note = fmt::format("round {}", audit.round)};
  for (const char* reason : {"probability", "greedy"}) {
    Curve curve{.label = reason, .x = {}, .y = {}, .error = {}};
    for (const Residual& residual : audit.residuals) {
      if (residual.reason != reason) continue;
      for (std::size_t i = 0; i < residual.force.size(); ++i) {
        curve.x.push_back(1e3 * audit.calibration.factor(residual.species[i]) * residual.sigma[i]);
        curve.y.push_back(1e3 * residual.force[i]);
      }
    }
    if (!curve.x.empty()) panel.curves.push_back(std::move(curve));
  }
  return panel;
}

}  // namespace

std::vector<Figure> figures_of_learning(const Learner& learner, const UnitSet& units, int n_atoms) {
  const std::vector<Audit> audits = learner.audits();
  if (audits.empty() || learner.results().empty()) return {};
  Figure learning{
      .name = "learning", .title = "", .panels = {errors_by_round(audits), calibration_by_round(audits)}, .columns = 2};
  if (!audits.back().residuals.empty()) learning.panels.push_back(parity_of(audits.back()));
  Panel energy{.x_label = "labels",
               .y_label = "free energy (meV per atom)",
               .style = Style::points,
               .curves = {},
               .whole_x = true};
  Panel modes{
      .x_label = "labels", .y_label = "frequency (cm⁻¹)", .style = Style::points, .curves = {}, .whole_x = true};
  const double cm = units.inverse_cm(1);
  for (const RoundResult& result : learner.results()) {
    for (std::size_t c = 0; c < result.conditions.size(); ++c) {
      const ConditionObservables& at = result.conditions[c];
      if (energy.curves.size() <= c) energy.curves.push_back({.label = at.condition, .x = {}, .y = {}, .error = {}});
      energy.curves[c].x.push_back(result.n_labels);
      energy.curves[c].y.push_back(1e3 * at.free_energy.value / n_atoms);
      energy.curves[c].error.push_back(1e3 * std::hypot(at.free_energy.statistical, at.free_energy.potential) /
                                       n_atoms);
      if (c > 0) continue;
      for (std::size_t b = 0; b < at.blocks.size(); ++b) {
        if (modes.curves.size() <= b) modes.curves.push_back({.label = "", .x = {}, .y = {}, .error = {}});
        modes.curves[b].x.push_back(result.n_labels);
        modes.curves[b].y.push_back(at.frequencies[b].value * cm);
        modes.curves[b].error.push_back(std::hypot(at.frequencies[b].statistical, at.frequencies[b].potential) * cm);
      }
    }
  }
  learning.panels.push_back(std::move(energy));
  learning.panels.push_back(std::move(modes));
  return {learning};
}

}  // namespace zeropoint
