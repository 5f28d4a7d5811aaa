#include "phonons/real_bloch_basis.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/eye.h>
#include <gtest/gtest.h>

#include <numbers>
#include <random>

#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"

namespace zeropoint::phonons {
namespace {

const std::vector<Eigen::Vector3i> grids = {{1, 1, 1}, {2, 2, 2}, {3, 1, 1}, {3, 2, 1}, {2, 1, 3}, {4, 3, 1}};

at::Tensor random_tensor(std::vector<std::int64_t> sizes, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  at::Tensor result = at::empty(sizes, at::kDouble);
  for (std::int64_t i = 0; i < result.numel(); ++i) result.mutable_data_ptr<double>()[i] = normal(random);
  return result;
}

double largest(const at::Tensor& tensor) { return tensor.abs().max().item<double>(); }

TEST(RealBlochBasis, IsOrthogonal) {
  for (const Eigen::Vector3i& divisions : grids) {
    const QGrid grid(divisions);
    const RealBlochBasis basis(grid, 3);
    const at::Tensor columns = basis.transform(at::eye(basis.n_rows(), at::kDouble));
    EXPECT_LT(largest(columns.mm(columns.t()) - at::eye(basis.n_rows(), at::kDouble)), 1e-14);
  }
}

TEST(RealBlochBasis, TransformAndInverseRoundTrip) {
  for (const Eigen::Vector3i& divisions : grids) {
    const RealBlochBasis basis(QGrid(divisions), 6);
    const at::Tensor u = random_tensor({5, divisions.prod() * 2, 3}, 1);
    const at::Tensor back = basis.inverse(basis.transform(u));
    EXPECT_LT(largest(back - u.view({5, -1})), 1e-14);
  }
}

TEST(RealBlochBasis, RowsAreTheUnitaryBlochTransformOfTheSupercellOrder) {
  // 2 x 1 x 3 by hand: cells 000 001 002 100 101 102, the last index fastest.
  const QGrid grid({2, 1, 3});
  const RealBlochBasis basis(grid, 3);
  const int cells[6][3] = {{0, 0, 0}, {0, 0, 1}, {0, 0, 2}, {1, 0, 0}, {1, 0, 1}, {1, 0, 2}};
  const at::Tensor u = random_tensor({1, 6, 3}, 2);
  const at::Tensor rows = basis.transform(u);
  ASSERT_EQ(basis.blocks().size(), 4u);  // q1 = 0, 1/2 real; two pairs with q3 = +-1/3
  EXPECT_EQ(basis.blocks()[0].iq, grid.gamma());
  for (const RealBlochBasis::Block& block : basis.blocks()) {
    const Eigen::Vector3d q = grid.points()[block.iq];
    EXPECT_EQ(block.pair, q[2] != 0);
    EXPECT_EQ(block.size, block.pair ? 6 : 3);
    for (int x = 0; x < 3; ++x) {
      std::complex<double> sum = 0;
      for (int cell = 0; cell < 6; ++cell) {
        const double phase = -2 * std::numbers::pi * (q[0] * cells[cell][0] + q[2] * cells[cell][2]);
        sum += std::polar(1 / std::sqrt(6.0), phase) * u[0][cell][x].item<double>();
      }
      if (!block.pair) {
        EXPECT_NEAR(sum.imag(), 0, 1e-15);
        EXPECT_NEAR(rows[block.first_row + x][0].item<double>(), sum.real(), 1e-14);
      } else {
        EXPECT_NEAR(rows[block.first_row + x][0].item<double>(), std::sqrt(2.0) * sum.real(), 1e-14);
        EXPECT_NEAR(rows[block.first_row + 3 + x][0].item<double>(), std::sqrt(2.0) * sum.imag(), 1e-14);
      }
    }
  }
}

TEST(RealBlochBasis, HarmonicEnergyIsTheSameInBothSpaces) {
  for (const Eigen::Vector3i& divisions : grids) {
    const DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), divisions, 3);
    const Supercell supercell = matrices.supercell();
    const int n = matrices.n_modes();
    const RealBlochBasis basis(matrices.grid, n);
    const at::Tensor u = random_tensor({1, supercell.n_atoms(), 3}, 4);
    const Eigen::Map<const Eigen::VectorXd> x(u.const_data_ptr<double>(), u.numel());
    const std::vector<Eigen::MatrixXd> constants = to_real_space(matrices);
    double direct = 0;
    for (int a = 0; a < supercell.n_cells(); ++a) {
      for (int b = 0; b < supercell.n_cells(); ++b) {
        const int apart = supercell.cell_index(supercell.lattice_vector(a) - supercell.lattice_vector(b));
        direct += x.segment(a * n, n).dot(constants[apart] * x.segment(b * n, n));
      }
    }
    const at::Tensor rows = basis.transform(u);
    double in_blocks = 0;
    int n_rows = 0;
    for (const RealBlochBasis::Slab& slab : basis.slabs()) {
      const at::Tensor part =
          rows.slice(0, slab.first_row, slab.first_row + slab.n_rows()).view({slab.n_blocks, slab.block_size, 1});
      in_blocks += (part * at::bmm(basis.real_blocks(matrices.blocks, slab), part)).sum().item<double>();
      n_rows += slab.n_rows();
    }
    EXPECT_EQ(n_rows, basis.n_rows());
    EXPECT_NEAR(in_blocks, direct, 1e-12 * std::abs(direct));
  }
}

