#include "tests/support/polar_models.hpp"

#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"

namespace zeropoint::test {
namespace {

phonons::DynamicalMatrices stable(const Crystal& crystal, const Eigen::Vector3i& divisions, phonons::Polar polar) {
  phonons::DynamicalMatrices matrices = model_matrices(crystal, divisions, 31);
  for (Eigen::MatrixXcd& block : matrices.blocks) block += 20 * Eigen::MatrixXcd::Identity(block.rows(), block.cols());
  matrices.polar = std::move(polar);
  return matrices;
}

}  // namespace

std::vector<PolarModel> polar_models() {
  const Eigen::Matrix3d one = Eigen::Matrix3d::Identity();
  const Eigen::Matrix3d zinc = Eigen::Vector3d(2.1, 2.1, 2.3).asDiagonal();
  const phonons::Polar cubic{2.4 * one, {1.1 * one, -1.1 * one}};
  const phonons::Polar hexagonal{Eigen::Vector3d(3.9, 3.9, 4.2).asDiagonal(), {zinc, zinc, -zinc, -zinc}};
  return {{"cubic 2x2x2", stable(cubic_crystal(), {2, 2, 2}, cubic)},
          {"cubic 3x2x1", stable(cubic_crystal(), {3, 2, 1}, cubic)},
          {"hexagonal 2x2x2", stable(wurtzite_crystal(), {2, 2, 2}, hexagonal)},
          {"hexagonal 3x2x1", stable(wurtzite_crystal(), {3, 2, 1}, hexagonal)},
          {"triclinic 2x2x2", stable(triclinic_crystal(), {2, 2, 2}, polar_without_symmetry())},
          {"triclinic 3x2x1", stable(triclinic_crystal(), {3, 2, 1}, polar_without_symmetry())}};
}

const std::vector<Eigen::Vector3d>& points_off_grids() {
  static const std::vector<Eigen::Vector3d> points{
      {0.11, 0.07, -0.23}, {0.5, 0.25, 0.1},    {0.31, -0.42, 0.17}, {0.05, 0.02, 0.01},  {0, 0.21, 0.37},
      {-0.23, 0.13, 0.41}, {0.43, 0.43, -0.11}, {-0.37, 0, 0.29},    {0.02, -0.03, 0.47}, {-0.19, -0.28, -0.33}};
  return points;
}

}  // namespace zeropoint::test
