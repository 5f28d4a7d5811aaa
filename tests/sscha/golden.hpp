#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "core/space_group.hpp"
#include "files/ensemble.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "sscha/evaluation.hpp"
#include "sscha/minimizer.hpp"
#include "tests/support/reference_data.hpp"

// Golden numbers in the files that include this one were computed with python-sscha 1.6.1 and CellConstructor 1.6.2,
// and with an independent NumPy evaluation of the same formulas, on the published ensembles; in Rydberg units with 1
// angstrom = 1.889725989 bohr.

namespace zeropoint::test {

/// A published ensemble with the matrices that generated it.
struct Golden {
  UnitSet units;
  phonons::DynamicalMatrices generator;
  double temperature;
  std::unique_ptr<Ensemble> ensemble;

  double energy(double ev) const { return ev / units.rydberg; }                            // Ry
  double force_constant(double value) const { return value / units.rydberg_per_bohr2(); }  // Ry/bohr^2
  double pressure(double tensile) const {
    return -tensile / units.rydberg_per_bohr3();
  }  // Ry/bohr^3, positive = compressed

  sscha::Population population() const { return {*ensemble, sscha::TrialDensity(generator, temperature, units), {}}; }
  sscha::TrialDensity density(const std::string& prefix) const {
    return {phonons::read_qe_dyn(prefix, units), temperature, units};
  }
};

inline Golden golden(const std::string& folder, const std::string& dyn, int population, double temperature,
                     const UnitSet& units, std::int64_t n_configurations = 0) {
  Golden set{units, phonons::read_qe_dyn(folder + "/" + dyn, units), temperature, nullptr};
  set.ensemble = open_ensemble({.path = folder, .population = population, .n_configurations = n_configurations},
                               set.generator.supercell(), units);
  return set;
}

}  // namespace zeropoint::test
