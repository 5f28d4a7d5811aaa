#pragma once

#include <string>

#include "tools/program/command.hpp"

namespace zeropoint {

/// Options of `command`. @throws ConfigError for an unknown one (with the nearest), a missing value, contradictions.
Arguments parse_command_line(const Command& command, int argc, const char* const* argv);

/// What `zeropoint COMMAND --help` prints.
std::string help_of(const Command& command);

/// What `zeropoint` and `zeropoint --help` print.
std::string help_of_program(const std::vector<Command>& commands);

}  // namespace zeropoint
