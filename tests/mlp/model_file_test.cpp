#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "mlp/prediction.hpp"
#include "tests/mlp/random_model.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::mlp {
namespace {

TEST(ModelFile, GivesBackTheSamePredictionsToTheLastBit) {
  const test::TemporaryFolder folder;
  const test::RandomStructure structure = test::random_structure(31, 6, 3);
  for (const NetworkOptions& options : test::networks()) {
    Model model = test::random_model(options, CutoffFunction::quintic, 2);
    model.card = {{"data", "six atoms: nothing"}, {"errors", "none"}};
    write_model(model, folder / "model.h5");
    const Model read = read_model(folder / "model.h5");
    EXPECT_EQ(read.card, model.card);
    EXPECT_EQ(read.members[1].seed, model.members[1].seed);
    const Predictor before(model, at::kDouble), after(read, at::kDouble);
    const Geometry geometry = before.geometry(structure.cell, structure.positions, test::labels(structure));
    const Prediction one = before({&geometry})[0], other = after({&geometry})[0];
    EXPECT_EQ(one.energy, other.energy);
    EXPECT_EQ((one.forces - other.forces).norm(), 0);
  }
}

TEST(ModelFile, OfBeforeMixingByDegreeIsRead) {
  const test::TemporaryFolder folder;
  const std::string path = folder / "model.h5";
  write_model(test::random_model(test::networks()[0]), path);
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  ASSERT_GE(H5Adelete(file, "mixing_by_degree"), 0);
  H5Fclose(file);
  EXPECT_FALSE(read_model(path).network.mixing_by_degree);
}

TEST(ModelFile, IsRefusedWhenArraysDoNotFitTheNetwork) {
  const test::TemporaryFolder folder;
  write_model(test::random_model(test::networks()[0]), folder / "model.h5");
  Hdf5File file = Hdf5File::modify(folder / "model.h5");
  file.remove("member_0/species_1/weights_1");
  file.write("member_0/species_1/weights_1", at::zeros({3, 3}, at::kDouble), "1", "");
  file.close();
  EXPECT_THROW(read_model(folder / "model.h5"), InputError);
}

}  // namespace
}  // namespace zeropoint::mlp
