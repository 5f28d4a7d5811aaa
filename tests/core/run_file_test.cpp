#include "core/run_file.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "core/error.hpp"
#include "core/nearest_name.hpp"
#include "core/units.hpp"

namespace zeropoint {
namespace {

enum class Method { automatic, reference };

/// A small command with a key of every type.
struct Options {
  std::string path, dyn = "harmonic/dyn";
  std::vector<std::string> files;
  std::int64_t seed = 1;
  int max_steps = 1000;
  double ratio = 0.5, tolerance = 1e-5, step = 0.5;
  std::optional<double> temperature;
  std::vector<double> temperatures{300};
  std::vector<int> sizes{1000, 2000};
  bool centroids = true;
  Method method = Method::automatic;
  std::vector<std::string> formats{"extxyz"};
  std::map<std::string, double> masses;
};

class RunFile : public ::testing::Test {
 protected:
  RunFile() {
    schema.section("").key("seed", &options.seed, "of all random numbers");
    Section& ensemble = schema.section("ensemble", "what is read");
    ensemble.key("path", &options.path, "folder").required("\"population1\"").paths();
    ensemble.key("dyn", &options.dyn, "matrices").paths();
    ensemble.key("files", &options.files, "more").paths();
    ensemble.quantity("temperature", &options.temperature, "K", "of the density");
    ensemble.quantity("temperatures", &options.temperatures, "K", "of a ladder").usually_one();
    ensemble.quantity("masses", &options.masses, "amu", "isotopes");
    Section& minimize = schema.section("minimize", "the minimisation");
    minimize.choice("method", options.method, {{"auto", Method::automatic}, {"reference", Method::reference}}, "");
    minimize.choice("formats", &options.formats, {"pwx", "extxyz"}, "what to write");
    minimize.key("kong_liu_ratio", &options.ratio, "stop when N_eff/N falls below").at_least(0).at_most(1);
    minimize.quantity("tolerance", &options.tolerance, "angstrom", "of positions").above(0);
    minimize.key("max_steps", &options.max_steps, "0: the start only").at_least(0).free_on_resume();
    minimize.key("sizes", &options.sizes, "of populations");
    minimize.key("centroids", &options.centroids, "move them");
    schema.section("minimize.reference").key("step", &options.step, "length");
  }

  void read(const std::string& text, const std::vector<std::string>& overrides = {}) {
    schema.read_text(text, "run.toml", "folder", overrides);
  }

