#pragma once

#include <Eigen/Core>
#include <vector>

#include "phonons/interpolation.hpp"

namespace zeropoint::phonons {

/// Standard errors of frequencies away from the grid on which they are known.
///
/// The errors of omega^2 at each point of the grid are put on the diagonal of a matrix in the polarisation vectors
/// there, and these matrices are interpolated as dynamical matrices are. The error of a mode elsewhere is its
/// expectation value there, to first order. On the grid it is exact; between the points errors count as fully
/// correlated, which makes them rather too large.
class BandErrors {
 public:
  /// `squared_errors` [n_q][3n] of omega^2, eV/amu/angstrom^2, in the order of diagonalise(matrices).
  /// @throws InputError when their number is wrong, or one is negative or not finite.
  BandErrors(const DynamicalMatrices& matrices, const std::vector<std::vector<double>>& squared_errors);

  /// Standard errors of the frequencies, [n_q, 3n] sqrt(eV/amu)/angstrom, in the order of frequencies_at(interpolation,
  /// points, directions). Where omega is smaller than half the root of the error of omega^2, that root.
  Eigen::MatrixXd operator()(const Interpolation& interpolation, const std::vector<Eigen::Vector3d>& points,
                             const std::vector<Eigen::Vector3d>& directions) const;

 private:
  Interpolation errors_;
};

}  // namespace zeropoint::phonons
