// A command that nobody needs: what a new command is made of, in one file.
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tools/program/command_line.hpp"

namespace zeropoint {
namespace {

struct Settings {
  double temperature = 300;
  int repeats = 2;
};

void declare_keys(Schema& schema, Settings& settings) {
  Section& toy = schema.section("toy", "");
  toy.quantity("temperature", &settings.temperature, "K", "of nothing").at_least(0);
  toy.key("repeats", &settings.repeats, "how often").at_least(1);
  schema.rule({"toy.repeats", "toy.temperature"},
              [&settings] { return settings.temperature == 0 && settings.repeats > 1 ? "at 0 K once is enough" : ""; });
}

int run(const Settings& settings, Run& context) {
  context.console.say("{} times at {} K", settings.repeats, settings.temperature);
  return settings.repeats;
}

Command toy_command() {
  return {.name = "toy",
          .summary = "does nothing",
          .arguments = "RUN.toml",
          .description = "It shows what a command is made of.",
          .example = "",
          .options = {},
          .prepare = job<Settings>(declare_keys, run, "toy"),
          .run = {}};
}

/// Exit code of `zeropoint toy - OPTION...` for the run file `text`.
int run_toy(const std::string& text, std::vector<const char*> options = {}) {
  options.insert(options.begin(), {"toy", "-"});
  const Command command = toy_command();
  const Arguments arguments = parse_command_line(command, static_cast<int>(options.size()), options.data());
  const std::unique_ptr<Job> job = command.prepare();
  job->schema.read_text(text, "toy.toml", "", arguments.overrides);
  Console console{{.quiet = true}};
  Run context{job->shared, console, "", nullptr};
  return job->run(context);
}

TEST(ToyCommand, RunsWithItsSettings) {
  EXPECT_EQ(run_toy(""), 2);
  EXPECT_EQ(run_toy("[toy]\nrepeats = 5\n"), 5);
  EXPECT_EQ(run_toy("[toy]\nrepeats = 5\n", {"--set", "toy.repeats=7", "--threads", "1"}), 7);
}

TEST(ToyCommand, RefusesWhatItsKeysAndRulesForbid) {
  try {
    run_toy("[toy]\ntemperature = \"0 K\"\nrepeat = 3\n");
    FAIL() << "accepted";
  } catch (const ConfigError& error) {
    EXPECT_EQ(std::string{error.what()},
              "toy.toml:2:15: at 0 K once is enough\ntoy.toml:3:1: key toy.repeat is unknown; did you mean 'repeats'?");
  }
}

TEST(ToyCommand, IsExplainedLikeAllOthers) {
  const std::string help = help_of(toy_command());
  for (const char* expected : {"does nothing", "[toy]", "\"300 K\"", "--threads", "--check"}) {
    EXPECT_NE(help.find(expected), std::string::npos) << expected << " in\n" << help;
  }
}

}  // namespace
}  // namespace zeropoint
