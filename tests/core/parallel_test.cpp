#include "core/parallel.hpp"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "core/error.hpp"

namespace zeropoint {
namespace {

/// Sets the number of threads back at the end.
struct ThreadsRestored {
  int before = threads();
  ~ThreadsRestored() { set_threads(before); }
};

TEST(ParallelFor, LibrariesInsideRunOnOneThreadInEveryWorker) {
  // The number is kept by each thread: a worker that does not set its own lets the BLAS share out its sums, and their
  // bits then depend on who took which item.
  const auto omp_get_max_threads = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "omp_get_max_threads"));
  if (!omp_get_max_threads) GTEST_SKIP() << "this LibTorch does not use OpenMP";
  const ThreadsRestored restored;
  set_threads(4);
  std::mutex mutex;
  std::set<std::thread::id> workers;
  std::atomic<int> largest = 0;
  parallel_for(400, [&](std::int64_t) {
    largest = std::max<int>(largest, omp_get_max_threads());
    std::this_thread::sleep_for(std::chrono::microseconds(500));
    const std::lock_guard lock(mutex);
    workers.insert(std::this_thread::get_id());
  });
  EXPECT_GT(workers.size(), 1u);
  EXPECT_EQ(largest, 1);
}

TEST(ParallelFor, DoesEveryItemOnceAlsoInsideAnItem) {
  const ThreadsRestored restored;
  for (const int n : {1, 2, 4}) {
    set_threads(n);
    std::vector<std::atomic<int>> done(300);
    parallel_for(20, [&](std::int64_t i) { parallel_for(15, [&](std::int64_t j) { ++done[15 * i + j]; }); });
    for (const auto& count : done) EXPECT_EQ(count, 1);
  }
}

TEST(ParallelFor, RethrowsAndGoesOnWorking) {
  const ThreadsRestored restored;
  set_threads(2);
  EXPECT_THROW(parallel_for(50,
                            [](std::int64_t i) {
                              if (i == 17) throw InputError{"item {}", i};
                            }),
               InputError);
  std::atomic<int> sum = 0;
  parallel_for(10, [&](std::int64_t i) { sum += static_cast<int>(i); });
  EXPECT_EQ(sum, 45);
}

TEST(ParallelFor, LeavesOutWhatHadNotBegunAfterAnError) {
  const ThreadsRestored restored;
  set_threads(2);
  std::atomic<int> n_begun = 0;
  const auto body = [&](std::int64_t i) {
    ++n_begun;
    throw InputError{"item {}", i};
  };
  EXPECT_THROW(parallel_for(1000, body), InputError);
  EXPECT_LE(n_begun, 10);  // one a thread, and what begins while the first is noted
}

}  // namespace
}  // namespace zeropoint
