#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace zeropoint::test {

/// Folder of published data, which are not ours to distribute: ZEROPOINT_DATA, else ../shared/data beside the checkout.
std::optional<std::string> reference_data();

}  // namespace zeropoint::test

/// Skips the test where the published data are missing, or fails it where they are promised (ZEROPOINT_REQUIRE_DATA=1).
#define ZEROPOINT_NEEDS_REFERENCE_DATA(path)                                                             \
  const auto path##_found = ::zeropoint::test::reference_data();                                         \
  if (!path##_found) {                                                                                   \
    if (std::getenv("ZEROPOINT_REQUIRE_DATA")) FAIL() << "reference data are promised here but missing"; \
    GTEST_SKIP() << "no reference data: set ZEROPOINT_DATA to their folder";                             \
  }                                                                                                      \
  const std::string path = *path##_found
