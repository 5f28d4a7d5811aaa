#include "active_learning/harvest.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "active_learning/runner.hpp"
#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "files/structure_format.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::active_learning {
namespace {

namespace fs = std::filesystem;

Crystal pair_at(double x) {
  Vectors positions = Vectors::Zero(2, 3);
  positions(1, 0) = x;
  return with_standard_masses(5 * Eigen::Matrix3d::Identity(), positions, {"H", "Li"});
}

/// A project of one task, and a program that is never called.
struct Project {
  test::TemporaryFolder folder;
  std::unique_ptr<DftCode> code =
      open_dft_code({.kind = "command", .template_path = "", .command = "program"}, Supercell(pair_at(1.5), {1, 1, 1}));
  TaskStore store{folder / "p", code->method()};
  std::string id = store.add(pair_at(1.5), code->inputs(pair_at(1.5), "", 1));

  std::string file(const std::string& name) const { return store.folder_of(id) + "/" + name; }
  /// What a program answers: atoms in the other order, one of them a cell further.
  static std::string answer(double energy, double force = 0.25, double x = 6.5) {
    return fmt::format(
        "2\nLattice=\"5 0 0 0 5 0 0 0 5\" Properties=species:S:1:pos:R:3:forces:R:3 energy={} stress=\"1 0 0 0 2 0 0 0 "
        "3\"\nLi {} 0 0 {} 0 0\nH 0 0 0 {} 0 0\n",
        energy, x, force, -force);
  }
  void run(const std::string& who, const std::string& out, const std::string& rc = "0 12 x") const {
    write_file(file("started." + who), "");
    write_file(file("run." + who + "/out"), out);
    write_file(file("run." + who + "/rc"), rc + "\n");
  }
  HarvestReport harvest(const HarvestOptions& options = {}) { return active_learning::harvest(store, *code, options); }
};

TEST(Harvest, TakesALabelInTheOrderOfTheTask) {
  Project project;
  EXPECT_TRUE(project.harvest().accepted.empty());
  project.run("a", Project::answer(-3));
  EXPECT_EQ(project.harvest().accepted.size(), 1U);
  const TaskLabel label = project.store.label(project.id);
  EXPECT_EQ(label.energy, -3);
  EXPECT_EQ(label.forces(1, 0), 0.25);
  EXPECT_EQ(label.output, "run.a/out");
  EXPECT_TRUE(verify(project.store, *project.code, true).empty());
}

TEST(Harvest, FindsAnOutputThatSomebodyComputedByHand) {
  Project project;
  write_file(project.file("mine.extxyz"), Project::answer(-3).substr(0, 120));
  EXPECT_EQ(project.harvest().refused.size(), 1U);  // it may still be written
  EXPECT_EQ(project.store.task(project.id).state, TaskState::written);
  write_file(project.file("mine.extxyz"), Project::answer(-3));
  EXPECT_EQ(project.harvest().accepted.size(), 1U);
}

TEST(Harvest, RefusesWhatIsNoLabelOfTheStructureAndKeepsIt) {
  for (const std::string& bad : {Project::answer(-3, 0.25, 1.51), Project::answer(-3, 60), std::string{},
                                 std::string{"killed"}, Project::answer(-3).substr(0, 120),
                                 std::string{"2\nLattice=\"5 0 0 0 5 0 0 0 5\" energy=nan\nH 0 0 0\nLi 1.5 0 0\n"}}) {
    Project project;
    project.run("a", bad);
    const HarvestReport report = project.harvest();
    EXPECT_TRUE(report.accepted.empty()) << bad;
    ASSERT_EQ(report.refused.size(), 1U) << bad;
    EXPECT_EQ(project.store.task(project.id).state, TaskState::retry);
    const std::string kept = fmt::format("{}/quarantine/{}/1", project.store.folder(), project.id);
    EXPECT_EQ(read_file(kept + "/run.a/out"), bad);
    EXPECT_NE(read_file(kept + "/reason.txt"), "\n");
    EXPECT_FALSE(fs::exists(project.file("started.a")));
  }
}

TEST(Harvest, AbandonsATaskAfterThreeAttempts) {
  Project project;
  for (const char* who : {"a", "b", "c"}) {
    project.run(who, "", "7 1 x");
    project.harvest();
  }
  EXPECT_EQ(project.store.task(project.id).state, TaskState::abandoned);
  EXPECT_NE(project.store.task(project.id).reason.find("exit code 7"), std::string::npos);
}

TEST(Harvest, ARunThatWasStoppedIsNoFailure) {
  Project project;
  project.run("a", "half", "143 1 x stopped");
  project.harvest();
  EXPECT_EQ(project.store.task(project.id).attempt, 1);
  EXPECT_EQ(project.store.task(project.id).state, TaskState::written);
  project.run("b", Project::answer(-3), "143 1 x stopped");  // its output is whole all the same
  EXPECT_EQ(project.harvest().accepted.size(), 1U);
}

TEST(Harvest, GivesUpWhatIsBegunThreeTimesAndNeverEnds) {
  Project project;
  for (const char* who : {"a", "b"}) write_file(project.file(fmt::format("started.{}", who)), "");
  EXPECT_EQ(project.harvest().n_running, 1U);
  write_file(project.file("started.c"), "");
  EXPECT_EQ(project.harvest().abandoned.size(), 1U);
}

TEST(Harvest, BelievesASurprisingEnergyWhenASecondRunAgrees) {
  const HarvestOptions options{.expected = [](const std::string&) { return ExpectedEnergy{-3, 0.01}; }};
  for (const double second : {-5.0001, -4.0, -3.0}) {
    Project project;
    project.run("a", Project::answer(-5));
    EXPECT_TRUE(project.harvest(options).accepted.empty());
    EXPECT_EQ(project.store.task(project.id).state, TaskState::suspect);
    project.run("b", Project::answer(second));
    project.harvest(options);
    EXPECT_EQ(project.store.task(project.id).state, second == -4.0 ? TaskState::abandoned : TaskState::done) << second;
  }
}

TEST(Harvest, VerifyFindsAnOutputThatWasChanged) {
  Project project;
  project.run("a", Project::answer(-3));
  project.harvest();
  write_file(project.file("run.a/out"), Project::answer(-4));
  EXPECT_EQ(verify(project.store, *project.code, true).size(), 1U);
}

TEST(Runner, RunsTasksSideBySideAndKeepsWhatTheyLeave) {
  const test::TemporaryFolder folder;
  const std::string command =
      "sed -e 's/pos:R:3/pos:R:3:forces:R:3/' -e '2s/$/ energy=-1 stress=\"1 0 0 0 1 0 0 0 1\"/' -e '3,$s/$/ 0 0 0/' "
      "{input} > {output}; echo words >&2; [ ! -e fail ]";
  const auto code =
      open_dft_code({.kind = "command", .template_path = "", .command = command}, Supercell(pair_at(1.5), {1, 1, 1}));
  TaskStore store(folder / "p", code->method());
  std::vector<std::string> folders;
  for (const double x : {1.5, 1.6, 1.7}) {
    folders.push_back(store.folder_of(store.add(pair_at(x), code->inputs(pair_at(x), "", 1))));
  }
  write_file(folders[1] + "/fail", "");
  const Submission submission = write_submission(folder / "p/submit/1", folders, *code, {.kind = RunnerKind::local});
  run_here(submission, 2, {});
  for (const std::string& task : folders) {
    EXPECT_EQ(std::count_if(fs::begin(fs::directory_iterator(task)), fs::end(fs::directory_iterator()),
                            [](const auto& e) { return e.path().filename().string().starts_with("run."); }),
              1);
  }
  fs::remove(folders[1] + "/fail");
  const HarvestReport report = harvest(store, *code);
  EXPECT_EQ(report.accepted.size(), 3U);  // an exit code decides nothing
  EXPECT_FALSE(command_line(submission, 2).empty());
}

TEST(Runner, EndsACommandThatIsOutOfTime) {
  const test::TemporaryFolder folder;
  const auto code = open_dft_code({.kind = "command", .template_path = "", .command = "sleep 100"},
                                  Supercell(pair_at(1.5), {1, 1, 1}));
  TaskStore store(folder / "p", code->method());
  const std::string id = store.add(pair_at(1.5), code->inputs(pair_at(1.5), "", 1));
  const Submission submission = write_submission(folder / "p/submit/1", {store.folder_of(id)}, *code,
                                                 {.kind = RunnerKind::local, .job = {.time_limit = 1}});
  run_here(submission, 1, {});
  EXPECT_EQ(harvest(store, *code).refused.size(), 1U);
  EXPECT_EQ(store.task(id).state, TaskState::retry);
}

}  // namespace
}  // namespace zeropoint::active_learning
