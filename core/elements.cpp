#include "core/elements.hpp"

#include <algorithm>
#include <cctype>

namespace zeropoint {

std::string element_symbol(std::string_view label) {
  label.remove_prefix(std::min(label.find_first_not_of(" \t"), label.size()));
  std::string symbol;
  for (const char c : label) {
    const auto letter = static_cast<unsigned char>(c);
    if (std::isalpha(letter) == 0) break;
    symbol += static_cast<char>(symbol.empty() ? std::toupper(letter) : std::tolower(letter));
  }
  return symbol;
}

}  // namespace zeropoint
