#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "mlp/judgement.hpp"
#include "mlp/trainer.hpp"
#include "tools/figures/figures.hpp"
#include "tools/program/run_folder.hpp"

namespace zeropoint {

class Console;
class Hdf5File;

/// A table of errors for people: one line for each name.
void show_errors(const std::vector<std::pair<std::string, mlp::Errors>>& rows, Console& console);
/// Forces species by species.
void show_species(const mlp::Errors& errors, const std::vector<std::string>& species, Console& console);

/// energy_rmse, energy_mae (meV/atom), force_rmse, force_mae (meV/angstrom), stress_rmse (GPa).
void add_errors(Summary& summary, const mlp::Errors& errors);
/// What one network of a committee is off by, mean and error over the networks: a line, and energy_rmse_of_networks ...
/// in the summary. Nothing for one network.
void conclude_members(const std::vector<mlp::Errors>& errors, Console& console, Summary& summary);
/// The same for one line of a list, with forces by species.
nlohmann::json errors_json(const std::string& part, const std::string& set, const mlp::Errors& errors,
                           const std::vector<std::string>& species);

StepTable learning_curve(const std::vector<mlp::EpochReport>& history);

void write_parity(Hdf5File& file, const mlp::Parity& parity);
void write_history(Hdf5File& file, const std::vector<mlp::EpochReport>& history);

/// Parity plots and, for a training, the learning curve, from a result.h5.
std::vector<figures::Figure> figures_of_model(const std::string& path);

}  // namespace zeropoint
