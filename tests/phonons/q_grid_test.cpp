#include "phonons/q_grid.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "core/error.hpp"

namespace zeropoint::phonons {
namespace {

std::string message(const std::vector<Eigen::Vector3d>& points) {
  try {
    QGrid(points, {static_cast<int>(points.size())});
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(QGrid, HoldsEveryPointOnceWithItsPartner) {
  const QGrid grid(Eigen::Vector3i(4, 3, 2));
  EXPECT_EQ(grid.size(), 24);
  EXPECT_EQ(grid.gamma(), 0);
  EXPECT_EQ(std::accumulate(grid.stars().begin(), grid.stars().end(), 0), 24);
  int n_real = 0;
  for (int iq = 0; iq < grid.size(); ++iq) {
    const Eigen::Vector3d sum = grid.points()[iq] + grid.points()[grid.minus(iq)];
    EXPECT_EQ(sum.array().round().matrix(), sum);
    EXPECT_EQ(grid.minus(grid.minus(iq)), iq);
    n_real += grid.is_real(iq);
  }
  EXPECT_EQ(n_real, 4);  // q_i in {0, 1/2} along the two even directions
  EXPECT_EQ(grid.independent().size(), 14u);
}

TEST(QGrid, KeepsTheOrderAndTheZonesOfTheFile) {
  std::vector<Eigen::Vector3d> points;
  const QGrid full(Eigen::Vector3i(3, 2, 5));
  std::mt19937 random(1);
  std::uniform_int_distribution<int> zone(-2, 2);
  for (const Eigen::Vector3d& q : full.points())
    points.emplace_back(q + Eigen::Vector3d(zone(random), zone(random), zone(random)));
  std::shuffle(points.begin(), points.end(), random);
  const QGrid grid(points, {10, 20});
  EXPECT_EQ(grid.divisions(), Eigen::Vector3i(3, 2, 5));
  EXPECT_EQ(grid.stars(), (std::vector<int>{10, 20}));
  EXPECT_EQ(grid.representatives(), (std::vector<int>{0, 10}));
  for (int iq = 0; iq < grid.size(); ++iq) {
    EXPECT_LT((grid.points()[iq] - points[iq]).norm(), 1e-14);
  }
  EXPECT_EQ(grid.integers(grid.gamma()), Eigen::Vector3i::Zero());
}

TEST(QGrid, SnapsPrintedPointsToExactFractions) {
  const std::vector<Eigen::Vector3d> points{{0, 0, 1e-9}, {0.333333, 0, 0}, {-0.333334, 2e-6, -1}};
  const QGrid grid(points, {1, 2});
  EXPECT_EQ(grid.divisions(), Eigen::Vector3i(3, 1, 1));
  EXPECT_EQ(grid.points()[1], Eigen::Vector3d(1.0 / 3, 0, 0));
  EXPECT_EQ(grid.points()[2], Eigen::Vector3d(-1.0 / 3, 0, -1));
}

TEST(QGrid, FindsPointsModuloReciprocalVectors) {
  const QGrid grid(Eigen::Vector3i(4, 3, 1));
  for (int iq = 0; iq < grid.size(); ++iq) {
    EXPECT_EQ(grid.find(grid.points()[iq] + Eigen::Vector3d(3, -2, 7)), iq);
  }
  EXPECT_EQ(grid.find({0.25 + 9e-5, 0, 0}), grid.find({0.25, 0, 0}));
  EXPECT_EQ(grid.find({0.25 + 2e-4, 0, 0}), -1);
  EXPECT_EQ(grid.find({0, 0, 0.5}), -1);
  EXPECT_EQ(grid.find({-1e-6, 1 - 1e-6, 0}), grid.gamma());
}

TEST(QGrid, NamesWhatIsWrong) {
  std::vector<Eigen::Vector3d> points = QGrid(Eigen::Vector3i(4, 1, 1)).points();
  std::vector<Eigen::Vector3d> twice = points;
  twice[1] = twice[2] + Eigen::Vector3d(1, 0, 0);
  EXPECT_NE(message(twice).find("given twice, as points 2 and 3"), std::string::npos) << message(twice);

  std::vector<Eigen::Vector3d> alone{{0, 0, 0}, {0.25, 0, 0}, {0.5, 0, 0}};
  EXPECT_NE(message(alone).find("-q is not"), std::string::npos) << message(alone);

  std::vector<Eigen::Vector3d> incomplete{{0, 0, 0}, {0.25, 0, 0}, {-0.25, 0, 0}};
  EXPECT_NE(
      message(incomplete).find("1 of 4 q points of the 4 x 1 x 1 grid are missing: (0.500000, 0.000000, 0.000000)"),
      std::string::npos)
      << message(incomplete);

  EXPECT_NE(message({{0, 0, 0}, {0.1234, 0, 0}}).find("lies on no grid"), std::string::npos);
  EXPECT_NE(message({}).find("without points"), std::string::npos);
  EXPECT_THROW(QGrid(points, {1, 2}), InputError);
  EXPECT_THROW(QGrid(Eigen::Vector3i(2, 0, 1)), InputError);
}

}  // namespace
}  // namespace zeropoint::phonons
