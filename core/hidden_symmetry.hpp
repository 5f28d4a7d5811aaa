#pragma once

#include <optional>

#include "core/space_group.hpp"

namespace zeropoint {

/// The symmetry that positions with few decimals hide: at the smallest tolerance above that of `group`, up to 0.01
/// angstrom, at which spglib sees more operations, the group there; nothing where there is none, or where atoms no
/// longer match one to one.
std::optional<SpaceGroup> hidden_symmetry(const Crystal& crystal, const SpaceGroup& group);

}  // namespace zeropoint
