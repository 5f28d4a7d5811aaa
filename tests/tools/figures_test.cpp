#include "tools/figures/figures.hpp"

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

Figure bands_and_dos() {
  return {.name = "shared",
          .title = "",
          .panels = {{.x_label = "",
                      .y_label = "frequency (THz)",
                      .curves = {{.label = "harmonic", .x = {0, 1, 2}, .y = {-3, 2, 20}, .error = {}, .dashed = true},
                                 {.label = "anharmonic", .x = {0, 1, 2}, .y = {1, 2, 18}, .error = {0.5, 0.5, 4}}},
                      .x_ticks = {{0, "Γ"}, {2, "X"}},
                      .imaginary_below_zero = true},
                     {.x_label = "DOS",
                      .y_label = "",
                      .curves = {{.label = "total", .x = {0, 3, 0}, .y = {0, 10, 21}, .error = {}, .filled = true}},
                      .width = 0.4}},
          .panel_width = 500,
          .panel_height = 400,
          .shared_y = true};
}

std::size_t count(const std::string& text, const std::string& piece) {
  std::size_t n = 0;
  for (std::size_t at = text.find(piece); at != std::string::npos; at = text.find(piece, at + 1)) ++n;
  return n;
}

TEST(Figures, PanelsWithASharedAxisHaveTheSameRangeAndOneLabel) {
  const test::TemporaryFolder folder;
  draw(bands_and_dos(), folder.path());
  const std::string script = read_file(folder / "shared.gp");
  // -3 to 22, the upper end of an error bar; 3 % of that on both sides.
  EXPECT_EQ(count(script, "set yrange [-3.75:22.75]"), 2U) << script;
  EXPECT_EQ(count(script, "set format y \"\""), 1U);
  EXPECT_EQ(count(script, "set terminal svg size 700,400"), 1U);
  EXPECT_EQ(count(script, "set xrange [0:3.15]"), 1U);  // the density of states, up to 3
  EXPECT_EQ(count(script, "set xtics norotate 1, 1\n"), 1U) << script;
  EXPECT_EQ(count(script, "with filledcurves x1=0"), 1U);
  // The second panel begins where the first one ends.
  double begin[2], end[2];
  std::size_t at = 0;
  for (int panel = 0; panel < 2; ++panel) {
    at = script.find("set lmargin at screen ", at) + 22;
    begin[panel] = std::stod(script.substr(at));
    at = script.find("set rmargin at screen ", at) + 22;
    end[panel] = std::stod(script.substr(at));
  }
  EXPECT_LT(begin[0], end[0]);
  EXPECT_LT(end[0], begin[1]);
  EXPECT_LT(begin[1] - end[0], 0.05);
  EXPECT_NEAR((end[1] - begin[1]) / (end[0] - begin[0]), 0.4, 1e-3);
  if (!can_draw()) GTEST_SKIP() << "gnuplot is not installed";
  const std::string svg = read_file(folder / "shared.svg");
  for (const char* text : {"imaginary", "Γ", "DOS", "harmonic"}) EXPECT_NE(svg.find(text), std::string::npos) << text;
}

TEST(Figures, CurvesForComparisonAreGreyAndTakeNoColourOfOthers) {
  const test::TemporaryFolder folder;
  draw(bands_and_dos(), folder.path());
  const std::string script = read_file(folder / "shared.gp");
  EXPECT_NE(script.find("with lines lc rgb \"#808080\" lw 1 dt 2 title \"harmonic\""), std::string::npos) << script;
  // The first curve that is not for comparison has the first colour, as if it were alone; its errors are a band.
  EXPECT_EQ(count(script, "with filledcurves fc rgb \"#0072B2\""), 1U);
}

TEST(Figures, SayThatFrequenciesAreImaginaryOnlyWhereSomeAre) {
  const test::TemporaryFolder folder;
  Figure figure = bands_and_dos();
  draw(figure, folder.path());
  EXPECT_EQ(count(read_file(folder / "shared.gp"), "set label 2 \"imaginary\""), 1U);
  figure.panels[0].curves[0].y[0] = 0;
  draw(figure, folder.path());
  EXPECT_EQ(count(read_file(folder / "shared.gp"), "imaginary"), 0U);
}

}  // namespace
}  // namespace zeropoint::figures
