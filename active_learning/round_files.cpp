#include "active_learning/round_files.hpp"

#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/atomic_file.hpp"
#include "core/error.hpp"

namespace zeropoint::active_learning {

using nlohmann::ordered_json;

namespace {

/// Infinity and NaN have no place in JSON.
ordered_json number(double value) { return std::isfinite(value) ? ordered_json(value) : ordered_json(nullptr); }
double number_in(const ordered_json& json, const char* key) {
  const ordered_json& value = json.at(key);
  return value.is_null() ? std::numeric_limits<double>::infinity() : value.get<double>();
}

}  // namespace

static void to_json(ordered_json& json, const Score& score) {
  json = {{"largest", score.largest}, {"rms", score.rms},       {"energy", score.energy},
          {"grade", score.grade},     {"weight", score.weight}, {"impossible", score.impossible}};
}
static void from_json(const ordered_json& json, Score& score) {
  score = {json.at("weight"), json.at("largest"), json.at("rms"),
           json.at("energy"), json.at("grade"),   json.at("impossible")};
}

static void to_json(ordered_json& json, const Pick& pick) {
  json = {{"index", pick.index},
          {"task", pick.task},
          {"reason", pick.reason},
          {"inclusion", pick.inclusion},
          {"class", name_of(pick.kind)},
          {"score", pick.score},
          {"expected_energy", pick.expected_energy},
          {"energy_error", pick.energy_error}};
}
static void from_json(const ordered_json& json, Pick& pick) {
  pick = {.index = json.at("index"),
          .task = json.at("task"),
          .reason = json.at("reason"),
          .inclusion = json.at("inclusion"),
          .score = json.at("score").get<Score>()};
  for (const Class kind : {Class::accurate, Class::candidate, Class::extrapolating, Class::impossible}) {
    if (json.at("class") == name_of(kind)) pick.kind = kind;
  }
  pick.expected_energy = json.at("expected_energy");
  pick.energy_error = json.at("energy_error");
}

static void to_json(ordered_json& json, const ConditionSelection& part) {
  json = {{"condition", part.condition},        {"n_pool", part.n_pool},
          {"uncovered_weight", part.uncovered}, {"extrapolating_weight", part.extrapolating},
          {"median_error", part.median_error},  {"picks", part.picks}};
}
static void from_json(const ordered_json& json, ConditionSelection& part) {
  part = {json.at("condition"),        json.at("n_pool"),
          json.at("uncovered_weight"), json.at("extrapolating_weight"),
          json.at("median_error"),     json.at("picks").get<std::vector<Pick>>()};
}

static void to_json(ordered_json& json, const Residual& residual) {
  json = {{"reason", residual.reason},   {"weight", residual.weight},
          {"energy", residual.energy},   {"energy_sigma", residual.energy_sigma},
          {"species", residual.species}, {"force", residual.force},
          {"sigma", residual.sigma}};
}
static void from_json(const ordered_json& json, Residual& residual) {
  json.at("reason").get_to(residual.reason);
  json.at("weight").get_to(residual.weight);
  json.at("energy").get_to(residual.energy);
  json.at("energy_sigma").get_to(residual.energy_sigma);
  json.at("species").get_to(residual.species);
  json.at("force").get_to(residual.force);
  json.at("sigma").get_to(residual.sigma);
}

static void to_json(ordered_json& json, const Calibration& calibration) {
  json = {{"n_configurations", calibration.n_configurations},
          {"calibrated", calibration.calibrated()},
          {"force", ordered_json(calibration.force)},
          {"all_forces", calibration.all_forces},
          {"energy", calibration.energy},
          {"conformal_95", number(calibration.conformal_95)},
          {"rank_correlation", calibration.rank_correlation},
          {"zms", calibration.zms},
          {"coverage_95", calibration.coverage_95},
          {"miscalibration_area", calibration.miscalibration},
          {"rms_force_error", calibration.rms_force_error},
          {"low", calibration.thresholds.low},
          {"high", calibration.thresholds.high}};
}
static void from_json(const ordered_json& json, Calibration& calibration) {
  json.at("n_configurations").get_to(calibration.n_configurations);
  json.at("force").get_to(calibration.force);
  json.at("all_forces").get_to(calibration.all_forces);
  json.at("energy").get_to(calibration.energy);
  calibration.conformal_95 = number_in(json, "conformal_95");
  json.at("rank_correlation").get_to(calibration.rank_correlation);
  json.at("zms").get_to(calibration.zms);
  json.at("coverage_95").get_to(calibration.coverage_95);
  json.at("miscalibration_area").get_to(calibration.miscalibration);
  json.at("rms_force_error").get_to(calibration.rms_force_error);
  json.at("low").get_to(calibration.thresholds.low);
  json.at("high").get_to(calibration.thresholds.high);
}

static void to_json(ordered_json& json, const SampledMean& mean) {
  json = {{"value", mean.value}, {"standard_error", mean.standard_error}, {"n", mean.n}};
}
static void from_json(const ordered_json& json, SampledMean& mean) {
  mean = {json.at("value"), json.at("standard_error"), json.at("n")};
}

static void to_json(ordered_json& json, const Certified& certified) {
  json = certified.mean;
  if (certified.mean.n > 1) {
    json["low"] = certified.mean.low();
    json["high"] = certified.mean.high();
  }
  json["tolerance"] = certified.tolerance;
  json["verdict"] = name_of(certified.verdict);
  json["n_needed"] = certified.n_needed;
}
static void from_json(const ordered_json& json, Certified& result) {
  result = certified(json.get<SampledMean>(), json.at("tolerance"));
}

static void to_json(ordered_json& json, const FrequencyBlock& block) {
  json = {{"star", block.star},
          {"iq", block.iq},
          {"mode", block.mode},
          {"n_degenerate", block.n_degenerate},
          {"frequency", block.frequency}};
}
static void from_json(const ordered_json& json, FrequencyBlock& block) {
  block = {json.at("star"), json.at("iq"), json.at("mode"), json.at("n_degenerate"), json.at("frequency")};
}

static void to_json(ordered_json& json, const Certificate& certificate) {
  json = {{"n_labels", certificate.n_labels},
          {"missing", certificate.missing},
          {"free_energy", certificate.free_energy},
          {"pressure", certificate.pressure},
          {"blocks", certificate.blocks},
          {"frequencies", certificate.frequencies},
          {"log_frequency", certificate.log_frequency}};
}
static void from_json(const ordered_json& json, Certificate& certificate) {
  json.at("n_labels").get_to(certificate.n_labels);
  json.at("missing").get_to(certificate.missing);
  certificate.free_energy = json.at("free_energy").get<Certified>();
  certificate.pressure = json.at("pressure").get<std::vector<Certified>>();
  certificate.blocks = json.at("blocks").get<std::vector<FrequencyBlock>>();
  certificate.frequencies = json.at("frequencies").get<std::vector<Certified>>();
  certificate.log_frequency = json.at("log_frequency").get<SampledMean>();
}

static void to_json(ordered_json& json, const Observed& observed) {
  json = {{"value", observed.value}, {"statistical", observed.statistical}, {"potential", observed.potential}};
}
static void from_json(const ordered_json& json, Observed& observed) {
  observed = {json.at("value"), json.at("statistical"), json.at("potential")};
}

static void to_json(ordered_json& json, const ConditionObservables& found) {
  json = {{"condition", found.condition}, {"settled", found.settled}, {"free_energy", found.free_energy},
          {"volume", found.volume},       {"blocks", found.blocks},   {"frequencies", found.frequencies}};
  if (found.pressure) json["pressure"] = *found.pressure;
}
static void from_json(const ordered_json& json, ConditionObservables& found) {
  json.at("condition").get_to(found.condition);
  json.at("settled").get_to(found.settled);
  found.free_energy = json.at("free_energy").get<Observed>();
  json.at("volume").get_to(found.volume);
  found.blocks = json.at("blocks").get<std::vector<FrequencyBlock>>();
  found.frequencies = json.at("frequencies").get<std::vector<Observed>>();
  if (json.contains("pressure")) found.pressure = json["pressure"].get<Observed>();
}

namespace {

/// What `take` makes of the file, if there is one.
template <class Result, class Take>
std::optional<Result> read(const std::string& path, Take take) {
  if (!std::filesystem::exists(path)) return {};
  try {
    Result result;
    take(ordered_json::parse(read_file(path)), result);
    return result;
  } catch (const ordered_json::exception& error) {
    throw InputError{"{}: it is damaged: {}", path, error.what()};
  }
}

void write_json(const std::string& path, const ordered_json& json) { write_file(path, json.dump(1) + "\n"); }

}  // namespace

std::vector<std::string> Selection::tasks() const {
  std::vector<std::string> ids;
  for (const ConditionSelection& part : conditions) {
    for (const Pick& pick : part.picks) ids.push_back(pick.task);
  }
  return ids;
}

void write(const std::string& path, const Selection& selection) {
  write_json(path, {{"round", selection.round},
                    {"model", selection.model},
                    {"design", selection.design},
                    {"seed", selection.seed},
                    {"conditions", selection.conditions}});
}

std::optional<Selection> read_selection(const std::string& path) {
  return read<Selection>(path, [](const ordered_json& json, Selection& selection) {
    selection = {json.at("round"), json.at("model"), json.at("design"), json.at("seed"),
                 json.at("conditions").get<std::vector<ConditionSelection>>()};
  });
}

void write(const std::string& path, const Audit& audit) {
  ordered_json certificates = ordered_json::array();
  for (const auto& [condition, certificate] : audit.certificates)
    certificates.push_back({{"condition", condition}, {"certificate", certificate}});
  write_json(path, {{"round", audit.round},
                    {"model", audit.model},
                    {"n_labels", audit.n_labels},
                    {"rms_probability", audit.rms_probability},
                    {"rms_chosen", audit.rms_chosen},
                    {"calibration", audit.calibration},
                    {"certificates", std::move(certificates)},
                    {"residuals", audit.residuals}});
}

std::optional<Audit> read_audit(const std::string& path) {
  return read<Audit>(path, [](const ordered_json& json, Audit& audit) {
    json.at("round").get_to(audit.round);
    json.at("model").get_to(audit.model);
    json.at("n_labels").get_to(audit.n_labels);
    json.at("rms_probability").get_to(audit.rms_probability);
    json.at("rms_chosen").get_to(audit.rms_chosen);
    audit.calibration = json.at("calibration").get<Calibration>();
    audit.residuals = json.at("residuals").get<std::vector<Residual>>();
    for (const ordered_json& entry : json.at("certificates"))
      audit.certificates.emplace_back(entry.at("condition").get<std::string>(),
                                      entry.at("certificate").get<Certificate>());
  });
}

void write(const std::string& path, const RoundResult& result) {
  write_json(path, {{"round", result.round},
                    {"model", result.model},
                    {"n_labels", result.n_labels},
                    {"largest_change", number(result.largest_change)},
                    {"converged", result.converged},
                    {"open", result.open},
                    {"conditions", result.conditions}});
}

std::optional<RoundResult> read_round_result(const std::string& path) {
  return read<RoundResult>(path, [](const ordered_json& json, RoundResult& result) {
    json.at("round").get_to(result.round);
    json.at("model").get_to(result.model);
    json.at("n_labels").get_to(result.n_labels);
    result.largest_change = number_in(json, "largest_change");
    json.at("converged").get_to(result.converged);
    json.at("open").get_to(result.open);
    result.conditions = json.at("conditions").get<std::vector<ConditionObservables>>();
  });
}

void write(const std::string& path, const Calibration& calibration, const std::string& model) {
  ordered_json json = calibration;
  json["model"] = model;
  write_json(path, json);
}

void write(const std::string& path, const TrainedModel& model) {
  write_json(path, {{"model", model.sha},
                    {"origin", model.origin},
                    {"energy_scale", model.energy_scale},
                    {"force_scale", model.force_scale},
                    {"held_out_force_error", model.held_out},
                    {"held_out_force_error_before", model.held_out_before},
                    {"n_training", model.n_training},
                    {"n_held_out", model.n_held_out}});
}

std::optional<TrainedModel> read_trained_model(const std::string& path) {
  return read<TrainedModel>(path, [](const ordered_json& json, TrainedModel& model) {
    model = {json.at("model"),
             json.at("origin"),
             json.at("energy_scale"),
             json.at("force_scale"),
             json.at("held_out_force_error"),
             json.at("held_out_force_error_before"),
             json.at("n_training"),
             json.at("n_held_out")};
  });
}

void write(const std::string& path, const std::vector<std::string>& names) { write_json(path, names); }

std::optional<std::vector<std::string>> read_names(const std::string& path) {
  return read<std::vector<std::string>>(
      path, [](const ordered_json& json, std::vector<std::string>& names) { json.get_to(names); });
}

}  // namespace zeropoint::active_learning
