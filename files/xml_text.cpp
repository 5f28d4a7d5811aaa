#include "files/xml_text.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/number_text.hpp"
#include "files/text_scanner.hpp"

namespace zeropoint::xml {

void parse(pugi::xml_document& document, const std::string& text) {
  const pugi::xml_parse_result result = document.load_buffer(text.data(), text.size());
  if (result) return;
  const auto offset = std::clamp<std::ptrdiff_t>(result.offset, 0, static_cast<std::ptrdiff_t>(text.size()));
  const auto line = std::count(text.begin(), text.begin() + offset, '\n') + 1;
  throw InputError{"line {}: the XML is cut or damaged here ({}): the run was killed or is still running. Run it again",
                   line, result.description()};
}

std::vector<double> numbers(std::string_view text, std::size_t count, std::string_view what) {
  std::string flat{text};
  std::replace(flat.begin(), flat.end(), '\n', ' ');
  std::vector<double> numbers;
  for (const std::string_view word : split_words(flat)) {
    double value = 0;
    const char* const end = word.data() + word.size();
    if (parse_number(word.data(), end, value) != end || !std::isfinite(value)) {
      throw InputError{"{}: '{}' is not a finite number: the calculation failed or the file is damaged", what, word};
    }
    numbers.push_back(value);
  }
  if (numbers.size() != count) {
    throw InputError{"{}: {} numbers, {} expected: the file is damaged or of another version", what, numbers.size(),
                     count};
  }
  return numbers;
}

double number(const pugi::xml_node& parent, const char* name) {
  const pugi::xml_node node = parent.child(name);
  if (!node)
    throw InputError{"no <{}> in <{}>: the file is damaged or of a version that is not known", name, parent.name()};
  return numbers(node.child_value(), 1, fmt::format("<{}>", name))[0];
}

}  // namespace zeropoint::xml
