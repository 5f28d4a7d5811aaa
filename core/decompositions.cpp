#include "core/decompositions.hpp"

#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <Eigen/QR>

namespace zeropoint {
namespace {

template <class Matrix>
Eigensystem<Matrix> eigensystem(const Matrix& matrix) {
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(matrix);
  return {solver.eigenvalues(), solver.eigenvectors()};
}

template <class Matrix>
Eigen::VectorXd eigenvalues(const Matrix& matrix) {
  return Eigen::SelfAdjointEigenSolver<Matrix>(matrix, Eigen::EigenvaluesOnly).eigenvalues();
}

}  // namespace

Eigensystem<Eigen::MatrixXd> symmetric_eigensystem(const Eigen::MatrixXd& matrix) { return eigensystem(matrix); }
Eigensystem<Eigen::MatrixXcd> hermitian_eigensystem(const Eigen::MatrixXcd& matrix) { return eigensystem(matrix); }

Eigen::VectorXd symmetric_eigenvalues(const Eigen::MatrixXd& matrix) { return eigenvalues(matrix); }
Eigen::VectorXd hermitian_eigenvalues(const Eigen::MatrixXcd& matrix) { return eigenvalues(matrix); }

Eigen::VectorXd tridiagonal_eigenvalues(const Eigen::VectorXd& diagonal, const Eigen::VectorXd& beside) {
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver;
  return solver.computeFromTridiagonal(diagonal, beside, Eigen::EigenvaluesOnly).eigenvalues();
}

Eigen::MatrixXd least_squares(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b, double threshold) {
  Eigen::ColPivHouseholderQR<Eigen::MatrixXd> solver(a);
  if (threshold > 0) solver.setThreshold(threshold);
  return solver.solve(b);
}

Eigen::MatrixXd solve_square(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) { return a.partialPivLu().solve(b); }

Eigen::MatrixXd orthonormal_complement(const Eigen::MatrixXd& columns) {
  const Eigen::Index n = columns.rows();
  const Eigen::MatrixXd frame = columns.householderQr().householderQ() * Eigen::MatrixXd::Identity(n, n);
  return frame.rightCols(n - columns.cols());
}

}  // namespace zeropoint
