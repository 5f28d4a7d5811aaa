#pragma once

#include <cstdint>
#include <functional>

namespace zeropoint {

/// Number of threads of the program; ATen and the BLAS inside run on one. 0: all processors. Call before any work.
void set_threads(int n_threads);
int threads();

/// Calls body(i) for 0 <= i < n_items, threads taking whole items in turn. Library kernels inside run on one thread, so
/// the bits of each item do not depend on the number of threads. Inside an item, parallel_for runs on the calling
/// thread.
///
/// Only items are waited for, never threads: on a busy machine a thread that the kernel does not run costs nothing.
/// The first exception thrown is rethrown when the items under way are done; the others are left out.
void parallel_for(std::int64_t n_items, const std::function<void(std::int64_t)>& body);

}  // namespace zeropoint
