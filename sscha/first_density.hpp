#pragma once

#include <Eigen/Core>
#include <functional>
#include <optional>
#include <vector>

#include "core/cell_kind.hpp"
#include "core/potential.hpp"
#include "core/units.hpp"
#include "phonons/finite_differences.hpp"
#include "phonons/relaxation.hpp"

namespace zeropoint::sscha {

/// The imaginary modes at one q.
struct ImaginaryModes {
  Eigen::Vector3d q;                ///< crystal coordinates
  std::vector<double> frequencies;  ///< cm^-1, negative, ascending
};

/// At one q of each star that has any.
std::vector<ImaginaryModes> imaginary_modes(const phonons::DynamicalMatrices& matrices, const UnitSet& units);

/// Matrices from which a population can be drawn, and what was done to them.
struct FirstDensity {
  phonons::DynamicalMatrices matrices;    ///< all modes positive
  int n_turned = 0;                       ///< imaginary modes over the whole grid: omega^2 -> |omega^2|
  std::vector<ImaginaryModes> imaginary;  ///< these, as they were
  double largest_displacement = 0;        ///< angstrom, root mean square, that an atom may have
  double raised_to = 0;                   ///< sqrt(eV/amu)/angstrom: no mode is below; 0 where no atom moved too far
};

/// No atom moves by more than this share of the shortest distance of two, root mean square.
constexpr double largest_share = 0.25;

/// Turns imaginary modes and raises soft ones, which would draw atoms past their neighbours, where no potential was
/// trained, for populations at `temperature` (K).
FirstDensity first_density(phonons::DynamicalMatrices matrices, double temperature, const UnitSet& units);

struct StructureStart {
  Eigen::Vector3i divisions;  ///< supercell of the matrices
  bool relax = true;          ///< the structure first, with its symmetry
  CellKind cell = CellKind::fixed;
  double pressure = 0;  ///< eV/angstrom^3, where the volume moves
  /// Called with the relaxation before matrices are computed.
  std::function<void(const phonons::Relaxation&)> relaxed = {};
  std::function<void()> idle = {};  ///< between evaluations; what it throws ends the work
};

/// The harmonic matrices of `potential` (in double precision where it can) at `crystal`, which is symmetrised and
/// relaxed first; where it does not relax, at the state of the lowest enthalpy.
/// @throws InputError as phonons::relax(), phonons::harmonic_matrices() and the potential do.
phonons::HarmonicMatrices matrices_of_structure(const Potential& potential, const Crystal& crystal,
                                                const SpaceGroup& group, const StructureStart& start);

}  // namespace zeropoint::sscha
