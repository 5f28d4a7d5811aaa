#include "mlp/kernels/centre_groups.hpp"

#include <algorithm>

namespace zeropoint::mlp {
namespace {

/// Which pair of each lane stands in each slot, and how many slots each species needs.
void sort_pairs(const std::vector<const Geometry*>& structures, int n_species, CentreGroup& group) {
  std::vector<int> most(n_species, 0);
  group.pairs.assign(group.centres.size(), std::vector<std::vector<std::int64_t>>(n_species));
  for (std::size_t lane = 0; lane < group.centres.size(); ++lane) {
    const auto& [at, atom] = group.centres[lane];
    const Geometry& structure = *structures[at];
    const Neighbours& all = structure.neighbours;
    for (std::int64_t e = all.first[atom]; e < all.first[atom + 1]; ++e) {
      group.pairs[lane][structure.species[all.atom[e]]].push_back(e);
    }
    for (int s = 0; s < n_species; ++s) most[s] = std::max(most[s], static_cast<int>(group.pairs[lane][s].size()));
  }
  group.first_slot.assign(1, 0);
  for (int s = 0; s < n_species; ++s) group.first_slot.push_back(group.first_slot.back() + most[s]);
}

}  // namespace

std::vector<CentreGroup> centre_groups(const std::vector<const Geometry*>& structures, int n_species, int lanes) {
  std::vector<CentreGroup> groups;
  for (int z = 0; z < n_species; ++z) {
    std::vector<CentreOf> centres;
    for (std::size_t s = 0; s < structures.size(); ++s) {
      for (int i = 0; i < structures[s]->n_atoms(); ++i) {
        if (structures[s]->species[i] == z) centres.push_back({s, i});
      }
    }
    for (std::size_t begin = 0; begin < centres.size(); begin += lanes) {
      const std::size_t end = std::min(begin + lanes, centres.size());
      CentreGroup& group = groups.emplace_back();
      group.species = z;
      group.centres = {centres.begin() + begin, centres.begin() + end};
      sort_pairs(structures, n_species, group);
    }
  }
  return groups;
}

}  // namespace zeropoint::mlp