TEST(RealBlochBasis, ComplexMatricesSurviveTheRoundTripThroughRealBlocks) {
  for (const Eigen::Vector3i& divisions : grids) {
    const DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), divisions, 5);
    const RealBlochBasis basis(matrices.grid, matrices.n_modes());
    std::vector<Eigen::MatrixXcd> back(matrices.blocks.size(), Eigen::MatrixXcd::Zero(9, 9));
    for (const RealBlochBasis::Slab& slab : basis.slabs()) {
      basis.add_complex_blocks(basis.real_blocks(matrices.blocks, slab), slab, back);
    }
    for (const int iq : matrices.grid.independent()) {
      EXPECT_EQ(back[iq], matrices.blocks[iq]);
    }
  }
}

TEST(RealBlochBasis, CovariancesBecomeTheHermitianMomentsOfEachPoint) {
  // <u f^T> in the real basis against <u(q) f(q)^dagger> of one configuration, for any u and f.
  const QGrid grid({3, 2, 1});
  const RealBlochBasis basis(grid, 3);
  const at::Tensor u = basis.transform(random_tensor({1, 6, 3}, 6)), f = basis.transform(random_tensor({1, 6, 3}, 7));
  std::vector<Eigen::MatrixXcd> moments(6, Eigen::MatrixXcd::Zero(3, 3));
  for (const RealBlochBasis::Slab& slab : basis.slabs()) {
    const auto part = [&](const at::Tensor& all) {
      return all.slice(0, slab.first_row, slab.first_row + slab.n_rows()).view({slab.n_blocks, slab.block_size, 1});
    };
    basis.add_complex_blocks(at::bmm(part(u), part(f).transpose(1, 2)), slab, moments);
  }
  for (const RealBlochBasis::Block& block : basis.blocks()) {
    const auto vector = [&](const at::Tensor& all) {
      Eigen::VectorXcd result(3);
      for (int x = 0; x < 3; ++x) {
        const double re = all[block.first_row + x][0].item<double>();
        result[x] =
            block.pair ? std::complex<double>(re, all[block.first_row + 3 + x][0].item<double>()) / std::sqrt(2.0) : re;
      }
      return result;
    };
    const Eigen::MatrixXcd expected = vector(u) * vector(f).adjoint();
    EXPECT_LT((moments[block.iq] - expected).cwiseAbs().maxCoeff(), 1e-14);
  }
}

}  // namespace
}  // namespace zeropoint::phonons
