#include "core/parallel.hpp"

#include <ATen/Parallel.h>
#include <malloc.h>

namespace zeropoint {
namespace {
int n_threads_in_use = 0;
}

void set_threads(int n_threads) {
  n_threads_in_use = n_threads > 0 ? n_threads : omp_get_num_procs();
  at::set_num_threads(1);
  // Temporaries of a few MB come and go in every step: keep their pages instead of returning them to the kernel each time.
  mallopt(M_MMAP_THRESHOLD, 64 << 20);
  mallopt(M_TRIM_THRESHOLD, 512 << 20);
}

int threads() {
  if (n_threads_in_use == 0) set_threads(0);
  return n_threads_in_use;
}

}  // namespace zeropoint
