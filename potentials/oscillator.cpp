#include "potentials/oscillator.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/stack.h>

#include <vector>

#include "core/error.hpp"
#include "potentials/force_constants.hpp"

namespace zeropoint::potentials {
namespace {

Eigen::Array3d of_axes(const std::vector<double>& values, const char* name) {
  if (values.empty()) return Eigen::Array3d::Zero();
  if (values.size() != 3)
    throw ConfigError{"potential.{} has {} numbers: an oscillator needs one for each axis, 3", name, values.size()};
  return Eigen::Map<const Eigen::Array3d>(values.data());
}

}  // namespace

Evaluation OscillatorPotential::evaluate(const Supercell& reference, const at::Tensor& displacements) const {
  require_supercell(reference, 2, Eigen::Vector3i::Ones(), displacements);
  const auto row = [&](const Eigen::RowVector3d& values) { return tensor_of(values).to(displacements.device()); };
  const Vectors& positions = reference.unit_cell().positions;
  const at::Tensor r =
      displacements.select(1, 1) - displacements.select(1, 0) + row(positions.row(1) - positions.row(0) - rest);
  const at::Tensor square = r.square(), k_row = row(k.matrix().transpose()), c_row = row(c.matrix().transpose()),
                   g_row = row(g.matrix().transpose());
  const at::Tensor slope = k_row * r + 3 * c_row * square + 4 * g_row * square * r;
  return {(0.5 * k_row * square + c_row * square * r + g_row * square.square()).sum(1),
          at::stack({slope, -slope}, 1),
          {},
          {}};
}

PotentialKind oscillator_kind() {
  struct Keys {
    std::vector<double> k, c, g;
  };
  return {"oscillator", "an oscillator", [](Section& section, PotentialSettings&) -> PotentialKind::Open {
            const auto keys = std::make_shared<Keys>();
            section.key("k", &keys->k, "oscillator: k r^2/2 of the three axes, eV/angstrom^2");
            section.key("c", &keys->c, "and c r^3, eV/angstrom^3");
            section.key("g", &keys->g, "and g r^4, eV/angstrom^4");
            return [keys](const PotentialSettings& settings, const PotentialOpening& opening) {
              const phonons::DynamicalMatrices matrices = read_force_constants(settings, opening.units);
              if (matrices.crystal.n_atoms() != 2 || matrices.grid.size() != 1) {
                throw InputError{"{}: {} atoms on {} q points; an oscillator is two atoms in one cell", settings.dyn,
                                 matrices.crystal.n_atoms(), matrices.grid.size()};
              }
              const Vectors& sites = matrices.crystal.positions;
              return std::make_unique<OscillatorPotential>(of_axes(keys->k, "k"), of_axes(keys->c, "c"),
                                                           of_axes(keys->g, "g"), sites.row(1) - sites.row(0));
            };
          }};
}

}  // namespace zeropoint::potentials
