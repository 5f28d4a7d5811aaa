#pragma once

#include <map>
#include <string>
#include <vector>

#include "active_learning/selection.hpp"

namespace zeropoint::active_learning {

/// How far a model was off in a configuration that it had not seen, and how unsure it was.
struct Residual {
  std::string reason;                     ///< why it was labelled: only "probability" samples calibrate
  double weight = 1;                      ///< SSCHA weight over inclusion probability
  double energy = 0, energy_sigma = 0;    ///< eV per atom: |difference|, uncalibrated error
  std::vector<std::string> species = {};  ///< [n_atoms]
  std::vector<double> force = {},
                      sigma = {};  ///< [n_atoms] eV/angstrom: |difference|, uncalibrated error, both of vectors
};

/// What raw uncertainties are worth, from residuals out of sample.
struct Calibration {
  int n_configurations = 0;             ///< probability samples that it rests on
  std::map<std::string, double> force;  ///< factor of each species; 1 where nothing is known
  double all_forces = 1, energy = 1;
  double conformal_95 = 0;  ///< |r| < this times the calibrated error in 95 % of cases; 0: too few
  // How good the uncertainty is, with calibrated errors:
  double rank_correlation = 0;  ///< of configurations: root mean squares of errors and of residuals
  double zms = 0;               ///< mean of (r/sigma)^2 of force components: 1
  double coverage_95 = 0;       ///< share of atoms within the 95 % bound of a normal distribution
  double miscalibration = 0;    ///< area between nominal and observed quantiles, 0 to 0.5
  double rms_force_error = 0;   ///< eV/angstrom, of a component
  Thresholds thresholds;

  bool calibrated() const { return n_configurations >= least; }
  double factor(const std::string& species) const;

  static constexpr int least = 20, target = 40;
};

/// `residuals` of the latest rounds. Factors are medians: alpha = median(|r|/sigma) over that of a normal distribution
/// of three components (forces) or one (energies). `rms_force`: of a component of the labels, eV/angstrom; the lower
/// threshold is where configurations have an error of max(20 meV/angstrom, 3 % of it).
/// With fewer than `least` configurations the factors are still told, and the thresholds stay at their defaults.
Calibration calibrate(const std::vector<Residual>& residuals, double rms_force);

/// Root mean square of the residual over that of the calibrated error, for those labelled for `reason`; root mean
/// square of the residual force alone, eV/angstrom.
double rms_residual(const std::vector<Residual>& residuals, const std::string& reason);

}  // namespace zeropoint::active_learning
