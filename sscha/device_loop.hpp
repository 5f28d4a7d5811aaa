#pragma once

#include <c10/core/Device.h>

#include "core/parallel.hpp"

namespace zeropoint::sscha {

/// Calls body(i) for 0 <= i < n_items: threads share the items on the CPU; a GPU, which fills itself with one item,
/// gets them one after another.
template <class Body>
void for_each_item(at::Device device, std::int64_t n_items, Body&& body) {
  if (device.is_cpu()) {
    parallel_for(n_items, std::forward<Body>(body));
  } else {
    for (std::int64_t i = 0; i < n_items; ++i) body(i);
  }
}

}  // namespace zeropoint::sscha
