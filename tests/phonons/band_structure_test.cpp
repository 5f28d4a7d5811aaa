#include "phonons/band_structure.hpp"

#include <gtest/gtest.h>

#include "phonons/spectrum.hpp"
#include "phonons/symmetrizer.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/polar_models.hpp"

namespace zeropoint::phonons {
namespace {

/// Through Gamma from two sides, once along each of two directions and back.
SampledPath path_through_gamma(const Crystal& crystal) {
  const Eigen::Vector3d gamma = Eigen::Vector3d::Zero();
  const BandPath path{
      "test", {{{"A", {0.5, 0, 0}}, {"G", gamma}, {"B", {0, 0.5, 0}}}, {{"B", {0, 0.5, 0}}, {"G", gamma}}}, {}};
  return sample(path, crystal, {.spacing = 0.3});
}

TEST(BandStructure, HasErrorsWhereTheMatricesHaveThem) {
  const DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {2, 2, 1}, 3);
  const Interpolation interpolation(matrices);
  const SampledPath path = path_through_gamma(matrices.crystal);
  const Bands plain = bands_along(path, interpolation, matrices, {});
  EXPECT_EQ(plain.frequencies, frequencies_at(interpolation, path.points, path.directions));
  EXPECT_EQ(plain.errors.size(), 0);
  const std::vector<std::vector<double>> errors(matrices.blocks.size(), std::vector<double>(9, 1e-4));
  const Bands bands = bands_along(path, interpolation, matrices, errors);
  EXPECT_EQ(bands.frequencies, plain.frequencies);
  ASSERT_EQ(bands.errors.rows(), plain.frequencies.rows());
  EXPECT_GT(bands.errors.minCoeff(), 0);
}

TEST(BandStructure, LeavesGammaOnceAlongEachDirection) {
  const DynamicalMatrices matrices = test::polar_models()[0].matrices;
  const Interpolation polar(matrices), plain(matrices, {.dipoles = false});
  const SampledPath path = path_through_gamma(matrices.crystal);
  EXPECT_TRUE(gamma_limits(path, plain).empty());
  const std::vector<GammaLimit> limits = gamma_limits(path, polar);
  ASSERT_EQ(limits.size(), 2U);
  const double without = modes_at(polar(Eigen::Vector3d::Zero()), matrices.crystal).frequencies.maxCoeff();
  for (const GammaLimit& limit : limits) EXPECT_GT(limit.frequencies.maxCoeff(), without * (1 + 1e-6));
}

TEST(BandStructure, NamesModesAtGammaWhateverTheOrientation) {
  DynamicalMatrices matrices = test::model_matrices(test::wurtzite_crystal(), {2, 2, 1}, 3);
  const SpaceGroup group = find_space_group(matrices.crystal);
  Symmetrizer(keeping_grid(group, matrices.grid), matrices.crystal, matrices.grid).matrices(matrices.blocks);
  const std::optional<GammaModes> modes = gamma_modes(Interpolation(matrices), group, 1e-5);
  ASSERT_TRUE(modes);
  EXPECT_EQ(modes->acoustic, "A1+E1");
  EXPECT_EQ(decomposition(*modes), "A1+2B1+E1+2E2");
  const DynamicalMatrices turned = test::rotated(matrices, test::some_rotation());
  const std::optional<GammaModes> same = gamma_modes(Interpolation(turned), find_space_group(turned.crystal), 1e-5);
  ASSERT_TRUE(same);
  ASSERT_EQ(same->optical.size(), modes->optical.size());
  for (std::size_t i = 0; i < modes->optical.size(); ++i) EXPECT_EQ(same->optical[i].label, modes->optical[i].label);
}

}  // namespace
}  // namespace zeropoint::phonons
