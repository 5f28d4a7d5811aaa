#include "phonons/mesh_properties.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "phonons/symmetrizer.hpp"
#include "tests/support/model_matrices.hpp"

namespace zeropoint::phonons {
namespace {

DynamicalMatrices symmetric_model() {
  DynamicalMatrices matrices = test::model_matrices(test::hexagonal_crystal(), {2, 2, 1}, 3);
  const SpaceGroup group = keeping_grid(find_space_group(matrices.crystal), matrices.grid);
  Symmetrizer(group, matrices.crystal, matrices.grid).matrices(matrices.blocks);
  return matrices;
}

MeshOptions options() { return {.divisions = {6, 6, 4}, .step = 1e-3, .temperatures = {0, 300}}; }

TEST(MeshProperties, AreThoseOfItsModes) {
  const DynamicalMatrices matrices = symmetric_model();
  const SpaceGroup group = find_space_group(matrices.crystal);
  const Interpolation interpolation(matrices);
  int pauses = 0;
  MeshOptions asked = options();
  asked.pause = [&] { ++pauses; };
  const MeshProperties found = mesh_properties(interpolation, group, asked);
  EXPECT_EQ(pauses, 2);
  EXPECT_NEAR(found.dos.cumulative.tail<1>()[0], 6, 1e-10);
  EXPECT_EQ(found.dos.frequencies[0], 0);
  EXPECT_EQ(found.imaginary.n_modes, 0);
  const MeshModes mesh = modes_on_mesh(interpolation, asked.divisions, group);
  const auto tensors = mean_square_displacements(interpolation, asked.divisions, group, asked.temperatures);
  ASSERT_EQ(found.thermodynamics.size(), 2U);
  ASSERT_EQ(found.displacements.size(), 2U);
  for (std::size_t t = 0; t < 2; ++t) {
    EXPECT_EQ(found.thermodynamics[t].temperature, asked.temperatures[t]);
    EXPECT_EQ(found.thermodynamics[t].free_energy, thermodynamics(mesh, asked.temperatures[t]).free_energy);
    EXPECT_LT((found.displacements[t][0] - tensors[t][0]).norm(), 1e-14);
  }
}

TEST(MeshProperties, OfImaginaryModesAreADensityOfStatesAlone) {
  DynamicalMatrices matrices = symmetric_model();
  for (Eigen::MatrixXcd& block : matrices.blocks) block = -block;
  const SpaceGroup group = find_space_group(matrices.crystal);
  const Interpolation interpolation(matrices);
  MeshOptions asked = options();
  const MeshProperties found = mesh_properties(interpolation, group, asked);
  EXPECT_GT(found.imaginary.n_modes, 0);
  EXPECT_LT(found.dos.frequencies[0], 0);
  EXPECT_TRUE(found.thermodynamics.empty());
  EXPECT_TRUE(found.displacements.empty());
  asked.skip_imaginary = true;
  EXPECT_EQ(mesh_properties(interpolation, group, asked).thermodynamics.size(), 2U);
}

TEST(MeshProperties, EndWhereAPauseThrows) {
  const DynamicalMatrices matrices = symmetric_model();
  MeshOptions asked = options();
  asked.pause = [] { throw InputError{"enough"}; };
  EXPECT_THROW(mesh_properties(Interpolation(matrices), find_space_group(matrices.crystal), asked), InputError);
}

}  // namespace
}  // namespace zeropoint::phonons