  /// The message of the ConfigError that reading throws.
  std::string complaint(const std::string& text, const std::vector<std::string>& overrides = {}) {
    try {
      read(text, overrides);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "nothing was wrong";
  }

  const std::string minimal = "[ensemble]\npath = 'p'\n";
  Options options;
  Schema schema;
};

TEST_F(RunFile, FillsTheVariables) {
  read(R"(
    seed = 7
    [ensemble]
    path = "population1"
    files = ["a/*.out", "/b.xyz"]
    temperature = "300 K"
    temperatures = { from = "0 K", to = "300 K", step = "100 K" }
    masses = { H = "2.014 amu", "site 3" = "6.015 amu" }
    [minimize]
    method = "reference"
    formats = ["pwx", "extxyz"]
    kong_liu_ratio = 1
    tolerance = "1 bohr"
    max_steps = 0
    sizes = 5000
    centroids = false
    reference = { step = 0.25 }
  )");
  EXPECT_EQ(options.seed, 7);
  EXPECT_EQ(options.path, "folder/population1");
  EXPECT_EQ(options.dyn, "folder/harmonic/dyn");
  EXPECT_EQ(options.files, (std::vector<std::string>{"folder/a/*.out", "/b.xyz"}));
  EXPECT_EQ(options.temperature, 300);
  EXPECT_EQ(options.temperatures, (std::vector<double>{0, 100, 200, 300}));
  EXPECT_EQ(options.masses, (std::map<std::string, double>{{"H", 2.014}, {"site 3", 6.015}}));
  EXPECT_EQ(options.method, Method::reference);
  EXPECT_EQ(options.formats, (std::vector<std::string>{"pwx", "extxyz"}));
  EXPECT_EQ(options.ratio, 1);
  EXPECT_DOUBLE_EQ(options.tolerance, units::codata2022.bohr);
  EXPECT_EQ(options.max_steps, 0);
  EXPECT_EQ(options.sizes, std::vector<int>{5000});
  EXPECT_FALSE(options.centroids);
  EXPECT_EQ(options.step, 0.25);
}

TEST_F(RunFile, CollectsAllErrorsWithTheirPlaces) {
  EXPECT_EQ(
      complaint("seed = 1.5\n"                       // 1
                "[ensemble]\n"                       // 2
                "temperature = 300\n"                // 3
                "temperatures = ['1 K', '2 GPa']\n"  // 4
                "[minimise]\n"                       // 5
                "[minimize]\n"                       // 6
                "kong_liu_rato = 0.5\n"              // 7
                "  kong_liu_ratio = 1.5\n"           // 8
                "method = 'automatic'\n"             // 9
                "centroids = 'yes'\n"                // 10
                "tolerance = '0 angstrom'\n"         // 11
                "temperature = '3 K'\n"),            // 12
      "run.toml:1:8: seed = 1.5: an integer is needed, this is a number\n"
      "run.toml:2:1: ensemble.path is missing: write path = \"population1\" (folder)\n"
      "run.toml:3:15: ensemble.temperature = 300: the unit is missing; write \"300 K\"\n"
      "run.toml:4:24: ensemble.temperatures = '2 GPa': GPa is a pressure, but a temperature is needed here, in K\n"
      "run.toml:5:2: table minimise is unknown; did you mean 'minimize'?\n"
      "run.toml:7:1: key minimize.kong_liu_rato is unknown; did you mean 'kong_liu_ratio'?\n"
      "run.toml:8:20: minimize.kong_liu_ratio = 1.5: it must be at most 1\n"
      "run.toml:9:10: minimize.method = 'automatic': it must be one of auto, reference\n"
      "run.toml:10:13: minimize.centroids = 'yes': true or false is needed, this is text\n"
      "run.toml:11:13: minimize.tolerance = '0 angstrom': it must be above 0 angstrom\n"
      "run.toml:12:1: key minimize.temperature is unknown; did you mean 'ensemble.temperature'?");
}

TEST_F(RunFile, PlacesSyntaxErrors) { EXPECT_EQ(complaint("[ensemble]\npath = \n").substr(0, 16), "run.toml:2:8: th"); }

TEST_F(RunFile, RefusesImpossibleNumbers) {
  EXPECT_NE(complaint(minimal + "[minimize]\nkong_liu_ratio = nan\n").find("must be finite"), std::string::npos);
  EXPECT_NE(complaint(minimal + "temperature = 'inf K'\n").find("not finite"), std::string::npos);
  EXPECT_NE(complaint(minimal + "temperature = 'warm'\n").find("no number"), std::string::npos);
  EXPECT_NE(complaint(minimal + "temperature = '3 Kelvin'\n").find("unit 'Kelvin' is unknown"), std::string::npos);
  EXPECT_NE(complaint(minimal + "temperature = ['3 K']\n").find("this is a list"), std::string::npos);
  EXPECT_NE(complaint(minimal + "temperatures = {from='0 K', to='9 K', step='0 K'}\n").find("step"), std::string::npos);
  EXPECT_NE(complaint(minimal + "masses = {H = 2.0}\n").find("ensemble.masses.H = 2.0: the unit is missing"),
            std::string::npos);
  EXPECT_NE(complaint("[ensemble]\npath = ''\n").find("must not be empty"), std::string::npos);
  EXPECT_NE(complaint(minimal + "[minimize]\nmax_steps = 3000000000\n").find("too large"), std::string::npos);
}

TEST_F(RunFile, TakesOverridesAsIfWrittenThere) {
  read(minimal, {"minimize.kong_liu_ratio=0.25", "ensemble.temperature=450 K", "minimize.method=reference",
                 "minimize.sizes=[1, 2]", "ensemble.dyn=221", "seed=3", "minimize.reference.step=0.1"});
  EXPECT_EQ(options.ratio, 0.25);
  EXPECT_EQ(options.temperature, 450);
  EXPECT_EQ(options.method, Method::reference);
  EXPECT_EQ(options.sizes, (std::vector<int>{1, 2}));
  EXPECT_EQ(options.dyn, "folder/221");
  EXPECT_EQ(options.seed, 3);
  EXPECT_EQ(options.step, 0.1);
}

TEST_F(RunFile, SaysWhichOverrideIsWrong) {
  EXPECT_EQ(complaint(minimal, {"minimize.kong_liu_ratio=high", "minimize.stepp=1", "seed"}),
            "--set seed: write section.key=value\n"
            "--set minimize.stepp=1: key minimize.stepp is unknown; did you mean 'minimize.reference.step'?\n"
            "--set minimize.kong_liu_ratio=high: a number is needed, this is text");
}

TEST_F(RunFile, RunsTheChecksOfACommand) {
  schema.section("minimize").key("layers", &options.max_steps, "").check([&] {
    return options.max_steps == 3 ? "three is not possible" : "";
  });
  EXPECT_EQ(complaint(minimal + "[minimize]\nlayers = 3\n"),
            "run.toml:4:10: minimize.layers = 3: three is not possible");
}

TEST_F(RunFile, RulesBetweenKeysAreErrorsAtTheFirstOfThemThatIsGiven) {
  schema.rule({"minimize.max_steps", "ensemble.temperature"},
              [&] { return options.max_steps == 0 && options.temperature ? "no steps, no temperature" : ""; });
  read(minimal + "temperature = '1 K'\n");
  EXPECT_EQ(complaint(minimal + "temperature = '1 K'\n[minimize]\nmax_steps = 0\nkong_liu_rato = 1\n"),
            "run.toml:5:13: no steps, no temperature\n"
            "run.toml:6:1: key minimize.kong_liu_rato is unknown; did you mean 'kong_liu_ratio'?");
  EXPECT_EQ(complaint(minimal + "temperature = '1 K'\n", {"minimize.max_steps=0"}),
            "--set minimize.max_steps=0: no steps, no temperature");
}

TEST_F(RunFile, RulesAboutKeysThatAreMissingAreErrorsOfTheirTable) {
  schema.rule({"minimize.max_steps"}, [] { return "say how many steps"; });
  EXPECT_EQ(complaint(minimal + "[minimize]\ncentroids = true\n"), "run.toml:3:1: say how many steps");
  EXPECT_EQ(complaint(minimal), "run.toml: say how many steps");
}

TEST_F(RunFile, RulesWaitUntilEachKeyIsRightByItself) {
  schema.rule({"minimize.max_steps", "ensemble.temperature"}, [] { return "never"; });
  EXPECT_EQ(complaint(minimal + "temperature = 1\n"),
            "run.toml:3:15: ensemble.temperature = 1: the unit is missing; write \"1 K\"");
}

TEST_F(RunFile, TemplateHoldsTheDefaults) {
  const std::string text = schema.template_text();
  read(text);
  const Options defaults;
  EXPECT_EQ(options.path, "folder/population1");
  EXPECT_EQ(options.dyn, "folder/" + defaults.dyn);
  EXPECT_EQ(options.seed, defaults.seed);
  EXPECT_EQ(options.max_steps, defaults.max_steps);
  EXPECT_EQ(options.ratio, defaults.ratio);
  EXPECT_DOUBLE_EQ(options.tolerance, defaults.tolerance);
  EXPECT_EQ(options.temperature, std::nullopt);
  EXPECT_EQ(options.temperatures, defaults.temperatures);
  EXPECT_EQ(options.sizes, defaults.sizes);
  EXPECT_EQ(options.centroids, defaults.centroids);
  EXPECT_EQ(options.method, defaults.method);
  EXPECT_EQ(options.formats, defaults.formats);
  EXPECT_TRUE(options.files.empty() && options.masses.empty());
  EXPECT_NE(text.find("tolerance = \"1e-5 angstrom\"       # of positions\n"), std::string::npos) << text;
  EXPECT_NE(text.find("path = \"population1\"              # * folder\n"), std::string::npos) << text;
}

TEST_F(RunFile, HelpNamesEveryKeyWithItsDefault) {
  const std::string text = schema.help_text(60);
  for (const char* expected :
       {"[minimize.reference]", "\"1e-5 angstrom\"", "auto | reference", "kong_liu_ratio  0.5"}) {
    EXPECT_NE(text.find(expected), std::string::npos) << expected << " in\n" << text;
  }
}

TEST_F(RunFile, SettingsReadBackToThemselves) {
  read(minimal + "temperature = '0.1 K'\nmasses = {'site 3' = '3.3 amu'}\nfiles = '/absolute'\n");
  const std::string settings = schema.settings_text("folder/output");
  EXPECT_NE(settings.find("path = \"../p\""), std::string::npos) << settings;
  EXPECT_NE(settings.find("files = [\"/absolute\"]"), std::string::npos) << settings;
  EXPECT_TRUE(schema.differences(settings, "folder/output").empty());

  schema.read_text(settings, "output/run.toml", "folder/output");
  EXPECT_EQ(schema.settings_text("folder/output"), settings);
  EXPECT_EQ(options.path, "folder/p");
}

TEST_F(RunFile, DifferencesNameBothValues) {
  options.dyn = "";
  read(minimal);
  const std::string settings = schema.settings_text("folder/output");
  read(minimal + "temperature = '5 K'\n[minimize]\nmax_steps = 3\n");
  const auto differences = schema.differences(settings, "folder/output");
  ASSERT_EQ(differences.size(), 1u);  // max_steps may change
  EXPECT_EQ(differences[0].key, "ensemble.temperature");
  EXPECT_EQ(differences[0].stored, "''");
  EXPECT_EQ(differences[0].now, "'5 K'");
}

TEST(Quantity, ConvertsToTheUnitsInside) {
  const UnitSet& set = units::codata2022;
  EXPECT_DOUBLE_EQ(parse_quantity("0.5 meV", find_unit("eV")), 5e-4);
  EXPECT_DOUBLE_EQ(parse_quantity("2Ry", find_unit("eV")), 2 * set.rydberg);
  EXPECT_DOUBLE_EQ(parse_quantity("1 Ha", find_unit("eV")), 2 * set.rydberg);
  EXPECT_DOUBLE_EQ(parse_quantity(" -3  bohr ", find_unit("angstrom")), -3 * set.bohr);
  EXPECT_DOUBLE_EQ(parse_quantity("10 kbar", find_unit("GPa")), parse_quantity("1 GPa", find_unit("GPa")));
  EXPECT_DOUBLE_EQ(parse_quantity("200 GPa", find_unit("GPa")) * units::gpa_per_ev_angstrom3, 200);
  EXPECT_DOUBLE_EQ(parse_quantity("1 Ry/bohr^3", find_unit("GPa")), set.rydberg_per_bohr3());
  EXPECT_DOUBLE_EQ(parse_quantity("30 min", find_unit("s")), 1800);
  // h nu at 1 THz, from the SI definitions of h and e: 6.62607015e-34 * 1e12 / 1.602176634e-19 eV.
  EXPECT_NEAR(parse_quantity("1 THz", find_unit("eV")), 4.135667696923859e-3, 1e-11);
  EXPECT_NEAR(parse_quantity("1 cm-1", find_unit("eV")), 1.239841984332e-4, 1e-12);
}

TEST(Quantity, TextReadsBackToTheNumber) {
  for (const double value : {0.0, 1e-5, 300.0, 1.0 / 3, -2.014, 1e300}) {
    const Unit& unit = find_unit("kbar");
    EXPECT_NEAR(parse_quantity(format_quantity(value * unit.factor, unit), unit), value * unit.factor,
                2e-12 * std::abs(value * unit.factor));
    EXPECT_EQ(std::strtod(format_number(value).c_str(), nullptr), value);
  }
  EXPECT_EQ(format_quantity(200 / units::gpa_per_ev_angstrom3, find_unit("GPa")), "200 GPa");
}

TEST(NearestName, FindsSlipsAndNothingElse) {
  const std::vector<std::string> names{"minimize", "sample", "info", "q"};
  EXPECT_EQ(nearest_name("minimise", names), "minimize");
  EXPECT_EQ(nearest_name("smaple", names), "sample");
  EXPECT_EQ(nearest_name("INFO", names), "info");
  EXPECT_EQ(nearest_name("dispersion", names), "");
  EXPECT_EQ(nearest_name("xy", names), "");
}

}  // namespace
}  // namespace zeropoint
