#pragma once

#include <ATen/core/Tensor.h>

#include <Eigen/Core>
#include <complex>
#include <type_traits>
#include <vector>

namespace zeropoint {

// Small matrices between Eigen and tensors: always copies, float64 or complex128, T[i][j] = M(i, j).

/// A contiguous tensor on the CPU, complex128 or float64; its elements are not set.
at::Tensor unset_tensor(const std::vector<std::int64_t>& shape, bool complex);

/// `values` with axes [rows, cols], or [rows] for a column vector; on the CPU.
template <class Derived>
at::Tensor to_tensor(const Eigen::DenseBase<Derived>& values) {
  using Scalar = typename Derived::Scalar;
  using Rows = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  static_assert(std::is_same_v<Scalar, double> || std::is_same_v<Scalar, std::complex<double>>);
  std::vector<std::int64_t> shape{values.rows()};
  if constexpr (Derived::ColsAtCompileTime != 1) shape.push_back(values.cols());
  at::Tensor result = unset_tensor(shape, !std::is_same_v<Scalar, double>);
  Eigen::Map<Rows>(static_cast<Scalar*>(result.mutable_data_ptr()), values.rows(), values.cols()) = values.derived();
  return result;
}

/// Matrices of one shape behind one another, [n, rows, cols]. @throws InternalError when there is none.
at::Tensor stacked(const std::vector<Eigen::Matrix3d>& matrices);
at::Tensor stacked(const std::vector<Eigen::MatrixXcd>& matrices);

/// Of a tensor with so many axes, on any device, real numbers of any kind. @throws InternalError for other axes.
Eigen::MatrixXd to_matrix(const at::Tensor& tensor);
Eigen::VectorXd to_vector(const at::Tensor& tensor);
/// The same for real or complex numbers.
Eigen::MatrixXcd to_complex_matrix(const at::Tensor& tensor);
/// [n, 3, 3].
std::vector<Eigen::Matrix3d> to_matrices3(const at::Tensor& tensor);

}  // namespace zeropoint
