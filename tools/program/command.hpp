#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/device.hpp"
#include "core/run_file.hpp"
#include "core/units.hpp"
#include "tools/program/console.hpp"
#include "tools/program/run_folder.hpp"

namespace zeropoint {

/// The command line behind the command's name.
struct Arguments {
  std::vector<std::string> files;          ///< run file or input files
  std::vector<std::string> overrides;      ///< --set, and --output, --device, --threads, --seed as such
  std::map<std::string, std::string> own;  ///< options of this command alone, those given
  ConsoleOptions console;
  RunFolderOptions folder;
  bool check = false, help = false, print_template = false;

  /// The value of one of the command's own options, empty when it was not given.
  std::string option(const std::string& name) const {
    const auto found = own.find(name);
    return found == own.end() ? "" : found->second;
  }
  /// For options without a value.
  bool flag(const std::string& name) const { return own.contains(name); }
};

/// An option that one command alone has: "--to FORMAT".
struct CommandOption {
  std::string name, value, help;
  bool only_looks = false;  ///< with it a run writes nothing, as with --check
};

/// Settings that every run file has.
struct SharedSettings {
  std::int64_t seed = 1;
  std::string device = "cpu";
  int threads = 0;
  bool python_sscha = false;
  std::string directory;
  bool figures = true;

  /// The constants that `compatibility` asks for.
  const UnitSet& units() const { return python_sscha ? units::python_sscha : units::codata2022; }
};

/// What the run function of a command works with.
struct Run {
  const SharedSettings& shared;
  Console& console;
  std::string settings;  ///< the resolved run file, to be stored in results
  RunFolder* folder;     ///< null with --check: read everything, say what the run would need, write nothing
  std::map<std::string, std::string> own = {};  ///< options of this command alone, those given

  /// The device that compute.device names. Ask before any tensor was made.
  /// @throws ConfigError as core/device.hpp, with the key.
  at::Device device() const;
};

/// A command that takes a run file, ready to read it.
struct Job {
  /// Where the run leaves its files, when that is not output.directory; such a run may be repeated in its folder.
  std::function<std::string()> report_folder;
  Schema schema;
  SharedSettings shared;
  std::function<int(Run&)> run;
};

/// A line of the table of commands.
struct Command {
  std::string name;
  std::string summary;      ///< one line, no full stop
  std::string arguments;    ///< "RUN.toml"
  std::string description;  ///< a paragraph for --help
  std::string example;
  std::vector<CommandOption> options;
  /// A command with a run file has `prepare`, others have `run`.
  std::function<std::unique_ptr<Job>()> prepare;
  std::function<int(const Arguments&, Console&)> run;
  /// Where the same command goes on after an interruption: "behind the last population". Empty: it begins again.
  std::string goes_on = {};
};

/// Adds seed, [compute] and [output] to a job's schema.
void declare_shared(Job& job, const std::string& directory);

/// Makes `Command::prepare` from the settings of a command, the function that declares their keys, and the one that
/// runs; `report_folder`, where there is one, makes Job::report_folder.
template <class Settings>
std::function<std::unique_ptr<Job>()> job(void (*declare)(Schema&, Settings&), int (*run)(const Settings&, Run&),
                                          std::string directory,
                                          std::string (*report_folder)(const Settings&,
                                                                       const SharedSettings&) = nullptr) {
  return [declare, run, directory, report_folder] {
    auto result = std::make_unique<Job>();
    auto settings = std::make_shared<Settings>();
    declare(result->schema, *settings);
    declare_shared(*result, directory);
    result->run = [settings, run](Run& context) { return run(*settings, context); };
    if (report_folder) {
      result->report_folder = [settings, shared = &result->shared, report_folder] {
        return report_folder(*settings, *shared);
      };
    }
    return result;
  };
}

/// `prepare` of a command that runs on the CPU alone: another device is an error of its run file.
std::function<std::unique_ptr<Job>()> on_cpu(const std::string& command, std::function<std::unique_ptr<Job>()> prepare);

// One file a command.
Command sample_command();
Command collect_command();
Command minimize_command();
Command sscha_command();
Command hessian_command();
Command dispersion_command();
Command relax_command();
Command phonons_command();
Command a2f_command();
Command tc_command();
Command train_command();
Command evaluate_command();
Command learn_command();
Command info_command();
Command convert_command();
Command plot_command();

/// In the order in which they are listed.
std::vector<Command> all_commands();

}  // namespace zeropoint
