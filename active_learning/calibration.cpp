#include "active_learning/calibration.hpp"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <numeric>

#include "active_learning/statistics.hpp"

namespace zeropoint::active_learning {
namespace {

constexpr double median_of_three = 0.8880837;  // of |r|/sigma for three normal components, sigma^2 their sum
constexpr double median_of_one = 0.6744898;
constexpr double least_error = 0.02, relative_error = 0.03;  // the target of the lower threshold, eV/angstrom

double root_mean_square(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return values.empty() ? 0 : std::sqrt(sum / static_cast<double>(values.size()));
}

/// What is compared once factors are known: |r| and the calibrated error of each atom, and of each configuration.
struct Compared {
  std::vector<double> ratio, weight;               // of atoms: |r|/sigma
  std::vector<double> config_error, config_sigma;  // root mean squares over the atoms
  std::vector<double> largest;                     // Score::largest of each configuration
};

Compared compare(const std::vector<const Residual*>& sample, const Calibration& calibration) {
  Compared all;
  for (const Residual* residual : sample) {
    double error = 0, sigma = 0, largest = 0;
    for (std::size_t i = 0; i < residual->force.size(); ++i) {
      const double calibrated = calibration.factor(residual->species[i]) * residual->sigma[i];
      if (calibrated > 0) {
        all.ratio.push_back(residual->force[i] / calibrated);
        all.weight.push_back(residual->weight);
      }
      error += residual->force[i] * residual->force[i];
      sigma += calibrated * calibrated;
      largest = std::max(largest, calibrated);
    }
    const double n = static_cast<double>(std::max<std::size_t>(1, residual->force.size()));
    all.config_error.push_back(std::sqrt(error / n));
    all.config_sigma.push_back(std::sqrt(sigma / n));
    all.largest.push_back(largest);
  }
  return all;
}

/// Area between the diagonal and the share of atoms within each nominal quantile.
double miscalibration_of(const std::vector<double>& ratios) {
  std::vector<double> levels;
  const boost::math::chi_squared three(3);
  for (const double ratio : ratios) levels.push_back(boost::math::cdf(three, 3 * ratio * ratio));
  std::sort(levels.begin(), levels.end());
  double area = 0;
  for (std::size_t i = 0; i < levels.size(); ++i)
    area += std::abs(levels[i] - (static_cast<double>(i) + 0.5) / static_cast<double>(levels.size()));
  return levels.empty() ? 0 : area / static_cast<double>(levels.size());
}

Thresholds thresholds_of(const Compared& all, double rms_force) {
  const double target = std::max(least_error, relative_error * rms_force);
  std::vector<std::size_t> order(all.largest.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return all.largest[a] < all.largest[b]; });
  std::vector<double> squares;
  for (const std::size_t i : order) squares.push_back(all.config_error[i] * all.config_error[i] / 3);
  const std::vector<double> fitted = isotonic(squares);
  Thresholds thresholds{.low = 0.5 * all.largest[order.front()]};
  double sum = 0;
  for (std::size_t k = 0; k < fitted.size(); ++k) {
    sum += fitted[k];
    if (sum / static_cast<double>(k + 1) > target * target) break;
    thresholds.low = all.largest[order[k]];
  }
  const double extreme = quantile(all.ratio, 0.999);
  thresholds.high = std::max(2 * thresholds.low, 3 * extreme * quantile(all.largest, 0.5));
  return thresholds;
}

}  // namespace

double Calibration::factor(const std::string& species) const {
  const auto found = force.find(species);
  return found == force.end() ? all_forces : found->second;
}

Calibration calibrate(const std::vector<Residual>& residuals, double rms_force) {
  Calibration calibration;
  std::vector<const Residual*> sample;
  std::map<std::string, std::vector<double>> of_species;
  std::vector<double> forces, energies;
  for (const Residual& residual : residuals) {
    if (residual.reason != "probability") continue;
    sample.push_back(&residual);
    for (std::size_t i = 0; i < residual.force.size(); ++i) {
      if (!(residual.sigma[i] > 0)) continue;
      of_species[residual.species[i]].push_back(residual.force[i] / residual.sigma[i]);
      forces.push_back(residual.force[i] / residual.sigma[i]);
    }
    if (residual.energy_sigma > 0) energies.push_back(residual.energy / residual.energy_sigma);
  }
  calibration.n_configurations = static_cast<int>(sample.size());
  if (forces.empty()) return calibration;
  calibration.all_forces = quantile(forces, 0.5) / median_of_three;
  for (const auto& [species, ratios] : of_species) {
    if (ratios.size() >= 20) calibration.force[species] = quantile(ratios, 0.5) / median_of_three;
  }
  if (!energies.empty()) calibration.energy = quantile(energies, 0.5) / median_of_one;

  const Compared all = compare(sample, calibration);
  calibration.rank_correlation = rank_correlation(all.config_sigma, all.config_error);
  const double z = root_mean_square(all.ratio);
  calibration.zms = z * z;
  const double bound = std::sqrt(boost::math::quantile(boost::math::chi_squared(3), 0.95) / 3);
  calibration.coverage_95 =
      static_cast<double>(std::count_if(all.ratio.begin(), all.ratio.end(), [bound](double r) { return r <= bound; })) /
      static_cast<double>(all.ratio.size());
  calibration.miscalibration = miscalibration_of(all.ratio);
  calibration.rms_force_error = root_mean_square(all.config_error) / std::sqrt(3.0);
  if (!calibration.calibrated()) return calibration;
  calibration.conformal_95 = conformal_quantile(all.ratio, all.weight, 0.95, quantile(all.weight, 0.5));
  calibration.thresholds = thresholds_of(all, rms_force);
  return calibration;
}

double rms_residual(const std::vector<Residual>& residuals, const std::string& reason) {
  std::vector<double> forces;
  for (const Residual& residual : residuals) {
    if (residual.reason == reason) forces.insert(forces.end(), residual.force.begin(), residual.force.end());
  }
  return root_mean_square(forces);
}

}  // namespace zeropoint::active_learning
