#pragma once

#include <pugixml.hpp>
#include <string>

namespace zeropoint::xml {

/// Parses a whole file. @throws InputError when it is cut or damaged, naming the line.
void parse(pugi::xml_document& document, const std::string& text);

/// The one finite number in the child `name` of `parent`. @throws InputError when there is none.
double number(const pugi::xml_node& parent, const char* name);

}  // namespace zeropoint::xml
