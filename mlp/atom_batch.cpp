#include "mlp/atom_batch.hpp"

#include <algorithm>
#include <numeric>

namespace zeropoint::mlp {
std::int64_t size_in_bytes(const Geometry& geometry) {
  constexpr std::int64_t per_pair = 3 * 8 + 4, per_atom = 8 + 4;
  return geometry.neighbours.n_pairs() * per_pair + geometry.n_atoms() * per_atom;
}

AtomBatch::AtomBatch(const std::vector<const Geometry*>& structures, int n_species, double angular_cutoff)
    : species_begin(at_place(n_species) + 1, 0) {
  std::int64_t n_all = 0, n_pairs = 0;
  for (const Geometry* geometry : structures) {
    for (const int z : geometry->species) ++species_begin[at_place(z) + 1];
    n_all += geometry->n_atoms();
    n_pairs += geometry->neighbours.n_pairs();
    volumes.push_back(geometry->volume);
    atoms_in.push_back(geometry->n_atoms());
  }
  std::partial_sum(species_begin.begin(), species_begin.end(), species_begin.begin());

  struct Origin {
    const Geometry* geometry;
    std::int64_t atom, begin;  // number in its structure; where the atoms of its structure begin in `place`
  };
  std::vector<Origin> origins(at_place(n_all));
  std::vector<std::int64_t> next(species_begin.begin(), species_begin.end() - 1);
  species.resize(at_place(n_all));
  structure.resize(at_place(n_all));
  for (std::size_t s = 0; s < structures.size(); ++s) {
    const std::int64_t begin = static_cast<std::int64_t>(place.size());
    for (std::int64_t i = 0; i < structures[s]->n_atoms(); ++i) {
      const int z = structures[s]->species[at_place(i)];
      const std::int64_t here = next[at_place(z)]++;
      place.push_back(here);
      origins[at_place(here)] = {structures[s], i, begin};
      species[at_place(here)] = z;
      structure[at_place(here)] = static_cast<std::int64_t>(s);
    }
  }
  first.reserve(at_place(n_all) + 1);
  angular_first.reserve(at_place(n_all) + 1);
  first.push_back(0);
  angular_first.push_back(0);
  neighbour.reserve(at_place(n_pairs));
  vectors.resize(at_place(3 * n_pairs));
  const double reach2 = angular_cutoff * angular_cutoff;
  for (const Origin& origin : origins) {
    const Neighbours& pairs = origin.geometry->neighbours;
    const std::int64_t begin = pairs.first[at_place(origin.atom)], end = pairs.first[at_place(origin.atom) + 1];
    std::int64_t n_angular = 0;
    std::copy(pairs.vectors.data() + 3 * begin, pairs.vectors.data() + 3 * end, vectors.begin() + 3 * first.back());
    for (std::int64_t e = begin; e < end; ++e) {
      neighbour.push_back(static_cast<int>(place[at_place(origin.begin + pairs.atom[at_place(e)])]));
      n_angular += pairs.vectors.row(e).squaredNorm() < reach2;
    }
    first.push_back(first.back() + end - begin);
    angular_first.push_back(angular_first.back() + n_angular);
  }
}

}  // namespace zeropoint::mlp
