#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

#include "core/crystal.hpp"

namespace zeropoint::active_learning {

enum class Class { accurate, candidate, extrapolating, impossible };
const char* name_of(Class kind);

/// What is known of a configuration before anybody labels it.
struct Score {
  double weight = 1;        ///< relative SSCHA weight, mean 1
  double largest = 0;       ///< eV/angstrom, largest calibrated error of a force on an atom
  double rms = 0;           ///< eV/angstrom, root mean square of these errors
  double energy = 0;        ///< eV per atom, calibrated error
  double grade = 0;         ///< of extrapolation, where somebody has one; 0: not known
  bool impossible = false;  ///< two atoms nearer than half the sum of their covalent radii
};

struct Thresholds {
  double low = 0.05, high = 0.30;  ///< eV/angstrom, of Score::largest
  double grade = 10;
};

/// impossible, then extrapolating (grade or error beyond), then candidate (error at least `low`), then accurate.
Class class_of(const Score& score, const Thresholds& thresholds);

/// Inclusion probabilities that add up to `n`: p_i ~ w_i (0.3 + 0.7 sigma_i/<sigma>), none above 1, none for what is
/// impossible.
Eigen::VectorXd inclusion_probabilities(const std::vector<Score>& scores, int n);

/// Systematic sampling of a permutation that the seed gives: each i is drawn with exactly its probability, and their
/// number is the sum, if that is whole. Ascending.
std::vector<std::int64_t> systematic_sample(const Eigen::VectorXd& inclusion, std::uint64_t seed);

/// Picks up to `n` of `eligible` one after another, each the one that says most beside what the training and those
/// before say: log det(1 + X X^T) with X the whitened feature rows of a configuration times the root of its weight.
/// Ends when what is left says less than `least_gain` of the first one.
/// `rows`: one matrix [n_rows, P] for each of `eligible`, whitened: X = rows L^-T, C = L L^T.
std::vector<std::size_t> greedy_choice(std::vector<Eigen::MatrixXd> rows, const std::vector<double>& weights, int n,
                                       double least_gain = 0.05);

/// Covalent radius of an element (B. Cordero et al., Dalton Trans. 2832 (2008)), angstrom; 1.5 beyond curium.
double covalent_radius(const std::string& label);

/// Two atoms are nearer than `share` of the sum of their covalent radii.
bool has_impossible_distance(const Crystal& crystal, double share = 0.5);

/// Equal for structures with the same distances between the same elements, to 1e-3 angstrom up to `reach`: rotated,
/// reflected and permuted copies.
std::string geometry_key(const Crystal& crystal, double reach = 5);

}  // namespace zeropoint::active_learning
