// Populations that wait until somebody has labelled them.
#include "sscha/label_requests.hpp"

#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/atomic_file.hpp"
#include "sscha/population_loop.hpp"
#include "tests/support/bond_potential.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::sscha {
namespace {

namespace fs = std::filesystem;

/// Bonds of which some labels have not come in.
class SlowBonds : public test::BondPotential {
 public:
  SlowBonds(const test::BondModel& model, std::vector<std::int64_t> missing)
      : test::BondPotential(model), missing_(std::move(missing)) {}
  bool waits_for_labels() const override { return true; }
  MissingLabels missing(const Supercell&, const at::Tensor& displacements) const override {
    EXPECT_EQ(displacements.size(0), 20);
    return {missing_, 7};
  }

 private:
  std::vector<std::int64_t> missing_;
};

struct Case {
  Crystal crystal = test::cubic_crystal();
  test::BondModel model = test::BondModel::of_neighbours(crystal, {2, 2, 2}, 4.6);
  TrialDensity start{model.harmonic(crystal), 300, units::codata2022};
  SpaceGroup group = phonons::keeping_grid(find_space_group(crystal), start.matrices().grid);

  std::optional<LabelRequest> request(const Potential& potential, const std::string& folder) const {
    PopulationLoop loop(potential, start, group, {.sizes = {20}});
    return request_labels(potential, loop.drawing(), folder, {.population = 1, .seed = 1});
  }
};

TEST(LabelRequest, IsNoneWhenAllLabelsAreThere) {
  const Case the;
  const test::TemporaryFolder folder;
  EXPECT_FALSE(the.request(test::BondPotential(the.model), folder.path()));
  EXPECT_FALSE(the.request(SlowBonds(the.model, {}), folder.path()));
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(LabelRequest, WritesThePopulationOnceAndFindsItAgain) {
  const Case the;
  const test::TemporaryFolder folder;
  const SlowBonds potential(the.model, {3, 19});
  const std::optional<LabelRequest> request = the.request(potential, folder.path());
  ASSERT_TRUE(request);
  EXPECT_EQ(request->number, 1);
  EXPECT_EQ(request->size, 20);
  EXPECT_EQ(request->missing.configurations, (std::vector<std::int64_t>{3, 19}));
  EXPECT_EQ(request->missing.n_stored, 7);
  EXPECT_TRUE(fs::exists(request->frames));
  ASSERT_EQ(requested_populations(folder.path()), std::vector<std::string>{request->folder + "/population.h5"});
  const TrialDensity stored = read_generating(request->folder + "/population.h5", units::codata2022);
  EXPECT_LT(test::difference(stored.matrices().blocks, the.start.matrices().blocks), 1e-12);
  // Labels that were collected meanwhile stay.
  write_file(request->folder + "/population.h5", "with labels");
  ASSERT_TRUE(the.request(potential, folder.path()));
  EXPECT_EQ(read_file(request->folder + "/population.h5"), "with labels");
}

TEST(LabelRequest, IsFoundInFoldersOfConditionsButIsNoLastPopulation) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path();
  for (const char* name : {"/300K/population2", "/300K/population1", "/300K"}) {
    fs::create_directories(path + name);
    write_file(path + name + "/population.h5", "");
  }
  EXPECT_EQ(requested_populations(path), (std::vector<std::string>{path + "/300K/population1/population.h5",
                                                                   path + "/300K/population2/population.h5"}));
  EXPECT_TRUE(requested_populations(path + "/nowhere").empty());
}

}  // namespace
}  // namespace zeropoint::sscha
