#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "active_learning/task_store.hpp"
#include "core/supercell.hpp"

namespace zeropoint::active_learning {

struct DftOptions {
  std::string kind = "pwx";   ///< pwx, vasp, command
  std::string template_path;  ///< pwx: a complete input; vasp: a folder with INCAR, KPOINTS, POTCAR
  std::string command;        ///< for a shell; {input} and {output} stand for file names
};

/// A program that labels structures: how its inputs are written, and what of its outputs is believed.
class DftCode {
 public:
  virtual ~DftCode() = default;
  /// All that decides about its numbers, the structure aside: labels with different texts never meet.
  virtual std::string method() const = 0;
  /// The files of a task. `attempt`, from 1: with other numerical settings, never other physics.
  /// @throws InputError when there is no pseudopotential for a species.
  virtual std::vector<InputFile> inputs(const Crystal& crystal, const std::string& name, int attempt) const = 0;
  /// What a shell has to run in a folder with the inputs; its standard output and errors are caught.
  virtual std::string shell_command() const = 0;
  /// Names of files that a run leaves besides its standard output, and of all that may hold the label, best first.
  virtual std::vector<std::string> kept() const { return {}; }
  virtual std::vector<std::string> outputs() const { return {"out"}; }
  /// Why an output that is complete was made with other settings than the inputs say; empty: it was not.
  virtual std::string other_method(const std::string& text, const Crystal& crystal) const = 0;
  int attempts() const { return 3; }
};

/// `supercell`: of the structures to come, at any volume. @throws InputError, IoError: a template that lacks what is
/// needed, with the line to write; ConfigError for a kind that there is not.
std::unique_ptr<DftCode> open_dft_code(const DftOptions& options, const Supercell& supercell);

/// `command` with {input} and {output} filled in; where they are missing, as a filter from one to the other.
std::string filled_command(const std::string& command, const std::string& input, const std::string& output);

}  // namespace zeropoint::active_learning
