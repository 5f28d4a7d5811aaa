#include <ATen/ops/cat.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "active_learning/learner.hpp"
#include "active_learning/statistics.hpp"
#include "core/error.hpp"
#include "core/tensor_eigen.hpp"
#include "files/dft_inputs.hpp"

namespace zeropoint::active_learning {
namespace {

constexpr std::uint32_t first_pool = 100000;  // numbers of pools among populations: those of minimisations are small
constexpr int n_directions = 8;               // feature rows of forces of a candidate
constexpr std::size_t most_candidates = 400;  // whose features are looked at
constexpr double larger_amplitude = 1.3;      // of a tenth of the first batch
constexpr double least_correlation = 0.3, least_ratio = 1.2;

/// Conditions that the first labels come from: the hottest at the lowest and the highest pressure.
std::vector<sscha::Condition> widest(const std::vector<sscha::Condition>& conditions) {
  std::vector<sscha::Condition> chosen;
  for (const int sign : {1, -1}) {
    const auto best = std::ranges::max_element(conditions, [&](const auto& a, const auto& b) {
      const double pa = sign * a.pressure.value_or(0), pb = sign * b.pressure.value_or(0);
      return pa != pb ? pa < pb : a.temperature < b.temperature;
    });
    if (chosen.empty() || chosen.front().name() != best->name()) chosen.push_back(*best);
  }
  return chosen;
}

/// `n` shared out, the first getting one more.
int share(int n, std::size_t of, std::size_t i) {
  const int parts = static_cast<int>(of);
  return n / parts + (static_cast<int>(i) < n % parts ? 1 : 0);
}

}  // namespace

at::Tensor Learner::pool(int round, const sscha::Condition& condition, const sscha::TrialDensity& density) const {
  const auto number = static_cast<std::size_t>(
      std::ranges::find_if(options_.conditions, [&](const auto& other) { return other.name() == condition.name(); }) -
      options_.conditions.begin());
  const sscha::Sampler sampler(density, {.method = sscha::SamplingMethod::random,
                                         .seed = options_.seed,
                                         .population = first_pool + 1000 * static_cast<std::uint32_t>(number) +
                                                       static_cast<std::uint32_t>(round)});
  return sampler.displacements(0, options_.pool);
}

/// Random configurations, every tenth of them with larger displacements.
ConditionSelection Learner::first_batch(const sscha::Condition& condition, int n) {
  const sscha::TrialDensity from = density(0, condition);
  const Crystal at_rest = from.matrices().supercell().crystal();
  at::Tensor u = pool(1, condition, from).slice(0, 0, n).clone();
  ConditionSelection part{.condition = condition.name(), .n_pool = options_.pool};
  for (std::int64_t c = 0;
       part.picks.size() < static_cast<std::size_t>(std::min<std::int64_t>(n, u.size(0))) && c < u.size(0); ++c) {
    if (c % 10 == 9) u[c].mul_(larger_amplitude);
    const Crystal crystal = displaced(at_rest, u, c);
    Pick pick{.index = c, .reason = "first"};
    if (has_impossible_distance(crystal)) {
      part.uncovered += 1.0 / static_cast<double>(u.size(0));
      continue;
    }
    const std::string id = store_.id_of(crystal);
    pick.task = store_.add(crystal, code_.inputs(crystal, id.substr(0, 10), 1));
    part.picks.push_back(std::move(pick));
  }
  return part;
}

/// Whether the greedy part of earlier batches was worth it: its residuals are larger than those of random ones, and the
/// uncertainty ranks configurations. Two bad rounds in a row switch it off.
bool Learner::greedy_is_better(int round) const {
  int n_bad = 0;
  for (int k = round - 1; k >= std::max(1, round - 2); --k) {
    const std::optional<Audit> audit = read_audit(file(k, "audit.json"));
    if (!audit || audit->rms_chosen == 0 || audit->rms_probability == 0) return true;
    const bool ranks = audit->calibration.rank_correlation >= least_correlation;
    n_bad += !ranks || audit->rms_chosen < least_ratio * audit->rms_probability;
  }
  return n_bad < 2;
}

Selection Learner::select(int round) {
  TrainedModel record;
  const std::optional<mlp::Model> model = model_before(round, record);
  const int batch = round == 1 && !model && options_.first > 0 ? options_.first : options_.batch;
  const int n = std::min(batch, options_.maximum_labels - asked_before(round));
  Selection selection{.round = round,
                      .model = model ? record.sha : "",
                      .design = "systematic",
                      .seed = options_.seed,
                      .conditions = {}};
  if (!model) {
    const std::vector<sscha::Condition> from = widest(options_.conditions);
    for (std::size_t i = 0; i < from.size(); ++i)
      selection.conditions.push_back(first_batch(from[i], share(n, from.size(), i)));
  } else {
    const bool greedy = greedy_is_better(round);
    if (!greedy) tell("selection", "random: the greedy choice of the last two rounds was no better");
    for (std::size_t i = 0; i < options_.conditions.size(); ++i)
      selection.conditions.push_back(
          choose(round, options_.conditions[i], *model, record, share(n, options_.conditions.size(), i), greedy));
  }
  for (const ConditionSelection& part : selection.conditions) {
    tell("selected", fmt::format("{}: {} configurations{}", part.condition, part.picks.size(),
                                 part.median_error > 0 ? fmt::format(", median error of a force {:.1f} meV/angstrom",
                                                                     1e3 * part.median_error)
                                                       : ""));
    if (part.uncovered > 1e-3 && watch_.warn)
      watch_.warn(fmt::format(
          "{}: {:.2g} % of the weight is on configurations with atoms too near to each other, which nobody labels",
          part.condition, 100 * part.uncovered));
    if (part.uncovered > 1e-2)
      throw ComputationError{
          "{}: {:.2g} % of the population has atoms nearer than half the sum of their covalent radii: the matrices are "
          "too soft",
          part.condition, 100 * part.uncovered};
    if (part.extrapolating > 0.05 && watch_.warn)
      watch_.warn(fmt::format(
          "{}: the model extrapolates for {:.0f} % of the population: its numbers mean little until these are labelled",
          part.condition, 100 * part.extrapolating));
  }
  return selection;
}

/// Greedy picks among those with an error above the median, by what they say beside the others.
std::vector<std::size_t> Learner::informative(const mlp::Model& model, const TrainedModel& record,
                                              const Supercell& reference, const at::Tensor& u,
                                              const std::vector<Score>& scores, const std::vector<bool>& taken,
                                              int n) const {
  std::vector<double> errors;
  for (const Score& score : scores) errors.push_back(score.largest);
  const double median = quantile(errors, 0.5);
  std::vector<std::int64_t> eligible;
  for (std::size_t c = 0; c < scores.size(); ++c) {
    if (!taken[c] && !scores[c].impossible && scores[c].weight > 0.05 && scores[c].largest >= median)
      eligible.push_back(static_cast<std::int64_t>(c));
  }
  std::ranges::stable_sort(eligible, [&](std::int64_t a, std::int64_t b) {
    return scores[static_cast<std::size_t>(a)].largest > scores[static_cast<std::size_t>(b)].largest;
  });
  if (eligible.size() > most_candidates) eligible.resize(most_candidates);
  mlp::LossOptions loss = options_.fit.training.loss;
  loss.energy_scale = record.energy_scale;
  loss.force_scale = record.force_scale;
  const std::vector<Eigen::MatrixXd> rows =
      whitened_rows(model, loss, reference, u, eligible, n_directions, options_.seed, options_.uncertainty.ridge);
  std::vector<double> weights;
  for (const std::int64_t c : eligible) weights.push_back(scores[static_cast<std::size_t>(c)].weight);
  std::vector<std::size_t> chosen;
  for (const std::size_t i : greedy_choice(rows, weights, n)) chosen.push_back(static_cast<std::size_t>(eligible[i]));
  return chosen;
}

ConditionSelection Learner::choose(int round, const sscha::Condition& condition, const mlp::Model& model,
                                   const TrainedModel& record, int n, bool greedy) {
  const sscha::TrialDensity from = density(round - 1, condition);
  const Supercell reference = from.matrices().supercell();
  const Crystal at_rest = reference.crystal();
  const at::Tensor u = pool(round, condition, from);
  const Calibration calibration = calibration_before(round);
  const UncertainModel uncertain(model, options_.uncertainty);
  const UncertainEvaluation evaluation = uncertain.evaluate(reference, u, false, watch_.idle);
  const std::vector<Score> scores = scores_of(evaluation, reference, u, calibration);
  const Eigen::VectorXd energy = to_vector(evaluation.mean.energies),
                        energy_error = to_vector(evaluation.energy_sigma());

  ConditionSelection part{.condition = condition.name(), .n_pool = options_.pool};
  std::vector<double> rms;
  std::vector<Class> kinds;
  for (const Score& score : scores) {
    kinds.push_back(class_of(score, calibration.thresholds));
    part.uncovered += kinds.back() == Class::impossible;
    part.extrapolating += kinds.back() == Class::extrapolating;
    rms.push_back(score.rms);
  }
  part.uncovered /= static_cast<double>(scores.size());
  part.extrapolating /= static_cast<double>(scores.size());
  part.median_error = quantile(rms, 0.5);

  std::set<std::string> keys;
  std::vector<bool> taken(scores.size(), false);
  const auto take = [&](std::int64_t c, const std::string& reason, double inclusion) {
    const std::size_t i = static_cast<std::size_t>(c);
    const Crystal crystal = displaced(at_rest, u, c);
    // A probability sample keeps all that it drew; others leave out what is there already.
    if (!keys.insert(geometry_key(crystal)).second && reason != "probability") return;
    taken[i] = true;
    const std::string id = store_.id_of(crystal);
    part.picks.push_back({.index = c,
                          .task = store_.add(crystal, code_.inputs(crystal, id.substr(0, 10), 1)),
                          .reason = reason,
                          .inclusion = inclusion,
                          .score = scores[i],
                          .kind = kinds[i],
                          .expected_energy = energy[c],
                          .energy_error = calibration.calibrated() ? calibration.energy * energy_error[c] : 0});
  };
  const int n_sample = std::min(n, std::max(12, (n + 2) / 3));
  const Eigen::VectorXd inclusion = inclusion_probabilities(scores, n_sample);
  const std::uint64_t seed = options_.seed + static_cast<std::uint64_t>(round);
  for (const std::int64_t c : systematic_sample(inclusion, seed)) take(c, "probability", inclusion[c]);
  const int left = n - static_cast<int>(part.picks.size());
  if (left > 0 && greedy && model.members.size() == 1) {
    for (const std::size_t c : informative(model, record, reference, u, scores, taken, left))
      take(static_cast<std::int64_t>(c), "greedy", 1);
  }
  // What the greedy choice has left, or all of it: the pool is in random order.
  for (std::int64_t c = 0; c < u.size(0) && !greedy && static_cast<int>(part.picks.size()) < n; ++c) {
    if (!taken[static_cast<std::size_t>(c)] && kinds[static_cast<std::size_t>(c)] != Class::impossible)
      take(c, "random", 1);
  }
  return part;
}

}  // namespace zeropoint::active_learning
