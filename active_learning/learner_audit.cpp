#include <ATen/TensorOperators.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>

#include "active_learning/learner.hpp"
#include "core/error.hpp"
#include "core/tensor_eigen.hpp"

namespace zeropoint::active_learning {
namespace {

constexpr int rounds_of_calibration = 3;

/// The labels of some picks, as a potential would give them.
Evaluation labels_of(const TaskStore& store, const std::vector<const Pick*>& picks, std::int64_t n_atoms) {
  const std::int64_t n = static_cast<std::int64_t>(picks.size());
  Evaluation all{
      at::zeros({n}, at::kDouble), at::zeros({n, n_atoms, 3}, at::kDouble), at::zeros({n, 3, 3}, at::kDouble), {}};
  for (std::int64_t i = 0; i < n; ++i) {
    const TaskLabel label = store.label(picks[static_cast<std::size_t>(i)]->task);
    all.energies[i].fill_(label.energy);
    all.forces[i].copy_(to_tensor(label.forces));
    if (!label.stress) {
      all.stresses = at::Tensor{};
    } else if (all.stresses.defined()) {
      all.stresses[i].copy_(to_tensor(*label.stress));
    }
  }
  return all;
}

double rms_force_of(const Evaluation& labels) { return std::sqrt(labels.forces.square().mean().item<double>()); }

/// Labels that came from elsewhere and had another zero of energy: all of ours are off by the same amount, much more
/// than they scatter.
void refuse_other_zero(const at::Tensor& differences, double n_atoms) {
  if (differences.size(0) < 4) return;
  const double mean = differences.mean().item<double>(), scatter = differences.std().item<double>();
  if (std::abs(mean) < 5 * scatter || std::abs(mean) < 5e-3 * n_atoms) return;
  throw InputError{
      "energies of the labels that were given and of those that were computed differ by {:.4f} eV per atom, with a "
      "scatter of {:.4f}: they have different zeros (another code, pseudopotential or cutoff). Leave the data out",
      mean / n_atoms, scatter / n_atoms};
}

}  // namespace

std::vector<Residual> Learner::recent_residuals(int round) const {
  std::vector<Residual> residuals;
  for (int k = std::max(1, round - rounds_of_calibration); k < round; ++k) {
    if (const std::optional<Audit> audit = read_audit(file(k, "audit.json")))
      residuals.insert(residuals.end(), audit->residuals.begin(), audit->residuals.end());
  }
  return residuals;
}

Calibration Learner::calibration_before(int round) const {
  for (int k = round - 1; k >= 1; --k) {
    if (const std::optional<Audit> audit = read_audit(file(k, "audit.json"))) return audit->calibration;
  }
  return {};
}

/// Adds what the labels of one condition say: residuals, and the certificate of its probability sample.
void Learner::audit_condition(Audit& audit, const ConditionSelection& part, const UncertainModel& uncertain,
                              const std::vector<std::string>& in_time, double& rms_force) const {
  const auto condition =
      std::ranges::find_if(options_.conditions, [&](const auto& c) { return c.name() == part.condition; });
  std::vector<const Pick*> done, sample;
  int n_asked = 0;
  for (const Pick& pick : part.picks) {
    const bool in = std::ranges::binary_search(in_time, pick.task);
    n_asked += pick.reason == "probability";
    if (in) done.push_back(&pick);
    if (in && pick.reason == "probability") sample.push_back(&pick);
  }
  if (done.empty()) return;
  const sscha::TrialDensity from = density(audit.round - 1, *condition);
  const Supercell reference = from.matrices().supercell();
  const at::Tensor all = pool(audit.round, *condition, from);
  const auto displacements = [&](const std::vector<const Pick*>& picks) {
    std::vector<at::Tensor> rows;
    for (const Pick* pick : picks) rows.push_back(all[pick->index]);
    return at::stack(rows);
  };
  const UncertainEvaluation predicted = uncertain.evaluate(reference, displacements(done), false, watch_.idle);
  const Evaluation labels = labels_of(store_, done, reference.n_atoms());
  rms_force = std::max(rms_force, rms_force_of(labels));
  if (audit.round == 1 && !options_.data.empty())
    refuse_other_zero(labels.energies - predicted.mean.energies, reference.n_atoms());
  for (std::size_t i = 0; i < done.size(); ++i) {
    const TaskLabel label = store_.label(done[i]->task);
    audit.residuals.push_back(residual_of(predicted, static_cast<std::int64_t>(i), label.energy, label.forces,
                                          reference.crystal().species, done[i]->reason,
                                          done[i]->score.weight / done[i]->inclusion));
  }
  if (sample.size() < 2) return;
  const Eigen::Index n = static_cast<Eigen::Index>(sample.size());
  ProbabilitySample drawn{Eigen::VectorXd(n), Eigen::VectorXd(n)};
  for (Eigen::Index i = 0; i < n; ++i) {
    drawn.inclusion[i] = sample[static_cast<std::size_t>(i)]->inclusion;
    drawn.weights[i] = sample[static_cast<std::size_t>(i)]->score.weight;
  }
  const at::Tensor u = displacements(sample);
  const Evaluation dft = labels_of(store_, sample, reference.n_atoms());
  const Evaluation low = uncertain.potential().evaluate(reference, u);
  const bool stress = dft.stresses.defined() && options_.stress;
  const Evaluation difference{
      dft.energies - low.energies, dft.forces - low.forces, stress ? dft.stresses - low.stresses : at::Tensor{}, {}};
  const std::vector<FrequencyBlock> blocks = frequency_blocks(from);
  audit.certificates.emplace_back(part.condition, certify(linear_response(from, blocks, u, difference), blocks, drawn,
                                                          n_asked, options_.tolerances, from.matrices().grid.stars()));
}

Audit Learner::audit(int round, const Selection& selection) {
  const std::vector<std::string> in_time = *read_names(file(round, "labels.json"));
  Audit audit{.round = round, .model = selection.model, .n_labels = static_cast<int>(in_time.size())};
  TrainedModel record;
  const std::optional<mlp::Model> model = selection.model.empty() ? std::nullopt : model_before(round, record);
  if (!model) return audit;
  const UncertainModel uncertain(*model, options_.uncertainty);
  double rms_force = 0;
  for (const ConditionSelection& part : selection.conditions)
    audit_condition(audit, part, uncertain, in_time, rms_force);
  std::vector<Residual> residuals = recent_residuals(round);
  residuals.insert(residuals.end(), audit.residuals.begin(), audit.residuals.end());
  audit.calibration = calibrate(residuals, rms_force);
  audit.rms_probability = rms_residual(audit.residuals, "probability");
  audit.rms_chosen = rms_residual(audit.residuals, "greedy");
  for (const auto& [name, certificate] : audit.certificates) {
    const std::size_t n_numbers = certificate.frequencies.size() + certificate.pressure.size() + 1;
    tell("audit", fmt::format("{}: {} labels, {}", name, certificate.n_labels,
                              certificate.passes() ? "all within tolerance"
                                                   : fmt::format("{} of {} numbers not certified within tolerance",
                                                                 certificate.open().size(), n_numbers)));
    if (certificate.missing > 0.02 && watch_.warn)
      watch_.warn(fmt::format("{}: {:.0f} % of the sample has no label: the certificate rests on the others", name,
                              100 * certificate.missing));
  }
  return audit;
}

}  // namespace zeropoint::active_learning
