#include "sscha/first_density.hpp"

#include "phonons/displacements.hpp"
#include "phonons/modes.hpp"

namespace zeropoint::sscha {
namespace {

constexpr double acoustic = 1e-3;  // cm^-1: the translations, zero up to rounding

}  // namespace

std::vector<ImaginaryModes> imaginary_modes(const phonons::DynamicalMatrices& matrices, const UnitSet& units) {
  const auto frequencies = phonons::frequencies_inverse_cm(phonons::diagonalise(matrices), units);
  std::vector<ImaginaryModes> found;
  for (const int iq : matrices.grid.representatives()) {
    ImaginaryModes here{matrices.grid.points()[iq], {}};
    for (const double value : frequencies[iq]) {
      if (value < -acoustic) here.frequencies.push_back(value);
    }
    if (!here.frequencies.empty()) found.push_back(std::move(here));
  }
  return found;
}

FirstDensity first_density(phonons::DynamicalMatrices matrices, double temperature, const UnitSet& units) {
  const double largest = largest_share * shortest_distance(matrices.crystal);
  int n_turned = 0;
  std::vector<ImaginaryModes> imaginary;
  phonons::DynamicalMatrices turned = phonons::with_absolute_squares(matrices, n_turned);
  if (n_turned > 0) {
    imaginary = imaginary_modes(matrices, units);
    matrices = std::move(turned);
  }
  const double lowest = phonons::lowest_frequency_for(matrices, temperature, largest, units);
  if (lowest > 0) matrices = phonons::with_lowest_frequency(matrices, lowest);
  return {std::move(matrices), n_turned, std::move(imaginary), largest, lowest};
}

phonons::HarmonicMatrices matrices_of_structure(const Potential& given, const Crystal& crystal, const SpaceGroup& group,
                                                const StructureStart& start) {
  const std::unique_ptr<Potential> precise = given.in_double_precision();
  const Potential& potential = precise ? *precise : given;
  const auto idle = [&] {
    if (start.idle) start.idle();
  };
  Crystal at_rest = symmetrized(crystal, group);
  if (start.relax) {
    phonons::Relaxation found =
        phonons::relax(potential, at_rest, group,
                       {.cell = start.cell,
                        .pressure = start.pressure,
                        .divisions = potential.bound_divisions().value_or(Eigen::Vector3i::Ones()),
                        .observe = [&](const phonons::RelaxationStep&) { idle(); }});
    if (start.relaxed) start.relaxed(found);
    at_rest = std::move(found.crystal);
  }
  return phonons::harmonic_matrices(potential, at_rest, start.divisions, group,
                                    {.progress = [&](std::int64_t, std::int64_t) { idle(); }});
}

}  // namespace zeropoint::sscha
