#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

#include "files/ensemble.hpp"
#include "sscha/population.hpp"
#include "sscha/trial_density.hpp"

namespace zeropoint::test {

/// Labels of displacements [N, n_atoms, 3] from the sites of a crystal.
using Labels = std::function<Configurations(const Crystal&, const at::Tensor&)>;

/// The force constants of the supercell, [M, M], eV/angstrom^2.
Eigen::MatrixXd dense(const phonons::DynamicalMatrices& matrices);

/// Displacements of unit-variance coordinates, u = W y: [M, M - 3], from the dense force constants of the supercell.
/// Nothing of the Bloch machinery is in it.
Eigen::MatrixXd amplitudes(const sscha::TrialDensity& density);

/// u = W y for coordinates [M - 3, N] in columns: [N, n_atoms, 3].
at::Tensor displacements(const Eigen::MatrixXd& amplitudes, const Eigen::MatrixXd& coordinates);

/// Independent normal numbers, [n_modes, n]; antithetic: columns 2k and 2k + 1 are opposite.
Eigen::MatrixXd normal_coordinates(Eigen::Index n_modes, Eigen::Index n, unsigned seed, bool antithetic);

/// Points [n_modes, p^4] of equal weight that integrate every polynomial of degree four or less over independent normal
/// numbers exactly: an orthogonal array of strength four (evaluations of all cubic polynomials over a prime field, a
/// Reed-Solomon code) on levels with the moments 1 and 3. Up to 18 modes.
Eigen::MatrixXd quartic_design(Eigen::Index n_modes);

struct SampleOptions {
  Eigen::Index n = 1000;
  unsigned seed = 1;
  bool antithetic = false;
  sscha::PopulationOptions population = {};
};
/// A population drawn from `density` and labelled.
sscha::Population sample(const sscha::TrialDensity& density, const Labels& labels, const SampleOptions& options);

/// A population on the points of quartic_design: averages of polynomials up to degree four are exact.
sscha::Population integrate(const sscha::TrialDensity& density, const Labels& labels);

}  // namespace zeropoint::test
