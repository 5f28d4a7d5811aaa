#include "core/elements.hpp"

#include <gtest/gtest.h>

namespace zeropoint {
namespace {

TEST(ElementSymbol, IsWhatLabelsOfOneElementShare) {
  for (const char* label : {"Fe", "Fe1", "FE", "fe_up", "Fe2+", "Fe-d", " Fe ", "Fe\t"})
    EXPECT_EQ(element_symbol(label), "Fe");
  EXPECT_EQ(element_symbol("r "), "R");
  EXPECT_EQ(element_symbol("O2-"), "O");
  EXPECT_EQ(element_symbol("H_bound"), "H");
}

TEST(ElementSymbol, IsEmptyWithoutLetters) {
  for (const char* label : {"", "12", " ", "_Fe"}) EXPECT_EQ(element_symbol(label), "");
}

}  // namespace
}  // namespace zeropoint
