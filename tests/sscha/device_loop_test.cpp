#include "sscha/device_loop.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <thread>
#include <vector>

namespace zeropoint::sscha {
namespace {

TEST(DeviceLoop, GpuGetsItsItemsInOrderFromOneThread) {
  std::vector<std::int64_t> items;
  const std::thread::id here = std::this_thread::get_id();
  for_each_item(at::kCUDA, 100, [&](std::int64_t i) {
    EXPECT_EQ(std::this_thread::get_id(), here);
    items.push_back(i);
  });
  std::vector<std::int64_t> expected(100);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(items, expected);
}

TEST(DeviceLoop, CpuVisitsEveryItemOnce) {
  std::vector<int> visits(1000, 0);
  for_each_item(at::kCPU, 1000, [&](std::int64_t i) { ++visits[i]; });
  EXPECT_EQ(visits, std::vector<int>(1000, 1));
}

}  // namespace
}  // namespace zeropoint::sscha
