#include "files/xml_text.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "files/dft_output.hpp"

namespace zeropoint::xml {

void parse(pugi::xml_document& document, const std::string& text) {
  const pugi::xml_parse_result result = document.load_buffer(text.data(), text.size());
  if (result) return;
  const auto offset = std::clamp<std::ptrdiff_t>(result.offset, 0, static_cast<std::ptrdiff_t>(text.size()));
  const auto line = std::count(text.begin(), text.begin() + offset, '\n') + 1;
  throw InputError{"line {}: the XML is cut or damaged here ({}): the run was killed or is still running. Run it again",
                   line, result.description()};
}

double number(const pugi::xml_node& parent, const char* name) {
  const pugi::xml_node node = parent.child(name);
  if (!node)
    throw InputError{"no <{}> in <{}>: the file is damaged or of a version that is not known", name, parent.name()};
  return finite_numbers(node.child_value(), 1, fmt::format("<{}>", name))[0];
}

}  // namespace zeropoint::xml
