#pragma once

#include <string>
#include <string_view>

namespace zeropoint {

/// The element of a species label, whatever distinguishes its kinds: "Fe" of "Fe", "Fe1", "FE", "fe_up", "Fe2+" and
/// " Fe ". What stands behind the first letters does not count; a label without letters gives an empty symbol.
std::string element_symbol(std::string_view label);

}  // namespace zeropoint
