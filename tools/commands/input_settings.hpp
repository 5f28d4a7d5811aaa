#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/run_file.hpp"
#include "core/space_group.hpp"
#include "phonons/dynamical_matrices.hpp"
#include "sscha/opened_ensemble.hpp"

namespace zeropoint {

class Console;

/// [ensemble]: what was labelled, and the density that drew it.
struct EnsembleSettings {
  std::vector<std::string> path, dyn;
  std::vector<int> population{1};
  std::vector<double> temperature;
  int n_configurations = 0;
  double reference_energy = 0;
  bool check_generator = true;
};
/// With `result`, a finished run may be named instead: it goes there, and `path` may be left out.
void declare(Schema& schema, EnsembleSettings& settings, std::string* result = nullptr);

/// [symmetry].
void declare(Schema& schema, SymmetryOptions& options);

/// [start]: where to begin, when not at the generating density.
struct StartSettings {
  std::string dyn;
  std::optional<double> temperature;
  std::map<std::string, double> masses;
};
void declare(Schema& schema, StartSettings& settings);

/// Takes the ensemble of a finished `minimize` or `sscha` run (its result.h5 or its folder), and begins where it ended;
/// [symmetry] and start.temperature are those of the run unless other ones are given.
/// @throws InputError when there is no such run, or when it has not finished.
void take_finished_run(const std::string& result, EnsembleSettings& ensemble, SymmetryOptions& symmetry,
                       StartSettings& start);

/// Sites that a species ("H") or "site N" (from 1) means. @throws InputError, naming `key`, when there is none.
std::vector<int> sites_named(const std::string& name, const Crystal& crystal, const std::string& key);
/// Masses (amu) of species or sites. @throws as above.
void set_masses(Crystal& crystal, const std::map<std::string, double>& masses, const std::string& key);

/// @throws ConfigError when dyn or temperature are missing and the ensemble does not hold them.
sscha::OpenedEnsemble open(const EnsembleSettings& settings, const UnitSet& units);

/// Reads it all, with a progress bar. @throws InputError as sscha::Population; Interrupted.
sscha::Population read_population(const sscha::OpenedEnsemble& input, const EnsembleSettings& settings,
                                  at::Device device, Console& console);

/// Of [start] or else that at which the populations were drawn. @throws ConfigError when they were drawn at several.
double temperature_of(const StartSettings& settings, const sscha::OpenedEnsemble& input);

/// The matrices of [start] or else the generating ones, with the masses asked for. The crystal, the grid and the order
/// of its points must be those of `generating`. @throws InputError when they differ, or when a mass names no site.
phonons::DynamicalMatrices start_matrices(const StartSettings& settings, const phonons::DynamicalMatrices& generating,
                                          const UnitSet& units);

/// A labelled ensemble, and the density at which it is looked at.
struct DensityInput {
  sscha::OpenedEnsemble ensemble;
  SpaceGroup group;             ///< keeps the grid
  sscha::TrialDensity density;  ///< with the symmetry of the group
};
/// Opens what [ensemble] names and takes the density from [start], or else from the ensemble; says what they are.
/// @throws as the functions above.
DensityInput open_at_start(const EnsembleSettings& ensemble, const SymmetryOptions& symmetry,
                           const StartSettings& start, const UnitSet& units, Console& console);

/// A "crystal" line.
void describe_crystal(const Crystal& crystal, Console& console);
/// "crystal" and "grid" lines.
void describe(const phonons::DynamicalMatrices& matrices, Console& console);
void describe(const SpaceGroup& group, Console& console);
/// A table of frequencies [n_q][3n], cm^-1, at the first point of each star.
void show_frequencies(const phonons::QGrid& grid, const std::vector<std::vector<double>>& frequencies,
                      Console& console);
/// An "ensemble" line for each.
void describe(const sscha::OpenedEnsemble& input, Console& console);

/// "0 1/2 1/4": q in crystal coordinates.
std::string q_text(const Eigen::Vector3d& q);

}  // namespace zeropoint
