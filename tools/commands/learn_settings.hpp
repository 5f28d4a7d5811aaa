#pragma once

#include <map>
#include <string>
#include <vector>

#include "active_learning/dft_code.hpp"
#include "active_learning/learner.hpp"
#include "active_learning/runner.hpp"
#include "core/space_group.hpp"
#include "files/training_set.hpp"
#include "tools/commands/loop_settings.hpp"
#include "tools/commands/training_settings.hpp"

namespace zeropoint {

/// The run file of `learn`.
struct LearnSettings : LoopSettings, TrainingSettings {
  LearnSettings();

  std::string structure, dyn, model;
  std::vector<std::string> data;
  std::vector<int> supercell;
  std::map<std::string, double> masses;
  TrainingSetOptions reading;
  SymmetryOptions symmetry;

  active_learning::DftOptions dft;
  active_learning::RunnerOptions runner;
  std::vector<std::string> slurm;

  int batch = 32, first = 0, maximum_labels = 300, pool = 1000, heads = 8;
  double enough = 0.7;
  std::vector<std::string> frequency_tolerance{"1 %", "5 cm^-1"};
  double free_energy_tolerance = 0.5e-3, pressure_tolerance;
  bool from_last_model = true;
};
void declare(Schema& schema, LearnSettings& settings);

/// What `learn` begins from.
struct LearnStart {
  Crystal crystal;
  Eigen::Vector3i divisions;
  SpaceGroup group;
  std::optional<phonons::DynamicalMatrices> matrices;
  std::vector<LabelledSet> data;
};
/// Reads it and says what it is. @throws ConfigError when a structure has no supercell; InputError, IoError.
LearnStart read_start(const LearnSettings& settings, const UnitSet& units, Console& console);

/// All options of a learner in `folder`. @throws ConfigError for tolerances that are none.
active_learning::LearnOptions learn_options(const LearnSettings& settings, LearnStart start, const std::string& folder,
                                            const Run& context);

}  // namespace zeropoint
