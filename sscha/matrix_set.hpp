#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/estimate.hpp"
#include "core/space_group.hpp"
#include "core/units.hpp"
#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::sscha {

/// Dynamical matrices from files or from a finished run, with what the run knows about them.
struct MatrixSet {
  /// What an SSCHA minimisation left, per unit cell in eV.
  struct Sscha {
    double temperature;  ///< K
    Estimate free_energy;
    double harmonic_free_energy;  ///< of the auxiliary matrices on their own grid
    bool converged;
    /// <V - V_harmonic>, the part that knows no grid of its own.
    Estimate anharmonic() const { return {free_energy.value - harmonic_free_energy, free_energy.standard_error}; }
  };

  std::string source;  ///< as given
  std::string kind;    ///< "dyn files (text)", "SSCHA at 300 K", "free-energy Hessian at 300 K"
  std::string label;   ///< in figures: "a4.05/harmonic.dyn", or the kind of a run
  phonons::DynamicalMatrices matrices;
  SpaceGroup group;  ///< of the crystal, all operations
  /// [n_q][3n] standard errors of omega^2, eV/amu/angstrom^2, in the order of phonons::diagonalise(matrices); empty:
  /// unknown.
  std::vector<std::vector<double>> squared_errors;
  std::optional<Sscha> sscha;
  std::vector<std::string> warnings;  ///< of the files
};

/// `source`: whatever phonons::read_matrix_file takes, or the folder or result.h5 of a finished `minimize`, `hessian`
/// or `phonons` run. Born charges are averaged over the space group found within `tolerance` angstrom.
/// @throws InputError when a folder holds no such result, when it is of an older version without matrices, or for
/// charges that are not of this crystal (phonons/polar_symmetry.hpp).
MatrixSet read_matrix_set(const std::string& source, double tolerance, const UnitSet& units);

/// A structure from whatever holds one: POSCAR, extended XYZ, outputs of pw.x and VASP, dyn files, phonopy's files, or
/// the folder of a finished run. @throws InputError, IoError.
Crystal read_crystal(const std::string& path, const UnitSet& units);

}  // namespace zeropoint::sscha
