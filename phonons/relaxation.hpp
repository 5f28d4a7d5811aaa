#pragma once

#include <Eigen/Core>
#include <functional>
#include <optional>
#include <string>

#include "core/cell_kind.hpp"
#include "core/error.hpp"
#include "core/potential.hpp"
#include "core/space_group.hpp"

namespace zeropoint::phonons {

/// A crystal on its way to the minimum of the enthalpy E + P V; all of one unit cell.
struct RelaxationStep {
  int step = 0;
  double enthalpy = 0;  ///< eV
  double force = 0;     ///< eV/angstrom: longest force on an atom, of what may move
  double stress = 0;    ///< eV/angstrom^3: largest component of stress + pressure, of what may move
  double volume = 0;    ///< angstrom^3
};

struct RelaxationOptions {
  CellKind cell = CellKind::full;
  double pressure = 0;   ///< eV/angstrom^3
  double force = 1e-4;   ///< eV/angstrom: converged when no force is longer,
  double stress = 6e-6;  ///< eV/angstrom^3: and no component of stress + pressure larger
  int max_steps = 300;
  Eigen::Vector3i divisions = Eigen::Vector3i::Ones();  ///< supercell in which the potential is asked
  std::function<void(const RelaxationStep&)> observe = {};
};

struct Relaxation {
  Crystal crystal;
  double energy = 0;                      ///< eV per unit cell
  std::optional<Eigen::Matrix3d> stress;  ///< eV/angstrom^3, positive = tensile; none where the potential gives none
  RelaxationStep start, end;
  double forbidden_force = 0;  ///< eV/angstrom: longest force at the end that the space group does not allow
  int n_evaluations = 0;
  bool converged = false;
  std::string reason;  ///< why it stopped
};

/// The cell is to move, and the potential gives no stress.
class MissingStress : public InputError {
 public:
  using InputError::InputError;
};

/// Moves atoms and cell to a minimum of the enthalpy with the symmetry of `group`.
///
/// Limited-memory BFGS over displacements of the atoms and strains of the cell, h -> h exp(strain), gradients averaged
/// over the group and without the uniform translation; steps of at most 0.2 angstrom and 4 % with backtracking.
/// A run that does not converge returns the state with the lowest enthalpy. Where the potential has no finite answer
/// (ConfigurationError) a step is shortened; whatever else it throws ends the run.
/// @throws MissingStress; as the potential does for `crystal`.
Relaxation relax(const Potential& potential, const Crystal& crystal, const SpaceGroup& group,
                 const RelaxationOptions& options = {});

}  // namespace zeropoint::phonons
