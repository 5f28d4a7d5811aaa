#include "tools/program/run_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/run_file.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint {
namespace {

class RunFolderTest : public ::testing::Test {
 protected:
  RunFolderTest() {
    schema.section("minimize").key("ratio", &ratio, "");
    schema.section("compute").key("threads", &threads, "").free_on_resume();
  }

  /// A run that ended, or was cut short.
  void leave_run(bool finished) const {
    const RunFolder folder(path, "minimize", schema);
    folder.write("steps.dat", "1 2\n");
    folder.write("dyn1", "old");
    folder.write("mine.txt", "not of the run");
    Summary summary;
    if (finished) folder.finish(summary);
  }

  template <class Error>
  std::string refusal(const RunFolderOptions& options = {}, const std::string& command = "minimize") const {
    try {
      const RunFolder folder(path, command, schema, options);
    } catch (const Error& error) {
      return error.what();
    }
    return "not refused";
  }

  test::TemporaryFolder scratch;
  std::string path = scratch / "run";
  double ratio = 0.5;
  int threads = 1;
  Schema schema;
};

TEST_F(RunFolderTest, RefusesToOverwriteAFinishedRun) {
  leave_run(true);
  EXPECT_NE(refusal<InputError>().find("--overwrite"), std::string::npos);
  EXPECT_NE(refusal<InputError>({.resume = true}).find("finished"), std::string::npos);
}

TEST_F(RunFolderTest, OverwritingRemovesResultsAndNothingElse) {
  leave_run(true);
  const RunFolder folder(path, "minimize", schema, {.overwrite = true});
  EXPECT_FALSE(folder.resumes());
  for (const char* gone : {"summary.json", "steps.dat", "dyn1"})
    EXPECT_FALSE(std::filesystem::exists(folder.file(gone))) << gone;
  EXPECT_TRUE(std::filesystem::exists(folder.file("mine.txt")));
}

TEST_F(RunFolderTest, ResumesWithTheSameSettings) {
  leave_run(false);
  threads = 2;  // may change
  EXPECT_TRUE(RunFolder(path, "minimize", schema).resumes());
  EXPECT_TRUE(RunFolder(path, "minimize", schema, {.resume = true}).resumes());
}

TEST_F(RunFolderTest, ShowsTheDifferenceToAnUnfinishedRun) {
  leave_run(false);
  ratio = 0.75;
  EXPECT_NE(refusal<InputError>().find("minimize.ratio: there 0.5, now 0.75"), std::string::npos)
      << refusal<InputError>();
  EXPECT_NE(refusal<InputError>({}, "hessian").find("another command"), std::string::npos);
}

TEST_F(RunFolderTest, InsistsOnResumingWhenAsked) {
  EXPECT_NE(refusal<InputError>({.resume = true}).find("no unfinished run"), std::string::npos);
}

TEST_F(RunFolderTest, KeepsARunFileThatIsNotItsOwn) {
  write_file(path + "/run.toml", "[ensemble]\npath = 'x'\n");
  EXPECT_NE(refusal<InputError>({.overwrite = true}).find("run.toml"), std::string::npos);
}

TEST(Summary, HoldsValuesErrorsAndUnits) {
  Summary summary;
  summary.add("free_energy", Estimate{-1.5, 0.25}, "eV per unit cell");
  summary.add("converged", nlohmann::json(true));
  summary.add("pressure", std::numeric_limits<double>::quiet_NaN(), "GPa");
  const auto json = nlohmann::json::parse(summary.text());
  EXPECT_EQ(json["free_energy"],
            (nlohmann::json{{"value", -1.5}, {"standard_error", 0.25}, {"unit", "eV per unit cell"}}));
  EXPECT_EQ(json["converged"], (nlohmann::json{{"value", true}}));
  EXPECT_TRUE(json["pressure"]["value"].is_null());
}

TEST(StepTable, IsOneHeaderAndOneLineAStep) {
  StepTable table{{"step", "energy[eV]"}};
  table.add({0, -1.5});
  table.add({1, 1.0 / 3});
  EXPECT_EQ(table.text(),
            "#               step          energy[eV]\n"
            "                   0                -1.5\n"
            "                   1      0.333333333333\n");
}

}  // namespace
}  // namespace zeropoint
