#include <c10/util/Exception.h>
#include <fmt/format.h>
#include <algorithm>

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/nearest_name.hpp"
#include "core/parallel.hpp"
#include "tools/program/command_line.hpp"
#include "tools/program/exit_code.hpp"
#include "tools/program/interruption.hpp"
#include "tools/program/version.hpp"

namespace zeropoint {
namespace {

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

constexpr const char* out_of_memory =
    "the memory is not enough for this: take fewer configurations (ensemble.n_configurations) or a larger machine";

/// An error of the library underneath, without the traces that are for its developers.
std::string explain(const c10::Error& error) {
  const std::string message = error.what_without_backtrace();
  if (message.find("allocate memory") != std::string::npos || message.find("out of memory") != std::string::npos) {
    return out_of_memory;
  }
  return fmt::format(
      "internal error: {}. This is a defect of the program: please report it with the command and the files "
      "that it read",
      message.substr(0, message.find('\n')));
}

int run_job(const Command& command, const Arguments& arguments, Console& console) {
  const auto job = command.prepare();
  if (arguments.print_template) {
    print(fmt::format("# zeropoint {}: {}\n# All keys with their defaults; those marked * have none.\n\n{}",
                      command.name, command.summary, job->schema.template_text()));
    return exit_code::done;
  }
  if (arguments.files.size() != 1) {
    throw ConfigError{
        "{}: one run file is needed, {} are given. `zeropoint {} --template > {}.toml` writes one to edit.",
        command.name, arguments.files.size(), command.name, command.name};
  }
  job->schema.read(arguments.files[0], arguments.overrides);
  set_threads(job->shared.threads);

  const bool only_looks = std::ranges::any_of(
      command.options, [&](const CommandOption& option) { return option.only_looks && arguments.flag(option.name); });
  if (arguments.check || only_looks) {
    const std::string settings = job->schema.settings_text("");
    if (arguments.check) console.say("{}", settings);
    Run run{job->shared, console, settings, nullptr, arguments.own};
    return job->run(run);
  }
  note_interruptions();
  RunFolderOptions options = arguments.folder;
  if (job->report_folder) options.overwrite = true;
  RunFolder folder{job->report_folder ? job->report_folder() : job->shared.directory, command.name, job->schema,
                   options};
  console.log_to(folder.file("log.txt"), folder.resumes());
  Run run{job->shared, console, job->schema.settings_text(folder.path()), &folder, arguments.own};
  try {
    return job->run(run);
  } catch (const Interrupted&) {
    throw;
  } catch (const std::exception&) {
    if (!folder.resumes()) folder.discard_if_nothing_was_done();
    throw;
  }
}

int run_command(const Command& command, int argc, const char* const* argv) {
  Console console;
  try {
    const Arguments arguments = parse_command_line(command, argc, argv);
    if (arguments.help) {
      print(help_of(command));
      return exit_code::done;
    }
    // Nothing was said so far: the console begins with its options.
    console.set_options(arguments.console);
    return command.prepare ? run_job(command, arguments, console) : command.run(arguments, console);
  } catch (const Interrupted& interrupted) {
    console.error(fmt::format("interrupted by {}: the same command {}, with the same results to the last bit",
                              interrupted.signal() == SIGINT ? "Ctrl-C" : "SIGTERM",
                              command.goes_on.empty() ? "begins this run again" : "goes on " + command.goes_on));
    return 128 + interrupted.signal();
  } catch (const ConfigError& error) {
    console.error(error.what());
    return exit_code::usage;
  } catch (const c10::Error& error) {
    console.error(explain(error));
    return exit_code::failed;
  } catch (const std::bad_alloc&) {
    console.error(out_of_memory);
    return exit_code::failed;
  } catch (const std::exception& error) {
    console.error(error.what());
    return exit_code::failed;
  }
}

int run_program(int argc, const char* const* argv) {
  const std::vector<Command> commands = all_commands();
  const std::string_view name = argc > 1 ? argv[1] : "--help";
  if (name == "--help" || name == "-h" || name == "help") {
    print(help_of_program(commands));
    return exit_code::done;
  }
  if (name == "--version") {
    print(version_text());
    return exit_code::done;
  }
  std::vector<std::string> names;
  for (const Command& command : commands) {
    if (command.name == name) return run_command(command, argc - 1, argv + 1);
    names.push_back(command.name);
  }
  const std::string hint = suggestion(name, names);
  Console{}.error(
      fmt::format("the command '{}' is unknown{} `zeropoint --help` lists all.", name, hint.empty() ? "." : hint));
  return exit_code::usage;
}

}  // namespace
}  // namespace zeropoint

int main(int argc, char** argv) { return zeropoint::run_program(argc, argv); }
