#pragma once

#include <optional>
#include <string>

#include "core/space_group.hpp"
#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::phonons {

/// Born charges and dielectric tensor averaged over the space group: Z_{S(s)} = S Z_s S^T, S eps S^T = eps. Z itself
/// need not be a symmetric matrix.
/// @throws InputError when charges break the symmetry of their site, or differ from those of an equivalent atom, by
/// more than 0.05 |e| (which atom, which operation): they are of another structure or in another order.
Polar symmetrized(const Polar& polar, const Crystal& crystal, const SpaceGroup& group);

/// The group that positions and species have: isotopes have the same charges.
SpaceGroup chemical_group(Crystal crystal);

/// Which charges break the symmetry of chemical_group(), as symmetrized() says it; nothing when they all keep it.
std::optional<std::string> broken_charge_symmetry(const Crystal& crystal, const Polar& polar);

/// Charges of `source` against chemical_group(). @throws InputError as above, naming the source.
void check_charge_symmetry(const Crystal& crystal, const Polar& polar, const std::string& source);

}  // namespace zeropoint::phonons
