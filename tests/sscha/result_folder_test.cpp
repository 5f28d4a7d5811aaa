// What a path on the command line has of a run: one result, a ladder of them, nothing yet.
#include "sscha/result_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/atomic_file.hpp"
#include "tests/support/sample_ensembles.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::sscha {
namespace {

using State = ResultFolder::State;

class ResultFolders : public ::testing::Test {
 protected:
  void touch(const std::string& name) { write_file(folder_ / name, "x"); }
  void run(const std::string& name) {
    for (const char* file : {"/run.toml", "/result.h5", "/summary.json"}) touch(name + file);
  }
  void ladder() {
    touch("sscha/run.toml");
    for (const char* condition : {"300K_20GPa", "1000K_20GPa", "0K_-1.5GPa"}) {
      touch(fmt::format("sscha/{}/result.h5", condition));
      touch(fmt::format("sscha/{}/summary.json", condition));
    }
    touch("sscha/1200K_20GPa/populations.dat");
    touch("sscha/figures/conditions.dat");
  }
  ResultFolder find(const std::string& name) { return find_result(folder_ / name); }

  test::TemporaryFolder folder_;
};

TEST_F(ResultFolders, ARunIsFoundByItsFolderAndByAFileInIt) {
  run("minimize");
  for (const char* name : {"minimize", "minimize/", "minimize/result.h5", "minimize/summary.json"}) {
    const ResultFolder found = find(name);
    EXPECT_EQ(found.state, State::finished) << name;
    EXPECT_EQ(found.result(), folder_ / "minimize/result.h5") << name;
    EXPECT_EQ(found.settings, folder_ / "minimize/run.toml") << name;
    EXPECT_NO_THROW(require_one_condition(found));
  }
}

TEST_F(ResultFolders, ARunWithoutSummaryIsUnfinished) {
  run("minimize");
  std::filesystem::remove(folder_ / "minimize/summary.json");
  EXPECT_EQ(find("minimize").state, State::unfinished);
  EXPECT_TRUE(find("minimize").has_result());
  std::filesystem::remove(folder_ / "minimize/result.h5");
  EXPECT_EQ(find("minimize/result.h5").state, State::unfinished);
  EXPECT_FALSE(find("minimize").has_result());
}

TEST_F(ResultFolders, OtherPathsHaveNothing) {
  touch("ensemble/energies.npy");
  EXPECT_EQ(find("ensemble").state, State::none);
  EXPECT_EQ(find("nowhere").state, State::none);
  EXPECT_FALSE(find("nowhere").has_result());
  EXPECT_EQ(find("nowhere/result.h5").result(), folder_ / "nowhere/result.h5");
}

TEST_F(ResultFolders, AConditionOfALadderIsAResultWithTheSettingsAboveIt) {
  ladder();
  for (const char* name : {"sscha/300K_20GPa", "sscha/300K_20GPa/", "sscha/300K_20GPa/result.h5"}) {
    const ResultFolder found = find(name);
    EXPECT_EQ(found.state, State::finished) << name;
    EXPECT_EQ(found.result(), folder_ / "sscha/300K_20GPa/result.h5") << name;
    EXPECT_EQ(found.settings, folder_ / "sscha/run.toml") << name;
    EXPECT_TRUE(found.conditions.empty()) << name;
  }
  EXPECT_EQ(find("sscha/1200K_20GPa").state, State::unfinished);
}

TEST_F(ResultFolders, ALadderListsItsConditionsByPressureAndTemperature) {
  ladder();
  const ResultFolder found = find("sscha");
  EXPECT_EQ(found.state, State::ladder);
  EXPECT_EQ(found.conditions_text(), "0K_-1.5GPa, 300K_20GPa, 1000K_20GPa, and 1200K_20GPa unfinished");
  EXPECT_COMPLAINT(require_one_condition(found),
                   "sscha has no result of its own, but one for each condition: 0K_-1.5GPa");
  EXPECT_COMPLAINT(require_one_condition(found), ": name one of them, such as " + folder_ / "sscha/0K_-1.5GPa");
}

TEST_F(ResultFolders, AConditionThatIsNotThereIsAnsweredWithThoseThatAre) {
  ladder();
  for (const char* name : {"sscha/400K_20GPa", "sscha/400K_20GPa/result.h5"}) {
    const ResultFolder found = find(name);
    EXPECT_EQ(found.state, State::none);
    EXPECT_COMPLAINT(require_one_condition(found), "400K_20GPa among the conditions of its run: 0K_-1.5GPa");
  }
}

TEST_F(ResultFolders, ALadderThatHasJustBegunHasNothingToName) {
  touch("sscha/run.toml");
  touch("sscha/0K/populations.dat");
  EXPECT_COMPLAINT(require_one_condition(find("sscha")), "one for each condition: 0K unfinished");
  EXPECT_EQ(test::complaint([&] { require_one_condition(find("sscha")); }).find("name one"), std::string::npos);
}

TEST_F(ResultFolders, AFolderThatOnlyLooksLikeAConditionIsNone) {
  run("300K");
  EXPECT_EQ(find("300K").settings, folder_ / "300K/run.toml") << "a run that somebody gave this name";
  touch("run/run.toml");
  for (const char* name : {"run/300", "run/K", "run/300K_", "run/300K_2", "run/300Kelvin"}) {
    touch(std::string{name} + "/result.h5");
    EXPECT_EQ(find(name).settings, "") << name;
  }
  EXPECT_EQ(find("run").state, State::unfinished);
}

}  // namespace
}  // namespace zeropoint::sscha
