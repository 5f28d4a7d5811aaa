#pragma once

#include <Eigen/Core>

namespace zeropoint {

// Eigen's decompositions of large matrices, compiled in one place: each file that instantiates one takes 20 s.

/// Eigenvalues in ascending order and orthonormal eigenvectors, one a column.
template <class Matrix>
struct Eigensystem {
  Eigen::VectorXd values;
  Matrix vectors;
};

/// Only the lower triangle is read. An empty matrix has an empty eigensystem.
Eigensystem<Eigen::MatrixXd> symmetric_eigensystem(const Eigen::MatrixXd& matrix);
Eigensystem<Eigen::MatrixXcd> hermitian_eigensystem(const Eigen::MatrixXcd& matrix);

/// The eigenvalues alone, ascending.
Eigen::VectorXd symmetric_eigenvalues(const Eigen::MatrixXd& matrix);
Eigen::VectorXd hermitian_eigenvalues(const Eigen::MatrixXcd& matrix);

/// Eigenvalues of the symmetric tridiagonal matrix with this diagonal and this line beside it, ascending.
Eigen::VectorXd tridiagonal_eigenvalues(const Eigen::VectorXd& diagonal, const Eigen::VectorXd& beside);

/// Least-squares solution X of A X = B by a QR decomposition with column pivoting; pivots below `threshold` times the
/// largest count as zero (0: as rounding allows).
Eigen::MatrixXd least_squares(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b, double threshold = 0);

/// Solution X of A X = B for square, invertible A.
Eigen::MatrixXd solve_square(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b);

/// Orthonormal columns (n, n - k) that span what the `k` independent columns leave over.
Eigen::MatrixXd orthonormal_complement(const Eigen::MatrixXd& columns);

}  // namespace zeropoint
