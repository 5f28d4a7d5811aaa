#include "core/tensor_eigen.hpp"

#include <ATen/ops/empty.h>

#include "core/error.hpp"

namespace zeropoint {
namespace {

template <class Scalar>
using RowMajorMatrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

at::Tensor on_host(const at::Tensor& tensor, std::int64_t n_axes, at::ScalarType type) {
  if (tensor.dim() != n_axes) throw InternalError{"a tensor of {} axes where {} are expected", tensor.dim(), n_axes};
  return tensor.resolve_conj().to(at::kCPU, type).contiguous();
}

template <class Scalar>
auto matrix_of(const at::Tensor& host, Eigen::Index rows, Eigen::Index cols, std::int64_t first = 0) {
  return Eigen::Map<const RowMajorMatrix<Scalar>>(static_cast<const Scalar*>(host.const_data_ptr()) + first, rows,
                                                  cols);
}

template <class Matrix>
at::Tensor stack(const std::vector<Matrix>& matrices) {
  using Scalar = typename Matrix::Scalar;
  if (matrices.empty()) throw InternalError{"no matrices to stack"};
  const Eigen::Index rows = matrices[0].rows(), cols = matrices[0].cols();
  at::Tensor result =
      unset_tensor({static_cast<std::int64_t>(matrices.size()), rows, cols}, !std::is_same_v<Scalar, double>);
  auto* to = static_cast<Scalar*>(result.mutable_data_ptr());
  for (const Matrix& matrix : matrices) {
    Eigen::Map<RowMajorMatrix<Scalar>>(to, rows, cols) = matrix;
    to += rows * cols;
  }
  return result;
}

}  // namespace

at::Tensor unset_tensor(const std::vector<std::int64_t>& shape, bool complex) {
  return at::empty(shape, complex ? at::kComplexDouble : at::kDouble);
}

at::Tensor stacked(const std::vector<Eigen::Matrix3d>& matrices) { return stack(matrices); }
at::Tensor stacked(const std::vector<Eigen::MatrixXcd>& matrices) { return stack(matrices); }

Eigen::MatrixXd to_matrix(const at::Tensor& tensor) {
  const at::Tensor host = on_host(tensor, 2, at::kDouble);
  return matrix_of<double>(host, host.size(0), host.size(1));
}

Eigen::VectorXd to_vector(const at::Tensor& tensor) {
  const at::Tensor host = on_host(tensor, 1, at::kDouble);
  return matrix_of<double>(host, host.size(0), 1);
}

Eigen::MatrixXcd to_complex_matrix(const at::Tensor& tensor) {
  const at::Tensor host = on_host(tensor, 2, at::kComplexDouble);
  return matrix_of<std::complex<double>>(host, host.size(0), host.size(1));
}

std::vector<Eigen::Matrix3d> to_matrices3(const at::Tensor& tensor) {
  const at::Tensor host = on_host(tensor, 3, at::kDouble);
  if (host.size(1) != 3 || host.size(2) != 3)
    throw InternalError{"matrices of {} x {} where 3 x 3 are expected", host.size(1), host.size(2)};
  std::vector<Eigen::Matrix3d> result;
  for (std::int64_t i = 0; i < host.size(0); ++i) result.emplace_back(matrix_of<double>(host, 3, 3, 9 * i));
  return result;
}

}  // namespace zeropoint
