#include "active_learning/dft_code.hpp"

#include "active_learning/command_code.hpp"
#include "active_learning/pwx_code.hpp"
#include "active_learning/vasp_code.hpp"
#include "core/error.hpp"

namespace zeropoint::active_learning {

std::string filled_command(const std::string& command, const std::string& input, const std::string& output) {
  std::string text = command;
  const auto fill = [&text](const std::string& mark, const std::string& name) {
    bool found = false;
    for (std::size_t at; (at = text.find(mark)) != std::string::npos; found = true) text.replace(at, mark.size(), name);
    return found;
  };
  if (!fill("{input}", input)) text += " < " + input;
  if (!fill("{output}", output)) text += " > " + output;
  return text;
}

std::unique_ptr<DftCode> open_dft_code(const DftOptions& options, const Supercell& supercell) {
  if (options.kind == "pwx") return std::make_unique<PwxCode>(options, supercell);
  if (options.kind == "vasp") return std::make_unique<VaspCode>(options, supercell);
  if (options.kind == "command") return std::make_unique<CommandCode>(options);
  throw ConfigError{"'{}' is no kind of DFT: pwx, vasp or command", options.kind};
}

}  // namespace zeropoint::active_learning
