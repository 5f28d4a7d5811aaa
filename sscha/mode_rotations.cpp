#include "sscha/mode_rotations.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/real.h>

#include <cmath>
#include <complex>
#include <numbers>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "sscha/device_loop.hpp"

namespace zeropoint::sscha {
namespace {

using phonons::QGrid;

at::Tensor tensor_of(const Eigen::MatrixXcd& matrix, const at::TensorOptions& options) {
  at::Tensor result = at::empty({matrix.rows(), matrix.cols()}, at::kComplexDouble);
  auto* to = reinterpret_cast<std::complex<double>*>(result.data_ptr());
  for (Eigen::Index i = 0; i < matrix.rows(); ++i) {
    for (Eigen::Index j = 0; j < matrix.cols(); ++j) *to++ = matrix(i, j);
  }
  return options.dtype() == at::kDouble ? at::real(result).contiguous().to(options.device())
                                        : result.to(options.device());
}

/// O(S, q1) of the block's first point and O(S, q2) of its second, and where the block goes.
struct BlockImage {
  const at::Tensor &first, &second;
  const PairSpace::Block& target;
  bool exchanged;  // the image of q1 is the second point there
};

BlockImage image_of(const ModeRotations& rotations, const PairRotation& rotation, const QGrid& grid,
                    const PairSpace& to, const PairSpace::Block& block) {
  int image = rotations.image(rotation.operation, block.q1);
  if (rotation.conjugate) image = grid.minus(image);
  const PairSpace::Block& target = to.block_of(image);
  return {rotations.matrix(rotation.operation, block.q1), rotations.matrix(rotation.operation, block.q2), target,
          target.q1 != image};
}

/// f of columns of a matrix, threads taking some at once.
template <class Map>
at::Tensor by_columns(const at::Tensor& matrix, Map&& f) {
  constexpr std::int64_t taken = 256;
  const at::Device device = matrix.device();
  const std::int64_t n = matrix.size(1), some = device.is_cpu() ? std::min(n, taken) : n;
  if (n == 0) return matrix;
  at::Tensor result = at::empty(matrix.sizes(), matrix.options());
  for_each_item(device, (n + some - 1) / some, [&](std::int64_t item) {
    const std::int64_t begin = item * some, end = std::min(n, begin + some);
    result.slice(1, begin, end).copy_(f(matrix.slice(1, begin, end)));
  });
  return result;
}

/// A Z B^T for each column of Z [n1, n2, m].
at::Tensor both_sides(const at::Tensor& a, const at::Tensor& z, const at::Tensor& b) {
  const std::int64_t n1 = z.size(0), n2 = z.size(1), m = z.size(2);
  return at::matmul(b, at::mm(a, z.reshape({n1, n2 * m})).view({n1, n2, m}));
}

}  // namespace

ModeRotations::ModeRotations(const TrialDensity& density, const SpaceGroup& group, const ModeRows& rows,
                             const at::TensorOptions& options)
    : operations_(group.operations) {
  const QGrid& grid = density.matrices().grid;
  const int n_atoms = density.matrices().crystal.n_atoms();
  const std::size_t n_operations = group.operations.size();
  image_.assign(n_operations, std::vector<int>(static_cast<std::size_t>(grid.size())));
  matrices_.assign(n_operations, std::vector<at::Tensor>(static_cast<std::size_t>(grid.size())));
  parallel_for(static_cast<std::int64_t>(n_operations), [&](std::int64_t item) {
    const std::size_t at = static_cast<std::size_t>(item);
    const SymmetryOperation& operation = group.operations[at];
    const Eigen::Matrix3d to_image = operation.rotation.cast<double>().inverse().transpose();
    for (int iq = 0; iq < grid.size(); ++iq) {
      const std::size_t i = static_cast<std::size_t>(iq);
      const int image = grid.find(to_image * grid.points()[i]);
      if (image < 0) {
        throw InputError{"symmetry operation {} leads q point {} out of the grid: use operations that keep it", at + 1,
                         iq + 1};
      }
      image_[at][i] = image;
      const Eigen::Vector3d q = grid.points()[image];
      const Eigen::MatrixXcd& e = density.modes()[i].polarisations;
      Eigen::MatrixXcd turned(e.rows(), e.cols());
      for (int s = 0; s < n_atoms; ++s) {
        const double angle = -2 * std::numbers::pi * q.dot(operation.shift[s].cast<double>());
        std::complex<double> phase = std::polar(1.0, angle);
        if (grid.is_real(image)) phase = std::round(phase.real());
        turned.middleRows<3>(3 * operation.permutation[s]) = phase * (operation.cartesian * e.middleRows<3>(3 * s));
      }
      const Eigen::MatrixXcd o = density.modes()[image].polarisations.adjoint() * turned;
      matrices_[at][i] = tensor_of(o.bottomRightCorner(rows.count(image), rows.count(iq)), options);
    }
  });
}

at::Tensor rotated(const ModeRotations& rotations, const PairRotation& rotation, const QGrid& grid,
                   const PairSpace& from, const PairSpace& to, const at::Tensor& vectors) {
  at::Tensor result = at::empty(vectors.sizes(), vectors.options());
  for (const PairSpace::Block& block : from.blocks()) {
    if (block.size == 0) continue;
    const BlockImage image = image_of(rotations, rotation, grid, to, block);
    at::Tensor z = both_sides(image.first, from.expanded(vectors, block), image.second);
    if (rotation.conjugate) z = z.conj();
    to.put(image.exchanged ? z.transpose(0, 1) : z, image.target, result);
  }
  return result;
}

at::Tensor rotated_back(const ModeRotations& rotations, const PairRotation& rotation, const QGrid& grid,
                        const PairSpace& from, const PairSpace& to, const at::Tensor& vectors) {
  at::Tensor result = at::empty(vectors.sizes(), vectors.options());
  for (const PairSpace::Block& block : from.blocks()) {
    if (block.size == 0) continue;
    const BlockImage image = image_of(rotations, rotation, grid, to, block);
    at::Tensor z = to.expanded(vectors, image.target);
    if (image.exchanged) z = z.transpose(0, 1);
    if (rotation.conjugate) z = z.conj();
    from.put(both_sides(image.first.conj().t(), z, image.second.conj().t()), block, result);
  }
  return result;
}

at::Tensor rotated_both(const ModeRotations& rotations, int operation, const QGrid& grid, const PairSpace& space,
                        const at::Tensor& matrix) {
  const auto rotate = [&](const at::Tensor& columns) {
    return rotated(rotations, {operation, false}, grid, space, space, columns);
  };
  const at::Tensor half = by_columns(matrix, rotate);
  return by_columns(half.conj().t(), rotate).conj().t();
}

at::Tensor rotated_back_both(const ModeRotations& rotations, const PairRotation& rotation, const QGrid& grid,
                             const PairSpace& from, const PairSpace& to, const at::Tensor& matrix) {
  // U^dagger M U, or U^dagger M^* U with the conjugation: rows first, then the rows of the adjoint.
  const auto rotate = [&](const at::Tensor& columns) {
    return rotated_back(rotations, rotation, grid, from, to, columns);
  };
  const at::Tensor half = by_columns(matrix, rotate);
  return by_columns(rotation.conjugate ? half.t() : half.conj().t(), rotate).conj().t();
}

}  // namespace zeropoint::sscha
