#include "active_learning/task_store.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "active_learning/digest.hpp"
#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "files/structure_format.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::active_learning {
namespace {

Crystal pair_at(double x) {
  Vectors positions = Vectors::Zero(2, 3);
  positions(1, 0) = x;
  return with_standard_masses(5 * Eigen::Matrix3d::Identity(), positions, {"H", "Li"});
}

TaskLabel some_label() {
  TaskLabel label{.energy = -1.0 / 3, .forces = Vectors::Zero(2, 3), .stress = Eigen::Matrix3d::Identity() / 7};
  label.forces(0, 1) = 0.1;
  label.forces(1, 1) = -0.1;
  label.output = "run.a/out";
  label.sha = sha256("text");
  return label;
}

// FIPS 180-4's own examples, and the boundary where the length no longer fits into the last block.
TEST(Sha256, IsThatOfTheStandard) {
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256(std::string(1000000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

// RFC 1321's own examples.
TEST(Md5, IsThatOfTheStandard) {
  EXPECT_EQ(md5(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(md5("12345678901234567890123456789012345678901234567890123456789012345678901234567890"),
            "57edf4a22be3c955ac49da2e2107b67a");
}

TEST(TaskStore, FindsItsTasksAndLabelsAgain) {
  const test::TemporaryFolder folder;
  std::string id;
  {
    TaskStore store(folder / "p", "method");
    id = store.add(pair_at(1.5), {{"in", "text"}});
    EXPECT_EQ(store.add(pair_at(1.5), {{"in", "text"}}), id);
    EXPECT_NE(store.add(pair_at(1.6), {{"in", "text"}}), id);
    store.accept(id, some_label());
  }
  const TaskStore again(folder / "p", "method");
  EXPECT_EQ(again.tasks().size(), 2U);
  EXPECT_EQ(again.task(id).state, TaskState::done);
  EXPECT_TRUE(again.label(id) == some_label());
  EXPECT_EQ(again.labelled(id).positions, pair_at(1.5).positions);
}

TEST(TaskStore, IgnoresALineThatACrashHasCut) {
  const test::TemporaryFolder folder;
  std::string id;
  {
    id = TaskStore(folder / "p", "m").add(pair_at(1.5), {});
  }
  std::ofstream(folder / "p/journal.jsonl", std::ios::app) << "{\"task\": \"" << id << "\", \"to\": \"aband";
  {
    TaskStore store(folder / "p", "m");
    EXPECT_EQ(store.task(id).state, TaskState::written);
    store.change(id, TaskState::retry, "next");
  }
  EXPECT_EQ(TaskStore(folder / "p", "m").task(id).attempt, 2);
}

TEST(TaskStore, FindsAResultThatTheJournalDoesNotKnow) {
  const test::TemporaryFolder folder;
  std::string id;
  {
    TaskStore store(folder / "p", "m");
    id = store.add(pair_at(1.5), {});
    write_file(store.folder_of(id) + "/result.json", text_of(some_label(), id, store.method_id()));
  }
  EXPECT_EQ(TaskStore(folder / "p", "m").task(id).state, TaskState::done);
}

TEST(TaskStore, RefusesAnotherMethodAndASecondProcess) {
  const test::TemporaryFolder folder;
  {
    TaskStore(folder / "p", "cutoff 40");
  }
  EXPECT_THROW(TaskStore(folder / "p", "cutoff 50"), InputError);
  const TaskStore open(folder / "p", "cutoff 40");
  EXPECT_THROW(TaskStore(folder / "p", "cutoff 40"), IoError);
}

}  // namespace
}  // namespace zeropoint::active_learning
