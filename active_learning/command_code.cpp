#include "active_learning/command_code.hpp"

#include <filesystem>

#include "active_learning/digest.hpp"
#include "core/error.hpp"

namespace zeropoint::active_learning {

CommandCode::CommandCode(DftOptions options) : options_(std::move(options)) {
  if (options_.command.empty()) throw InputError{"no command is given that labels structures"};
}

std::string CommandCode::method() const {
  const std::string& file = options_.template_path;
  return fmt::format("command\n{}", file.empty() ? options_.command : "sha256 " + sha256_of_file(file));
}

std::vector<InputFile> CommandCode::inputs(const Crystal& crystal, const std::string&, int) const {
  return {{"configuration.extxyz", frame_text(crystal)}};
}

std::string CommandCode::shell_command() const {
  std::string command = options_.command;
  const std::string mark = "{template}";
  for (std::size_t at; (at = command.find(mark)) != std::string::npos;)
    command.replace(at, mark.size(), std::filesystem::absolute(options_.template_path).string());

  return filled_command(command, "configuration.extxyz", "out");
}

}  // namespace zeropoint::active_learning
