#include <gtest/gtest.h>
#include <algorithm>

#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include "core/error.hpp"
#include "core/units.hpp"
#include "superconductivity/tc_formulas.hpp"
#include "tests/superconductivity/model_spectra.hpp"
#include "tests/support/reference_data.hpp"

namespace zeropoint::superconductivity {
namespace {

constexpr double kb = 0.08617333262e-3;  // eV/K, as the golden table has it

TEST(Formulas, G9GiveMgB2OfEpw) {
  // Scalars of the test suite of EPW; omega_2 inferred from its Allen-Dynes value.
  const Moments m{.lambda = 0.8714948, .logarithmic = 61.4704e-3, .first = 0, .second = 70.6456e-3};
  EXPECT_NEAR(mcmillan(m, 0.16).value, 26.4082, 2e-4);
  EXPECT_NEAR(allen_dynes(m, 0.16).value, 27.4569, 2e-4);
  EXPECT_NEAR(xie(m, 0.16).value, 31.5010, 3e-4);
  EXPECT_NEAR(mcmillan(m, 0.15).value, 28.4619, 2e-4);
  EXPECT_NEAR(allen_dynes(m, 0.15).value, 29.6373, 2e-4);
  EXPECT_NEAR(xie(m, 0.15).value, 31.8259, 3e-4);
}

TEST(Formulas, G10GiveAluminiumOfLambdaX) {
  for (const auto& [lambda, kelvin, tc] :
       {std::tuple{0.29221, 392.169, 0.145}, {0.43490, 352.859, 2.311}, {0.38379, 321.634, 1.057}})
    EXPECT_NEAR(mcmillan({lambda, kelvin * kb, 0, 0}, 0.1).value, tc, 6e-4);
}

TEST(Formulas, G13GiveSyn1) {
  const Moments m = moments(test::syn1());
  EXPECT_NEAR(m.lambda, 2.03439153, 1e-8);
  EXPECT_NEAR(1e3 * m.logarithmic, 60.969864, 1e-6);
  EXPECT_NEAR(1e3 * m.first, 80.122237, 1e-6);
  EXPECT_NEAR(1e3 * m.second, 96.207270, 1e-6);
  const double table[][4] = {
      {0.10, 102.9513, 127.6300, 153.8306}, {0.13, 96.1809, 116.1110, 140.7993}, {0.16, 89.3612, 105.5666, 128.4905}};
  for (const auto& [mu, mc, ad, ml] : table) {
    EXPECT_NEAR(mcmillan(m, mu).value, mc, 6e-5);
    EXPECT_NEAR(allen_dynes(m, mu).value, ad, 6e-5);
    EXPECT_NEAR(xie(m, mu).value, ml, 6e-5);
  }
}

TEST(Formulas, G14FollowTheTableOfAllenAndDynes) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  std::ifstream file(data + "/tc/data_AD.txt");
  std::string line, material;
  std::getline(file, line);
  double mean[2] = {}, square[3] = {}, largest[2] = {};
  int n = 0;
  std::map<std::string, std::array<double, 3>> rows;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    double tc, log, first, second, phonon, eta, lambda, mu;
    if (!(words >> material >> tc >> log >> first >> second >> phonon >> eta >> lambda >> mu)) continue;
    const Moments m{lambda, log * kb, first * kb, second * kb};
    rows[material] = {mcmillan(m, mu).value, allen_dynes(m, mu).value, xie(m, mu).value};
    const double off[3] = {100 * (rows[material][0] / tc - 1), 100 * (rows[material][1] / tc - 1),
                           100 * (rows[material][2] / tc - 1)};
    for (int i = 0; i < 3; ++i) square[i] += off[i] * off[i];
    mean[0] += off[1];
    mean[1] += off[2];
    largest[0] = std::max(largest[0], std::abs(off[1]));
    largest[1] = std::max(largest[1], std::abs(off[2]));
    ++n;
  }
  ASSERT_EQ(n, 29);
  EXPECT_NEAR(mean[0] / n, -0.04, 6e-3);
  EXPECT_NEAR(std::sqrt(square[1] / n), 5.05, 6e-3);
  EXPECT_NEAR(largest[0], 12.62, 6e-3);
  EXPECT_NEAR(std::sqrt(square[0] / n), 13.03, 6e-3);
  EXPECT_NEAR(mean[1] / n, 5.25, 6e-3);
  EXPECT_NEAR(std::sqrt(square[2] / n), 7.33, 6e-3);
  EXPECT_NEAR(largest[1], 15.59, 6e-3);
  const std::map<std::string, std::array<double, 3>> golden = {{"Hg", {3.5259, 4.1244, 4.8432}},
                                                               {"In", {3.2909, 3.4589, 3.3915}},
                                                               {"Sn", {3.9160, 4.0799, 3.9582}},
                                                               {"Ta", {4.6937, 4.8624, 4.6853}}};
  for (const auto& [name, values] : golden) {
    ASSERT_TRUE(rows.contains(name));
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(rows.at(name)[i], values[i], 6e-5) << name;
  }
}

TEST(Formulas, KnowTheirEdges) {
  const auto with = [](double lambda) { return Moments{lambda, 0.01, 0.01, 0.0125}; };
  // No superconductor at and below lambda = mu*/(1 - 0.62 mu*), instead of an exponential of a positive number.
  const double edge = 0.1 / (1 - 0.062);
  EXPECT_EQ(mcmillan(with(edge * (1 - 1e-9)), 0.1).value, 0);
  EXPECT_EQ(allen_dynes(with(0.05), 0.1).value, 0);
  EXPECT_FALSE(mcmillan(with(0.05), 0.1).warnings.empty());
  EXPECT_THROW(mcmillan(with(0), 0.1), InputError);
  EXPECT_THROW(xie(with(-1), 0.1), InputError);
  EXPECT_THROW(xie(with(1), -0.1), InputError);
  // Without repulsion f_mu = 1, not 0/0; near its pole there is a warning.
  EXPECT_TRUE(std::isfinite(xie(with(1), 0).value));
  EXPECT_NEAR(xie(with(1), 1e-9).value / xie(with(1), 0).value, 1, 1e-2);
  EXPECT_FALSE(xie(with(1 / (0.1 + 0.8)), 0.1).warnings.empty());
  EXPECT_TRUE(xie(with(2), 0.1).warnings.empty());
}

}  // namespace
}  // namespace zeropoint::superconductivity
