#include "phonons/symmetric_grid.hpp"

#include "phonons/q_stars.hpp"
#include "phonons/symmetrizer.hpp"

namespace zeropoint::phonons {

SymmetricGrid symmetric_on_grid(const Interpolation& interpolation, const Eigen::Vector3i& divisions,
                                const SpaceGroup& group, SumRule rule) {
  const SpaceGroup kept = keeping_mesh(group, divisions);
  SymmetricGrid result{interpolation.on_grid(grid_of_stars(divisions, kept)), static_cast<int>(kept.operations.size())};
  DynamicalMatrices& matrices = result.matrices;
  const std::vector<Eigen::MatrixXcd> before = matrices.blocks;
  Symmetrizer(kept, matrices.crystal, matrices.grid).matrices(matrices.blocks);
  const int gamma = matrices.grid.gamma();
  if (rule == SumRule::none) matrices.blocks[gamma] = before[gamma];
  std::vector<Eigen::MatrixXcd> change = matrices.blocks;
  for (std::size_t iq = 0; iq < change.size(); ++iq) change[iq] -= before[iq];
  result.asymmetry = norm(change) / norm(before);
  return result;
}

}  // namespace zeropoint::phonons
