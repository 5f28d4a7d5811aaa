#pragma once

#include "active_learning/dft_code.hpp"

namespace zeropoint::active_learning {

/// Any program that reads a frame of extended XYZ and answers one with energy, forces and, where the cell moves,
/// stress. Its method is the content of the template, where one is given (a script, say), else the text of the command.
class CommandCode : public DftCode {
 public:
  explicit CommandCode(DftOptions options);
  std::string method() const override;
  std::vector<InputFile> inputs(const Crystal& crystal, const std::string& name, int attempt) const override;
  std::string shell_command() const override;
  std::string other_method(const std::string&, const Crystal&) const override { return {}; }

 private:
  DftOptions options_;
};

}  // namespace zeropoint::active_learning
