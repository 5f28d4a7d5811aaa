#pragma once

#include <vector>

#include "core/space_group.hpp"

namespace zeropoint::phonons {

/// A chain of subgroups from the identity to the whole group, modulo lattice translations: for each, representatives r
/// of the cosets r H of the one before, the identity left out (numbers of operations). The average over the group is
/// the average over the cosets of each in turn: 48 operations cost six.
/// @throws InputError when the operations are not a group.
std::vector<std::vector<int>> coset_chain(const std::vector<SymmetryOperation>& operations);

}  // namespace zeropoint::phonons
