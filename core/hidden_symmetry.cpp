#include "core/hidden_symmetry.hpp"

#include "core/error.hpp"

namespace zeropoint {

std::optional<SpaceGroup> hidden_symmetry(const Crystal& crystal, const SpaceGroup& group) {
  for (const double tolerance : {1e-4, 1e-3, 1e-2}) {
    if (tolerance <= group.tolerance) continue;
    try {
      SpaceGroup found = find_space_group(crystal, {.tolerance = tolerance});
      if (found.operations.size() > group.operations.size()) return found;
    } catch (const InputError&) {  // all that it says of a crystal and a tolerance: atoms do not match
      return {};
    }
  }
  return {};
}

}  // namespace zeropoint
