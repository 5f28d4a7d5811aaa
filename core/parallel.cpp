#include "core/parallel.hpp"

#include <ATen/Parallel.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

namespace zeropoint {
namespace {

int n_threads_in_use = 0;
thread_local bool inside_an_item = false;

/// Shared by the caller and those workers that get to run in time; the others find nothing left to do.
class Job {
 public:
  /// At most `helpers` threads beside the caller take part.
  Job(std::int64_t n_items, const std::function<void(std::int64_t)>& body, std::int64_t helpers)
      : n_items_(n_items), body_(&body), places_(helpers + 1) {}

  void work() {
    if (--places_ < 0) return;
    inside_an_item = true;
    for (std::int64_t item = next_++; item < n_items_; item = next_++) {
      try {
        if (!failed_) (*body_)(item);
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (!failure_) failure_ = std::current_exception();
        failed_ = true;
      }
      if (++n_done_ == n_items_) {
        const std::lock_guard lock(mutex_);
        finished_.notify_one();
      }
    }
    inside_an_item = false;
  }

  void wait() {
    for (int spin = 0; spin < 2000 && n_done_ < n_items_; ++spin) std::this_thread::yield();
    std::unique_lock lock(mutex_);
    finished_.wait(lock, [&] { return n_done_ == n_items_; });
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  const std::int64_t n_items_;
  const std::function<void(std::int64_t)>* body_;  // lives until wait() returns: no item starts after that
  std::atomic<std::int64_t> places_, next_{0}, n_done_{0};
  std::mutex mutex_;
  std::condition_variable finished_;
  std::exception_ptr failure_;
  std::atomic<bool> failed_{false};
};

/// Threads that wait for the next job: awake for a moment, since the next one often follows at once, then asleep.
class Workers {
 public:
  explicit Workers(int n_workers) {
    for (int i = 0; i < n_workers; ++i) std::thread([this] { serve(); }).detach();
  }

  void offer(std::shared_ptr<Job> job) {
    {
      const std::lock_guard lock(mutex_);
      job_ = std::move(job);
      ++generation_;
    }
    offered_.notify_all();
  }

 private:
  void serve() {
    at::set_num_threads(1);  // OpenMP and the BLAS keep this number for each thread
    for (std::uint64_t seen = 0;;) {
      for (int spin = 0; spin < 2000 && generation_ == seen; ++spin) std::this_thread::yield();
      std::shared_ptr<Job> job;
      {
        std::unique_lock lock(mutex_);
        offered_.wait(lock, [&] { return generation_ != seen; });
        seen = generation_;
        job = job_;
      }
      job->work();
    }
  }

  std::mutex mutex_;
  std::condition_variable offered_;
  std::atomic<std::uint64_t> generation_{0};
  std::shared_ptr<Job> job_;
};

/// Never destroyed: the threads end with the process. A forked child starts threads of its own.
Workers& workers() {
  static std::mutex mutex;
  static Workers* pool = nullptr;
  static pid_t owner = 0;
  static int size = 0;
  const std::lock_guard lock(mutex);
  if (!pool || owner != ::getpid() || size < threads() - 1) {
    owner = ::getpid();
    size = threads() - 1;
    pool = new Workers(size);
  }
  return *pool;
}

}  // namespace

void set_threads(int n_threads) {
  n_threads_in_use = n_threads > 0 ? n_threads : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  at::set_num_threads(1);
  // Temporaries of a few MB come and go in every step: keep their pages instead of returning them to the kernel each
  // time.
  mallopt(M_MMAP_THRESHOLD, 64 << 20);
  mallopt(M_TRIM_THRESHOLD, 512 << 20);
}

int threads() {
  if (n_threads_in_use == 0) set_threads(0);
  return n_threads_in_use;
}

void parallel_for(std::int64_t n_items, const std::function<void(std::int64_t)>& body) {
  const std::int64_t helpers = std::min<std::int64_t>(threads(), n_items) - 1;
  if (helpers <= 0 || inside_an_item) {
    for (std::int64_t item = 0; item < n_items; ++item) body(item);
    return;
  }
  const auto job = std::make_shared<Job>(n_items, body, helpers);
  workers().offer(job);
  job->work();
  job->wait();
}

}  // namespace zeropoint
