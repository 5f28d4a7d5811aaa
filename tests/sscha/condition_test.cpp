// Temperatures and pressures of a ladder.
#include "sscha/condition.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/units.hpp"

namespace zeropoint::sscha {
namespace {

constexpr double gpa = units::gpa_per_ev_angstrom3;

TEST(Condition, HasTheNameOfItsFolder) {
  EXPECT_EQ((Condition{300}.name()), "300K");
  EXPECT_EQ((Condition{12.5, 20 / gpa}.name()), "12.5K_20GPa");
  EXPECT_EQ((Condition{300, -1.5 / gpa}.text()), "300 K, -1.5 GPa");
}

TEST(Ladder, TakesAllTemperaturesAtEachPressure) {
  const std::vector<Condition> ladder = ladder_of({0, 100}, {0, 10 / gpa});
  std::vector<std::string> names;
  for (const Condition& condition : ladder) names.push_back(condition.name());
  EXPECT_EQ(names, (std::vector<std::string>{"0K_0GPa", "100K_0GPa", "0K_10GPa", "100K_10GPa"}));
  ASSERT_EQ(ladder_of({50}, {}).size(), 1u);
  EXPECT_FALSE(ladder_of({50}, {})[0].pressure);
}

TEST(Ladder, HasNoConditionTwice) {
  EXPECT_THROW(ladder_of({10, 20, 10}, {}), InputError);
  EXPECT_THROW(ladder_of({10}, {1 / gpa, 1.00000001 / gpa}), InputError);  // one folder
}

TEST(Ladder, BeginsFromTheNearestTemperatureOfTheSamePressure) {
  EXPECT_FALSE(nearest({}, {300}));
  EXPECT_EQ(nearest({{0}, {100}, {200}}, {300}), 2u);
  EXPECT_EQ(nearest({{300, 0.0}, {0, 0.1}, {100, 0.1}}, {300, 0.1}), 2u);
  EXPECT_EQ(nearest({{0, 0.0}, {300, 0.0}, {300, 0.1}}, {0, 0.2}), 2u);
  EXPECT_EQ(nearest({{0}, {200}}, {100}), 0u);  // as near as the other, and earlier
}

}  // namespace
}  // namespace zeropoint::sscha
