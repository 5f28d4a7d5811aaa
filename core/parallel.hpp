#pragma once

#include <omp.h>

#include <cstdint>
#include <exception>

namespace zeropoint {

/// Number of threads of the program; ATen and the BLAS inside run on one. 0: all processors. Call before any work.
void set_threads(int n_threads);
int threads();

/// Calls body(i) for 0 <= i < n_items, threads taking whole items. Library kernels inside run on one thread, so the
/// bits of each item do not depend on the number of threads. The first exception thrown is rethrown.
template <class Body>
void parallel_for(std::int64_t n_items, Body&& body) {
  std::exception_ptr failure;
#pragma omp parallel for schedule(dynamic) num_threads(threads()) if (threads() > 1 && n_items > 1)
  for (std::int64_t i = 0; i < n_items; ++i) {
    try {
      body(i);
    } catch (...) {
#pragma omp critical(zeropoint_parallel_failure)
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace zeropoint
