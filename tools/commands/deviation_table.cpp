#include "tools/commands/deviation_table.hpp"

#include <algorithm>
#include <cmath>

#include "core/units.hpp"

namespace zeropoint {

DeviationTable::DeviationTable(int n_members)
    : n_members_(n_members),
      divided_by_k_(std::sqrt((n_members - 1.0) / n_members)),
      table_({"structure", "max_force[eV/A]", "mean_force[eV/A]", "min_force[eV/A]", "max_force_K[eV/A]",
              "mean_force_K[eV/A]", "min_force_K[eV/A]", "energy[meV/atom]", "max_stress[GPa]"}) {}

void DeviationTable::add(const mlp::Prediction& prediction) {
  if (n_members_ < 2) return;
  const Eigen::VectorXd& f = prediction.force_deviations;
  table_.add({++n_, f.maxCoeff(), f.mean(), f.minCoeff(), divided_by_k_ * f.maxCoeff(), divided_by_k_ * f.mean(),
              divided_by_k_ * f.minCoeff(), 1e3 * prediction.energy_deviation,
              units::gpa_per_ev_angstrom3 * prediction.stress_deviation.maxCoeff()});
  largest_ = std::max(largest_, f.maxCoeff());
  sum_ += f.mean();
}

void DeviationTable::conclude(const RunFolder& folder, Console& console, Summary& summary) const {
  if (n_members_ < 2) return;
  const double mean = sum_ / std::max(n_, 1.0);
  folder.write("deviations.dat", table_.text());
  console.field("deviation", "of forces among {} networks: {:.1f} meV/A on average, {:.1f} at most", n_members_,
                1e3 * mean, 1e3 * largest_);
  summary.add("force_deviation_mean", 1e3 * mean, "meV/angstrom");
  summary.add("force_deviation_max", 1e3 * largest_, "meV/angstrom");
}

}  // namespace zeropoint
