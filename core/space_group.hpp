#pragma once

#include <string>
#include <vector>

#include "core/crystal.hpp"

namespace zeropoint {

/// {S|t} with its action on the atoms: S tau_s + t = tau_{permutation[s]} + L_s.
struct SymmetryOperation {
  Eigen::Matrix3i rotation;            ///< in crystal coordinates: f' = rotation f + translation
  Eigen::Vector3d translation;         ///< in crystal coordinates
  Eigen::Matrix3d cartesian;           ///< S
  std::vector<int> permutation;        ///< [n_atoms] s -> S(s)
  std::vector<Eigen::Vector3i> shift;  ///< [n_atoms] L_s in crystal coordinates
};

struct SpaceGroup {
  int number = 1;                             ///< International Tables number, of the operations in use
  std::string symbol = "P1";                  ///< short international symbol
  double tolerance = 0;                       ///< angstrom, spglib's symprec
  std::vector<SymmetryOperation> operations;  ///< identity first, modulo lattice translations
};

struct SymmetryOptions {
  double tolerance = 1e-5;           ///< angstrom
  bool enabled = true;               ///< false: the identity alone
  std::string space_group = {};      ///< number or symbol of a subgroup to keep; empty: all that is found
  std::string operations_file = {};  ///< explicit list instead; empty: none
  bool operator==(const SymmetryOptions&) const = default;
};

/// The space group of `crystal` by spglib, modulo its lattice translations; masses that differ make sites differ.
///
/// A supercell given as a crystal of its own keeps pure translations as operations.
/// @throws InputError when spglib finds nothing, when the group asked for is not a subgroup, or when an operation of
/// the list does not map the crystal onto itself (which atom, by how much).
SpaceGroup find_space_group(const Crystal& crystal, const SymmetryOptions& options = {});

/// Operations from rotations and translations in crystal coordinates; completes permutations and shifts.
/// @throws InputError when one does not map the crystal onto itself within `tolerance` angstrom.
std::vector<SymmetryOperation> complete_operations(const Crystal& crystal,
                                                   const std::vector<Eigen::Matrix3i>& rotations,
                                                   const std::vector<Eigen::Vector3d>& translations, double tolerance);

/// The crystal with its atoms moved onto the mean of their symmetry images.
Crystal symmetrized(const Crystal& crystal, const SpaceGroup& group);

}  // namespace zeropoint
