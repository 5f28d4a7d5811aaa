#pragma once

#include <string>
#include <vector>

#include "core/supercell.hpp"
#include "files/labelled_structure.hpp"

namespace zeropoint {

/// A structure as displacements from the sites of a supercell.
struct SiteMatch {
  Vectors
      displacements;  ///< [n_atoms, 3] angstrom, shortest images, in the order of the supercell; empty when none fits
  std::vector<int> order;  ///< [n_atoms] the atom of the structure that belongs to supercell atom i
  std::string reason;      ///< why none fits; empty when one does
};

/// The order of the supercell is tried first: it fits when no atom is further from its site than the shortest
/// interatomic distance (or 1.5 angstrom, where that is more). Otherwise every atom belongs to the nearest site of its
/// species, and no site may be left or taken twice. The cell must be that of the supercell to 1e-4 angstrom.
SiteMatch match_to_sites(const LabelledStructure& structure, const Supercell& reference);

}  // namespace zeropoint
