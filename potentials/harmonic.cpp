#include "potentials/harmonic.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>

#include "potentials/force_constants.hpp"

namespace zeropoint::potentials {

HarmonicPotential::HarmonicPotential(const phonons::DynamicalMatrices& matrices)
    : sites_(matrices.crystal.fractional()),
      divisions_(matrices.grid.divisions()),
      force_constants_(supercell_force_constants(matrices)) {}

Evaluation HarmonicPotential::evaluate(const Supercell& reference, const at::Tensor& displacements) const {
  require_supercell(reference, sites_.rows(), divisions_, displacements);
  const at::Tensor u = from_sites(reference, sites_ * reference.unit_cell().cell, displacements);
  Evaluation result = harmonic(force_constants_, u);
  const at::Tensor virial = at::bmm(result.forces.transpose(1, 2), u);
  result.stresses = (virial + virial.transpose(1, 2)).mul(-0.5 / reference.volume());
  return result;
}

PotentialKind harmonic_kind() {
  return {"harmonic", "to try things, force constants (dyn)", [](Section&, PotentialSettings&) -> PotentialKind::Open {
            return [](const PotentialSettings& settings, const PotentialOpening& opening) {
              return std::make_unique<HarmonicPotential>(read_force_constants(settings, opening.units));
            };
          }};
}

}  // namespace zeropoint::potentials
