#pragma once

#include <optional>
#include <string>
#include <vector>

#include "files/labelled_structure.hpp"

namespace zeropoint::mlp {

/// Whether energies, forces and stresses of a set belong together. Between two structures of the same atoms
///   E_j - E_i ~ s_F W_F + s_S W_S,  W_F = -(F_i + F_j)/2 . d,  W_S = (V_i sigma_i + V_j sigma_j)/2 : strain
/// with d the displacement beside the strain: the trapezoidal rule, exact for harmonic crystals. Both factors are 1
/// when the units and signs are right.
struct LabelConsistency {
  int n_pairs = 0;                      ///< of structures that were compared
  double explained = 0;                 ///< share of the energy's variance that this explains
  std::optional<double> force_factor;   ///< s_F; none when the energies do not tell
  std::optional<double> stress_factor;  ///< s_S; none when the cells do not vary enough
};

/// Compares structures of the same atoms and similar cells, in a fixed order.
LabelConsistency check_consistency(const std::vector<LabelledStructure>& structures);

/// What a wrong factor means and what to do: units of forces or energies, or the sign of the stress. Empty when all is
/// well or when the comparison explains less than most of the energies.
std::vector<std::string> complaints(const LabelConsistency& consistency);

}  // namespace zeropoint::mlp
