#include "tools/figures.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "core/atomic_file.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::figures {
namespace {

Figure every_style() {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> x{0, 1, 2};
  return {.name = "styles",
          .title = "all_styles {with} signs",
          .panels = {{.x_label = "step", .y_label = "energy (meV)", .curves = {{"a", x, {3, 2, 1}, {0.1, 0.2, 0.1}}}},
                     {.x_label = "step",
                      .y_label = "size",
                      .curves = {{"b", x, {1, 0.1, 0}, {2, 0.01, 0}}},
                      .logarithmic = true},
                     {.x_label = "q",
                      .y_label = "cm^{-1}",
                      .style = Style::levels,
                      .curves = {{"c", {0, 0, 1}, {5, 6, 7}, {0.5, 0.5, 0.5}}, {"d", {0, 0, 1}, {5, nan, 8}, {}}},
                      .x_names = {"0 0 0", "1/2 0 0"}},
                     {.x_label = "DFT",
                      .y_label = "model",
                      .style = Style::dots,
                      .curves = {{"e", x, x, {}}},
                      .diagonal = true,
                      .note = "RMSE 3 meV"},
                     {.x_label = "x",
                      .y_label = "y",
                      .style = Style::points,
                      .curves = {{"f", x, x, x}},
                      .reference = 1.0,
                      .reference_label = "published"}},
          .columns = 2};
}

TEST(Figures, DrawEveryStyle) {
  if (!can_draw()) GTEST_SKIP() << "gnuplot is not installed";
  const test::TemporaryFolder folder;
  EXPECT_TRUE(draw(every_style(), folder.path()));
  const std::string svg = read_file(folder / "styles.svg");
  EXPECT_NE(svg.find("</svg>"), std::string::npos);
  for (const char* text : {"energy (meV)", "all_styles {with} signs", "1/2 0 0", "RMSE 3 meV", "published"}) {
    EXPECT_NE(svg.find(text), std::string::npos) << text;
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "styles.gp.log"));
}

TEST(Figures, DataHoldOneBlockPerCurveWithoutImpossiblePoints) {
  const test::TemporaryFolder folder;
  draw(every_style(), folder.path());
  const std::string data = read_file(folder / "styles.dat");
  std::size_t blocks = 0;
  for (std::size_t at = data.find("# index"); at != std::string::npos; at = data.find("# index", at + 1)) ++blocks;
  EXPECT_EQ(blocks, 6u);
  EXPECT_EQ(data.find("nan"), std::string::npos);  // the NaN of curve d and the 0 on the logarithmic axis are left out
}

}  // namespace
}  // namespace zeropoint::figures
