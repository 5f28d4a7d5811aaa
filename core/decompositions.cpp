#include "core/decompositions.hpp"

#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <Eigen/QR>

#include "core/contract.hpp"

namespace zeropoint {
namespace {

template <class Matrix>
Eigensystem<Matrix> eigensystem(const Matrix& matrix) {
  expect(matrix.rows() == matrix.cols(), "a matrix with eigenvalues is square");
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(matrix);
  return {solver.eigenvalues(), solver.eigenvectors()};
}

template <class Matrix>
Eigen::VectorXd eigenvalues(const Matrix& matrix) {
  expect(matrix.rows() == matrix.cols(), "a matrix with eigenvalues is square");
  return Eigen::SelfAdjointEigenSolver<Matrix>(matrix, Eigen::EigenvaluesOnly).eigenvalues();
}

}  // namespace

Eigensystem<Eigen::MatrixXd> symmetric_eigensystem(const Eigen::MatrixXd& matrix) { return eigensystem(matrix); }
Eigensystem<Eigen::MatrixXcd> hermitian_eigensystem(const Eigen::MatrixXcd& matrix) { return eigensystem(matrix); }

Eigen::VectorXd symmetric_eigenvalues(const Eigen::MatrixXd& matrix) { return eigenvalues(matrix); }
Eigen::VectorXd hermitian_eigenvalues(const Eigen::MatrixXcd& matrix) { return eigenvalues(matrix); }

Eigen::VectorXd tridiagonal_eigenvalues(const Eigen::VectorXd& diagonal, const Eigen::VectorXd& beside) {
  expect(beside.size() == diagonal.size() - 1, "one element beside each pair of diagonal ones");
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver;
  return solver.computeFromTridiagonal(diagonal, beside, Eigen::EigenvaluesOnly).eigenvalues();
}

Eigen::MatrixXd least_squares(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b, double threshold) {
  expect(a.rows() == b.rows(), "a row of b for each row of a");
  Eigen::ColPivHouseholderQR<Eigen::MatrixXd> solver(a);
  if (threshold > 0) solver.setThreshold(threshold);
  return solver.solve(b);
}

Eigen::MatrixXd solve_square(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  expect(a.rows() == a.cols() && a.rows() == b.rows(), "a is square, with a row of b for each of its own");
  return a.partialPivLu().solve(b);
}

Eigen::MatrixXd orthonormal_complement(const Eigen::MatrixXd& columns) {
  const Eigen::Index n = columns.rows();
  expect(columns.cols() <= n, "there are at most as many columns as rows");
  const Eigen::MatrixXd frame = columns.householderQr().householderQ() * Eigen::MatrixXd::Identity(n, n);
  return frame.rightCols(n - columns.cols());
}

}  // namespace zeropoint
