// LiH from first principles, four volumes: populations of 0 K and 300 K merged, and pressure against the slope of the
// free energy.
#include <gtest/gtest.h>

#include <cmath>

#include "sscha/minimizer.hpp"
#include "sscha/population_file.hpp"

namespace zeropoint::sscha {
namespace {

const std::vector<std::string> lattice_constants = {"4.006", "4.05", "4.09", "4.13"};

struct Volume {
  double volume, harmonic_transverse, transverse;  // angstrom^3 per cell; cm^-1, optical modes at Gamma
  Estimate free_energy, pressure;                  // eV per cell, eV/angstrom^3
  double kong_liu_ratio;
};

Volume minimized(const std::string& lattice_constant, double temperature) {
  std::vector<PopulationPart> parts;
  std::vector<std::unique_ptr<Ensemble>> ensembles;
  for (const char* drawn_at : {"0K", "300K"}) {
    const std::string file = ZEROPOINT_SOURCE_DIR "/examples/lih/a" + lattice_constant + "/" + drawn_at + ".h5";
    const TrialDensity generating = read_generating(file, units::codata2022);
    ensembles.push_back(open_ensemble({.path = file}, generating.matrices().supercell()));
    EXPECT_EQ(ensembles.back()->size(), 30) << file;
    parts.push_back({ensembles.back().get(), generating});
  }
  const TrialDensity start(parts[0].generating.matrices(), temperature, units::codata2022);
  const Population population(parts);
  const SpaceGroup group = find_space_group(start.matrices().crystal);
  const Minimum minimum = minimize(population, start, group, {.kong_liu_ratio = 0.3, .gradient_to_error = 0});
  EXPECT_TRUE(minimum.converged()) << explain(minimum.stop_reason);
  const double n_cells = start.matrices().grid.size();
  const Estimate& f = minimum.evaluation.free_energy.total;
  const auto transverse = [](const TrialDensity& density) {
    return phonons::frequencies_inverse_cm(density.modes(), density.units())[0][3];
  };
  return {start.matrices().crystal.volume(),   transverse(start),
          transverse(minimum.density),         {f.value / n_cells, f.standard_error / n_cells},
          minimum.evaluation.stress->pressure, minimum.evaluation.weights.kong_liu_ratio()};
}

TEST(LithiumHydride, ExpandsByZeroPointAndThermalMotionAndItsPressureIsTheSlopeOfItsFreeEnergy) {
  for (const double temperature : {0.0, 300.0}) {
    std::vector<Volume> volumes;
    for (const std::string& a : lattice_constants) volumes.push_back(minimized(a, temperature));
    // At the lattice constant without static pressure, zero-point motion alone gives some GPa.
    EXPECT_GT(volumes[0].pressure.value * units::gpa_per_ev_angstrom3, 1.5);
    for (std::size_t i = 0; i < volumes.size(); ++i) {
      EXPECT_GT(volumes[i].transverse, volumes[i].harmonic_transverse) << "the optical modes of LiH stiffen";
      EXPECT_GT(volumes[i].kong_liu_ratio, 0.3);
      if (i == 0) continue;
      const Volume &a = volumes[i - 1], &b = volumes[i];
      EXPECT_LT(b.pressure.value, a.pressure.value);
      const double slope = -(b.free_energy.value - a.free_energy.value) / (b.volume - a.volume);
      const double mean = 0.5 * (a.pressure.value + b.pressure.value);
      // Independent samples at each volume; 0.2 kbar for the basis set and k points of the stress.
      const double error =
          std::hypot(std::hypot(a.free_energy.standard_error, b.free_energy.standard_error) / (b.volume - a.volume),
                     0.5 * std::hypot(a.pressure.standard_error, b.pressure.standard_error)) +
          0.02 / units::gpa_per_ev_angstrom3;
      EXPECT_LT(std::abs(slope - mean), 3 * error)
          << "between " << lattice_constants[i - 1] << " and " << lattice_constants[i] << " at " << temperature
          << " K: slope " << slope * units::gpa_per_ev_angstrom3 << " GPa, pressure "
          << mean * units::gpa_per_ev_angstrom3 << " GPa, error " << error * units::gpa_per_ev_angstrom3;
    }
  }
}

}  // namespace
}  // namespace zeropoint::sscha
