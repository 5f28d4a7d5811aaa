#include "tests/support/output_text.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "core/atomic_file.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::test {

std::string data_text(const std::string& name) { return read_file(ZEROPOINT_SOURCE_DIR "/tests/data/" + name); }

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t found = text.find(from);
  if (found == std::string::npos) throw std::runtime_error("the text to replace is not there: " + from);
  return text.replace(found, from.size(), to);
}

std::string all_replaced(std::string text, const std::string& from, const std::string& to) {
  if (text.find(from) == std::string::npos) throw std::runtime_error("the text to replace is not there: " + from);
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

std::string line_with(const std::string& text, const std::string& mark) {
  const std::size_t found = text.find(mark);
  if (found == std::string::npos) throw std::runtime_error("no line with: " + mark);
  const std::size_t begin = found == 0 ? 0 : text.find_last_of('\n', found - 1) + 1;
  return text.substr(begin, std::min(text.find('\n', found), text.size() - 1) + 1 - begin);
}

std::string without_line(const std::string& text, const std::string& mark) {
  return replaced(text, line_with(text, mark), "");
}

std::string first_lines(const std::string& text, int n) {
  std::size_t end = 0;
  for (int line = 0; line < n; ++line) end = text.find('\n', end) + 1;
  return text.substr(0, end);
}

int n_lines(const std::string& text) { return static_cast<int>(std::count(text.begin(), text.end(), '\n')); }

LabelledStructures read_text(const std::string& text, const LabelLimits& limits) {
  static const TemporaryFolder folder;
  std::ofstream{folder / "output", std::ios::binary} << text;
  LabelledStructures all = read_labelled_structures(folder / "output", limits);
  for (LabelledStructure& structure : all.accepted) structure.source.erase(0, folder.path().size() + 1);
  for (RefusedOutput& refused : all.refused) {
    refused.source.erase(0, folder.path().size() + 1);
    // What is wrong belongs into the reason, the name of the file does not.
    if (refused.reason.find(folder.path()) != std::string::npos)
      throw std::runtime_error("a path in the reason: " + refused.reason);
  }
  return all;
}

LabelledStructure accepted(const std::string& text) {
  LabelledStructures all = read_text(text);
  if (all.accepted.size() != 1 || !all.refused.empty()) {
    throw std::runtime_error(all.refused.empty() ? "several structures" : all.refused.front().reason);
  }
  return std::move(all.accepted.front());
}

std::string refusal(const std::string& text) {
  const LabelledStructures all = read_text(text);
  if (!all.accepted.empty()) return "accepted";
  return all.refused.empty() ? "neither accepted nor refused" : all.refused.front().reason;
}

}  // namespace zeropoint::test
