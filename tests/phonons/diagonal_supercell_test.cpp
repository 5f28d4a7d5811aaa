#include "phonons/diagonal_supercell.hpp"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <random>

#include "core/error.hpp"
#include "tests/support/model_matrices.hpp"

namespace zeropoint::phonons {
namespace {

bool is_whole(const Eigen::Matrix3d& values) {
  return (values.array() - values.array().round()).abs().maxCoeff() < 1e-9;
}

TEST(DiagonalSupercell, SpansTheSameLattice) {
  std::mt19937 random(3);
  std::uniform_int_distribution<int> entry(-3, 3);
  const Eigen::Matrix3d cell = test::triclinic_crystal().cell;
  int n_tried = 0;
  while (n_tried < 200) {
    Eigen::Matrix3i m;
    for (int i = 0; i < 9; ++i) m(i / 3, i % 3) = entry(random);
    if (std::abs(m.cast<double>().determinant()) < 0.5) continue;
    ++n_tried;
    const DiagonalSupercell diagonal = diagonal_supercell(m, cell);
    EXPECT_NEAR(diagonal.basis.cast<double>().determinant(), 1, 1e-9);
    const Eigen::Matrix3d ours = diagonal.divisions.cast<double>().asDiagonal() * diagonal.basis.cast<double>();
    EXPECT_TRUE(is_whole(m.cast<double>() * ours.inverse()));
    EXPECT_TRUE(is_whole(ours * m.cast<double>().inverse()));
  }
}

TEST(DiagonalSupercell, KeepsTheBasisWhereItWillDo) {
  const Eigen::Matrix3d cell = test::triclinic_crystal().cell;
  Eigen::Matrix3i skew;
  skew << 2, 3, 0, 0, 3, 0, 4, 0, 4;  // 2 x 3 x 4 with other vectors
  for (const Eigen::Matrix3i& m : {Eigen::Matrix3i(Eigen::Vector3i(2, 3, 4).asDiagonal()), skew}) {
    const DiagonalSupercell diagonal = diagonal_supercell(m, cell);
    EXPECT_EQ(diagonal.basis, Eigen::Matrix3i::Identity());
    EXPECT_EQ(diagonal.divisions, Eigen::Vector3i(2, 3, 4));
  }
}

TEST(DiagonalSupercell, OfTheCubicCellOfAnFccLatticeHasShortVectors) {
  const Crystal crystal = test::cubic_crystal();
  Eigen::Matrix3i cubic;
  cubic << -1, 1, 1, 1, -1, 1, 1, 1, -1;
  const DiagonalSupercell diagonal = diagonal_supercell(2 * cubic, crystal.cell);
  Eigen::Vector3i sorted = diagonal.divisions;
  std::sort(sorted.data(), sorted.data() + 3);
  EXPECT_EQ(sorted, Eigen::Vector3i(2, 4, 4));
  const double nearest = crystal.cell.row(0).norm();
  EXPECT_LT((diagonal.basis.cast<double>() * crystal.cell).rowwise().norm().maxCoeff(), 2 * nearest);
}

TEST(DiagonalSupercell, RefusesVectorsInAPlane) {
  Eigen::Matrix3i flat;
  flat << 1, 0, 0, 0, 1, 0, 1, 1, 0;
  EXPECT_THROW(diagonal_supercell(flat, Eigen::Matrix3d::Identity()), InputError);
}

}  // namespace
}  // namespace zeropoint::phonons
