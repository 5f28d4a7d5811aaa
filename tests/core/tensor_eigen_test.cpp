#include "core/tensor_eigen.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"

namespace zeropoint {
namespace {

Eigen::MatrixXd rectangular() { return Eigen::Matrix<double, 2, 3>{{0, 1, 2}, {10, 11, 12}}; }

TEST(TensorEigen, KeepsRowsAndColumns) {
  const Eigen::MatrixXd matrix = rectangular();
  const at::Tensor tensor = to_tensor(matrix);
  ASSERT_EQ(tensor.sizes().vec(), (std::vector<std::int64_t>{2, 3}));
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 3; ++j) EXPECT_EQ(tensor[i][j].item<double>(), matrix(i, j));
  }
  EXPECT_EQ(to_matrix(tensor), matrix);
  EXPECT_EQ(to_matrix(tensor.transpose(0, 1)), matrix.transpose());
  EXPECT_EQ(to_matrix(tensor.to(at::kFloat)), matrix);
  const Eigen::Matrix<double, Eigen::Dynamic, 3, Eigen::RowMajor> rows = matrix;
  EXPECT_EQ(to_matrix(to_tensor(rows)), matrix);
  EXPECT_EQ(to_matrix(to_tensor(2 * matrix.transpose())), 2 * matrix.transpose());
}

TEST(TensorEigen, OfAColumnHasOneAxis) {
  const Eigen::VectorXd vector = Eigen::VectorXd::LinSpaced(5, 0, 4);
  const at::Tensor tensor = to_tensor(vector);
  ASSERT_EQ(tensor.sizes().vec(), (std::vector<std::int64_t>{5}));
  EXPECT_EQ(tensor[3].item<double>(), 3);
  EXPECT_EQ(to_vector(tensor), vector);
  EXPECT_THROW(to_matrix(tensor), InternalError);
}

TEST(TensorEigen, KeepsImaginaryParts) {
  Eigen::MatrixXcd matrix = rectangular();
  matrix(1, 2) = {3, -4};
  const at::Tensor tensor = to_tensor(matrix);
  EXPECT_EQ(to_complex_matrix(tensor), matrix);
  EXPECT_EQ(to_complex_matrix(tensor.conj()), matrix.conjugate());
  EXPECT_EQ(to_complex_matrix(to_tensor(rectangular())), rectangular().cast<std::complex<double>>());
}

TEST(TensorEigen, StacksMatricesOfOneShape) {
  std::vector<Eigen::Matrix3d> matrices(2);
  for (int i = 0; i < 9; ++i) matrices[1](i / 3, i % 3) = i, matrices[0](i / 3, i % 3) = -i;
  const at::Tensor tensor = stacked(matrices);
  EXPECT_EQ(tensor[1][0][2].item<double>(), 2);
  EXPECT_EQ(to_matrices3(tensor), matrices);
  EXPECT_EQ(to_matrix(tensor[0]), matrices[0]);
  EXPECT_THROW(stacked(std::vector<Eigen::Matrix3d>{}), InternalError);
  const std::vector<Eigen::MatrixXcd> complex{matrices[0].cast<std::complex<double>>()};
  EXPECT_EQ(to_complex_matrix(stacked(complex)[0]), complex[0]);
}

}  // namespace
}  // namespace zeropoint
