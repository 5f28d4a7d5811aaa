#include "mlp/kernels/kernel_pairs.hpp"

#include <ATen/ops/linalg_vector_norm.h>

#include <algorithm>
#include <tuple>

#include "mlp/neighbours.hpp"

namespace zeropoint::mlp {
namespace {

constexpr double rounding = 1e-4;  // angstrom: kernels in float32 round distances

/// A pair as it is sorted.
struct Candidate {
  int species;
  double distance2;
  int atom;
  double x, y, z;
  auto key() const { return std::tie(species, distance2, atom, x, y, z); }
};

}  // namespace

KernelPairs kernel_pairs(const Eigen::Matrix3d& cell, const Eigen::Ref<const Vectors>& sites,
                         const std::vector<int>& species, int n_species, double cutoff,
                         const std::vector<double>& reach) {
  const double longest = reach.empty() ? 0 : *std::max_element(reach.begin(), reach.end());
  const Neighbours all = find_neighbours(cell, sites, cutoff + 2 * longest + rounding);
  KernelPairs pairs{.n_species = n_species, .species = species, .first = {0}, .neighbour = {}, .vectors = {}};
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < species.size(); ++i) {
    candidates.clear();
    for (std::int64_t e = all.first[i]; e < all.first[i + 1]; ++e) {
      const int j = all.atom[e];
      const Eigen::RowVector3d r = all.vectors.row(e);
      if (r.norm() >= cutoff + reach[i] + reach[j] + rounding) continue;
      candidates.push_back({species[j], r.squaredNorm(), j, r[0], r[1], r[2]});
    }
    std::ranges::sort(candidates, {}, &Candidate::key);
    auto next = candidates.begin();
    for (int s = 0; s < n_species; ++s) {
      for (; next != candidates.end() && next->species == s; ++next) {
        pairs.neighbour.push_back(next->atom);
        pairs.vectors.insert(pairs.vectors.end(), {next->x, next->y, next->z});
      }
      pairs.first.push_back(static_cast<std::int64_t>(pairs.neighbour.size()));
    }
  }
  return pairs;
}

std::vector<double> longest_displacements(const at::Tensor& displacements) {
  const at::Tensor longest = std::get<0>(at::linalg_vector_norm(displacements, 2, at::IntArrayRef{2}).max(0));
  const double* const values = longest.const_data_ptr<double>();
  return {values, values + longest.numel()};
}

}  // namespace zeropoint::mlp
