#include "tools/program/command_line.hpp"

// A value of --set may hold commas: --set populations.sizes=[1000,2000].
#define CXXOPTS_VECTOR_DELIMITER '\0'
#include <cxxopts.hpp>
#include <filesystem>

#include "core/error.hpp"
#include "core/nearest_name.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

struct Option {
  std::string name, value, help;
  bool for_run_files;
};

const std::vector<Option>& general_options() {
  static const std::vector<Option> list{
      {"set", "KEY=VALUE", "a key of the run file: --set compute.threads=2; may be repeated", true},
      {"output", "DIR", "folder of the results (output.directory)", true},
      {"device", "cpu|cuda", "compute.device", true},
      {"threads", "N", "compute.threads, 0: all", true},
      {"seed", "N", "of all random numbers", true},
      {"resume", "", "finish an interrupted run, an error where there is none", true},
      {"overwrite", "", "replace an earlier run's results", true},
      {"check", "", "read everything, show settings and needs, compute nothing", true},
      {"template", "", "print a commented run file with all defaults", true},
      {"quiet", "", "warnings and errors only", false},
      {"verbose", "", "more details", false},
      {"json", "", "numbers only, as JSON on standard output", false},
      {"help", "", "this text", false},
  };
  return list;
}

std::vector<Option> options_of(const Command& command) {
  std::vector<Option> list;
  for (const CommandOption& option : command.options) list.push_back({option.name, option.value, option.help, false});
  for (const Option& option : general_options()) {
    if (command.prepare || !option.for_run_files) list.push_back(option);
  }
  return list;
}

[[noreturn]] void refuse_option(const Command& command, const std::string& given) {
  std::vector<std::string> names;
  for (const Option& option : options_of(command)) names.push_back(fmt::format("--{}", option.name));
  throw ConfigError{"{}: the option {} is unknown{} `zeropoint {} --help` lists all.", command.name, given,
                    names.empty() ? "." : suggestion(given, names) + ".", command.name};
}

cxxopts::Options parser_of(const Command& command) {
  cxxopts::Options parser{"zeropoint " + command.name};
  parser.allow_unrecognised_options();
  for (const Option& option : options_of(command)) {
    if (option.value.empty()) {
      parser.add_options()(option.name, option.help);
    } else {
      parser.add_options()(option.name, option.help, cxxopts::value<std::vector<std::string>>());
    }
  }
  parser.add_options()("files", "", cxxopts::value<std::vector<std::string>>());
  parser.parse_positional({"files"});
  return parser;
}

/// What a command line holds.
class GivenOptions {
 public:
  explicit GivenOptions(cxxopts::ParseResult given) : given_(std::move(given)) {}
  bool has(const std::string& name) const { return given_.count(name) > 0; }
  std::size_t count(const std::string& name) const { return given_.count(name); }
  std::vector<std::string> all(const std::string& name) const {
    return has(name) ? given_[name].as<std::vector<std::string>>() : std::vector<std::string>{};
  }
  std::string last(const std::string& name) const { return all(name).back(); }
  const std::vector<std::string>& unmatched() const { return given_.unmatched(); }

 private:
  cxxopts::ParseResult given_;
};

/// --set, and the options that stand for keys of a run file.
std::vector<std::string> overrides_of(const GivenOptions& given, const std::vector<std::string>& files) {
  std::vector<std::string> overrides = given.all("set");
  for (const auto& [option, key] :
       {std::pair{"device", "compute.device"}, {"threads", "compute.threads"}, {"seed", "seed"}}) {
    if (given.has(option)) overrides.push_back(fmt::format("{}={}", key, given.last(option)));
  }
  if (!given.has("output")) return overrides;
  // Relative to the working directory, as everything typed at a shell; keys are relative to the run file.
  const bool is_stdin = files.empty() || files[0] == "-";
  const fs::path folder = is_stdin ? fs::current_path() : fs::absolute(files[0]).parent_path();
  const fs::path output{given.last("output")};
  overrides.push_back("output.directory=" +
                      (output.is_absolute() ? output : fs::absolute(output).lexically_proximate(folder)).string());
  return overrides;
}

}  // namespace

Arguments parse_command_line(const Command& command, int argc, const char* const* argv) {
  Arguments arguments;
  try {
    const GivenOptions given{parser_of(command).parse(argc, argv)};
    for (const std::string& word : given.unmatched()) {
      if (word.starts_with('-') && word != "-") refuse_option(command, word.substr(0, word.find('=')));
    }
    arguments.files = given.all("files");
    for (const Option& option : options_of(command)) {
      if (option.value.empty() || option.name == "set" || !given.has(option.name)) continue;
      if (given.count(option.name) > 1) throw ConfigError{"{}: --{} is given twice", command.name, option.name};
    }
    for (const CommandOption& option : command.options) {
      if (given.has(option.name)) arguments.own[option.name] = option.value.empty() ? "" : given.last(option.name);
    }
    arguments.console = {.quiet = given.has("quiet"), .verbose = given.has("verbose"), .json = given.has("json")};
    arguments.help = given.has("help");
    if (arguments.console.quiet && arguments.console.verbose) {
      throw ConfigError{"{}: --quiet and --verbose contradict each other", command.name};
    }
    if (!command.prepare) return arguments;

    arguments.check = given.has("check");
    arguments.print_template = given.has("template");
    arguments.folder = {.resume = given.has("resume"), .overwrite = given.has("overwrite")};
    if (arguments.folder.resume && arguments.folder.overwrite) {
      throw ConfigError{"{}: --resume and --overwrite contradict each other", command.name};
    }
    arguments.overrides = overrides_of(given, arguments.files);
  } catch (const cxxopts::exceptions::exception& error) {
    throw ConfigError{"{}: {}. `zeropoint {} --help` lists the options.", command.name, error.what(), command.name};
  }
  return arguments;
}

std::string help_of(const Command& command) {
  std::string text =
      fmt::format("zeropoint {}: {}\n\nusage: zeropoint {} {} [OPTION]...\n\n{}\n\nexample:\n{}\n", command.name,
                  command.summary, command.name, command.arguments, command.description, command.example);
  if (command.prepare) {
    text += "\nrun file (TOML; values with a dimension are text with their unit; * has no default):\n\n";
    text += command.prepare()->schema.help_text();
  }
  text += "\noptions:\n";
  for (const Option& option : options_of(command)) {
    text += fmt::format("  {:<24}{}\n", fmt::format("--{} {}", option.name, option.value), option.help);
  }
  return text;
}

std::string help_of_program(const std::vector<Command>& commands) {
  std::string text =
      "zeropoint: stochastic self-consistent harmonic approximation for crystals\n\n"
      "usage: zeropoint COMMAND RUN.toml [OPTION]...\n\ncommands:\n";
  for (const Command& command : commands) text += fmt::format("  {:<12}{}\n", command.name, command.summary);
  return text +
         "\nzeropoint COMMAND --help       every key of its run file, with unit and default, and an example\n"
         "zeropoint COMMAND --template   a run file to begin with\n"
         "zeropoint --version            code, libraries, compiler\n";
}

}  // namespace zeropoint
