#include "mlp/pressure_balance.hpp"

#include <cmath>

namespace zeropoint::mlp {

void PressureBalance::add(const Prediction& prediction, const LabelledStructure& label) {
  if (!label.stress) return;
  std::map<std::string, double> shares;
  for (const std::string& species : label.species) shares[species] += 1.0 / static_cast<double>(label.n_atoms());
  if (rows_.empty()) composition_ = shares;
  one_composition_ = one_composition_ && shares.size() == composition_.size();
  for (const auto& [species, share] : shares)
    one_composition_ = one_composition_ && std::abs(composition_[species] - share) < 1e-9;
  const double n = label.n_atoms();
  rows_.push_back({std::abs(label.cell.determinant()) / n, (prediction.energy - label.energy) / n,
                   (label.stress->trace() - prediction.stress.trace()) / 3});
}

std::optional<Estimate> PressureBalance::lacking() const {
  constexpr std::size_t fewest = 20;
  constexpr double smallest_spread = 0.01;
  if (rows_.size() < fewest || !one_composition_) return {};
  const double n = static_cast<double>(rows_.size());
  Row mean{0, 0, 0};
  for (const Row& row : rows_) {
    mean.volume += row.volume / n;
    mean.energy += row.energy / n;
    mean.pressure += row.pressure / n;
  }
  double volumes = 0, products = 0, pressures = 0;
  for (const Row& row : rows_) {
    volumes += std::pow(row.volume - mean.volume, 2);
    products += (row.volume - mean.volume) * (row.energy - mean.energy);
    pressures += std::pow(row.pressure - mean.pressure, 2);
  }
  if (std::sqrt(volumes / n) < smallest_spread * mean.volume) return {};
  const double slope = products / volumes;
  double rest = 0;
  for (const Row& row : rows_) rest += std::pow(row.energy - mean.energy - slope * (row.volume - mean.volume), 2);
  return Estimate{slope + mean.pressure, std::sqrt(rest / (n - 2) / volumes + pressures / (n - 1) / n)};
}

}  // namespace zeropoint::mlp
