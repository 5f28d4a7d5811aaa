#pragma once

#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace zeropoint::xml {

/// Parses a whole file. @throws InputError when it is cut or damaged, naming the line.
void parse(pugi::xml_document& document, const std::string& text);

/// The numbers in a piece of text, over several lines. @throws InputError that begins with `what` unless all are finite
/// and there are `count` of them.
std::vector<double> numbers(std::string_view text, std::size_t count, std::string_view what);

/// The one finite number in the child `name` of `parent`. @throws InputError when there is none.
double number(const pugi::xml_node& parent, const char* name);

}  // namespace zeropoint::xml
