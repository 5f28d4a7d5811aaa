#pragma once

#include <optional>
#include <string>
#include <vector>

#include "active_learning/calibration.hpp"
#include "active_learning/certificate.hpp"
#include "core/estimate.hpp"

namespace zeropoint::active_learning {

/// A configuration that DFT was asked for.
struct Pick {
  std::int64_t index = 0;  ///< in the pool of its condition; of the list of displaced supercells in the first round
  std::string task = {}, reason = {};  ///< "displacement", "first", "probability", "greedy", "random"
  double inclusion = 1;                ///< of a probability sample
  Score score = {};
  Class kind = Class::candidate;
  double expected_energy = 0, energy_error = 0;  ///< eV per supercell, by the model; error 0: not known
};

/// What was chosen at one condition.
struct ConditionSelection {
  std::string condition = {};
  std::int64_t n_pool = 0;
  double uncovered = 0, extrapolating = 0;  ///< weight of impossible and of extrapolating configurations
  double median_error = 0;                  ///< eV/angstrom, of Score::rms
  std::vector<Pick> picks = {};
};

/// rounds/NNNN/selection.json.
struct Selection {
  int round = 0;
  std::string model = {};  ///< SHA-256 of the model that scored; empty: none
  std::string design = "systematic";
  std::uint64_t seed = 0;
  std::vector<ConditionSelection> conditions = {};

  std::vector<std::string> tasks() const;
};

/// rounds/NNNN/audit.json: what the labels of a round say about the model that chose them.
struct Audit {
  int round = 0;
  std::string model = {};
  int n_labels = 0;  ///< of all rounds, this one included
  std::vector<Residual> residuals = {};
  Calibration calibration = {};
  double rms_probability = 0, rms_chosen = 0;                          ///< eV/angstrom, of the two parts of the batch
  std::vector<std::pair<std::string, Certificate>> certificates = {};  ///< of each condition that has one
};

/// A number of a solution with all its errors.
struct Observed {
  double value = 0, statistical = 0, potential = 0;
};

/// What was found at one condition with the model of a round, per unit cell.
struct ConditionObservables {
  std::string condition = {};
  bool settled = false;
  Observed free_energy = {};              ///< eV
  std::optional<Observed> pressure = {};  ///< eV/angstrom^3
  double volume = 0;                      ///< angstrom^3
  std::vector<FrequencyBlock> blocks = {};
  std::vector<Observed> frequencies = {};  ///< of each block, sqrt(eV/amu)/angstrom
};

/// rounds/NNNN/observables.json, the last file of a round.
struct RoundResult {
  int round = 0;
  std::string model = {};
  int n_labels = 0;
  std::vector<ConditionObservables> conditions = {};
  double largest_change = 0;           ///< of a frequency since the round before, in units of what is allowed
  std::vector<std::string> open = {};  ///< what is not converged, for people
  bool converged = false;              ///< this round by itself
};

/// Numbers are written with all their digits. Reading: nothing where there is no file; @throws InputError where it is
/// damaged.
void write(const std::string& path, const Selection& selection);
void write(const std::string& path, const Audit& audit);
void write(const std::string& path, const RoundResult& result);
std::optional<Selection> read_selection(const std::string& path);
std::optional<Audit> read_audit(const std::string& path);
std::optional<RoundResult> read_round_result(const std::string& path);

/// calibration.json, for people: factors, thresholds and how good the uncertainty is.
void write(const std::string& path, const Calibration& calibration, const std::string& model);

/// rounds/NNNN/trained.json: the model that was trained on the labels of a round.
struct TrainedModel {
  std::string sha = {};                      ///< identity() of models/SHA/model.h5
  std::string origin = {};                   ///< for people: "from the last one", "anew", "kept"
  double energy_scale = 0, force_scale = 0;  ///< of its loss, eV per atom and eV/angstrom
  double held_out = 0, held_out_before = 0;  ///< eV/angstrom, root mean square force error on labels never trained on
  int n_training = 0, n_held_out = 0;
};
void write(const std::string& path, const TrainedModel& model);
std::optional<TrainedModel> read_trained_model(const std::string& path);

/// A list of texts, such as the labels that a model was trained on.
void write(const std::string& path, const std::vector<std::string>& names);
std::optional<std::vector<std::string>> read_names(const std::string& path);

}  // namespace zeropoint::active_learning
