#pragma once

#include <memory>
#include <vector>

#include "potentials/kind.hpp"

namespace zeropoint {

/// All kinds of potentials.
std::vector<PotentialKind> potential_kinds();

/// Declares [potential] with the keys of `kinds`, which open_potential() then knows.
void declare(Schema& schema, PotentialSettings& settings, const std::vector<PotentialKind>& kinds = potential_kinds());

/// The potential that the run file names.
/// @throws ConfigError when the key that its kind needs is missing; InputError, IoError as the readers.
std::unique_ptr<Potential> open_potential(const PotentialSettings& settings, const PotentialOpening& opening = {});

}  // namespace zeropoint
