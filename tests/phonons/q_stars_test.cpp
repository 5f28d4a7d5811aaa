#include "phonons/q_stars.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "phonons/symmetrizer.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sample_ensembles.hpp"

namespace zeropoint::phonons {
namespace {

TEST(QStars, OfRockSaltAreThoseOfQuantumEspresso) {
  // ph.x on the primitive fcc cell: 3 stars of 1, 4 and 3 points on 2x2x2, 8 on 4x4x4.
  const SpaceGroup group = find_space_group(test::cubic_crystal());
  std::vector<int> stars = grid_of_stars({2, 2, 2}, group).stars();
  EXPECT_EQ(stars.front(), 1);
  std::sort(stars.begin(), stars.end());
  EXPECT_EQ(stars, (std::vector<int>{1, 3, 4}));
  const QGrid fine = grid_of_stars({4, 4, 4}, group);
  EXPECT_EQ(fine.stars().size(), 8U);
  EXPECT_EQ(fine.size(), 64);
  EXPECT_EQ(fine.gamma(), 0);
  // Gamma, K with K', and six points between Gamma and K of hcp; without symmetry pairs are left.
  stars = grid_of_stars({3, 3, 1}, find_space_group(test::hexagonal_crystal())).stars();
  std::sort(stars.begin(), stars.end());
  EXPECT_EQ(stars, (std::vector<int>{1, 2, 6}));
  stars = grid_of_stars({3, 2, 1}, find_space_group(test::triclinic_crystal())).stars();
  std::sort(stars.begin(), stars.end());
  EXPECT_EQ(stars, (std::vector<int>{1, 1, 2, 2}));
}

TEST(QStars, AreClosedUnderTheGroupAndDisjoint) {
  for (const Crystal& crystal :
       {test::wurtzite_crystal(), test::p21c_crystal(), test::cmc21_crystal(), test::triclinic_crystal()}) {
    const QGrid grid = grid_of_stars({3, 3, 2}, find_space_group(crystal));
    const SpaceGroup group = keeping_grid(find_space_group(crystal), grid);
    std::vector<int> star_of;
    for (std::size_t star = 0; star < grid.stars().size(); ++star)
      star_of.insert(star_of.end(), static_cast<std::size_t>(grid.stars()[star]), static_cast<int>(star));
    for (const SymmetryOperation& operation : group.operations) {
      const Eigen::Matrix3d turn = operation.rotation.cast<double>().inverse().transpose();
      for (int iq = 0; iq < grid.size(); ++iq) {
        const int image = grid.find(turn * grid.points()[iq]);
        ASSERT_GE(image, 0);
        EXPECT_EQ(star_of[image], star_of[iq]);
      }
    }
    // As many stars as orbits by Burnside's count over operations and time reversal.
    int fixed = 0;
    for (const SymmetryOperation& operation : group.operations) {
      const Eigen::Matrix3d turn = operation.rotation.cast<double>().inverse().transpose();
      for (int iq = 0; iq < grid.size(); ++iq) {
        for (const int sign : {1, -1}) fixed += grid.find(sign * (turn * grid.points()[iq])) == iq;
      }
    }
    EXPECT_EQ(grid.stars().size(), static_cast<std::size_t>(fixed) / (2 * group.operations.size()));
  }
}

TEST(QStars, OfALessSymmetricMeshUseWhatIsLeft) {
  const SpaceGroup group = find_space_group(test::cubic_crystal());
  const SpaceGroup kept = keeping_mesh(group, {3, 1, 1});
  EXPECT_LT(kept.operations.size(), group.operations.size());
  EXPECT_EQ(kept.operations.size(), keeping_grid(group, QGrid({3, 1, 1})).operations.size());
  const MeshOrbits mesh = orbits({5, 4, 3}, group);
  EXPECT_EQ(std::accumulate(mesh.counts.begin(), mesh.counts.end(), 0), 60);
  EXPECT_EQ(grid_of_stars({3, 2, 1}, group).size(), 6);
  EXPECT_COMPLAINT(orbits({2, 0, 2}, group), "every division must be at least 1");
}

}  // namespace
}  // namespace zeropoint::phonons
