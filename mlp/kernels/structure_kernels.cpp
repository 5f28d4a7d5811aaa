#include "mlp/kernels/structure_kernels.hpp"

#include "mlp/kernels/centre_groups.hpp"

namespace zeropoint::mlp {
template <class Real>
std::vector<std::vector<HeadPrediction>> evaluate_structures(const KernelModel<Real>& model,
                                                             const BlockKernels<Real>& kernels,
                                                             const std::vector<const Geometry*>& structures) {
  const int n_heads = model.n_heads(), lanes = kernels.lanes;
  std::vector<std::vector<HeadPrediction>> results;
  for (const Geometry* structure : structures) {
    results.emplace_back(
        static_cast<std::size_t>(n_heads),
        HeadPrediction{.forces = Vectors::Zero(structure->n_atoms(), 3), .strain = Eigen::Matrix3d::Zero()});
  }
  AlignedNumbers<Real> vectors, gradients, workspace;
  std::vector<double> energies(static_cast<std::size_t>(lanes) * n_heads);
  for (const CentreGroup& group : centre_groups(structures, model.sizes.n_species, lanes)) {
    const std::size_t n_numbers = 3 * static_cast<std::size_t>(group.n_slots()) * lanes;
    Real* const r = vectors.reserve(n_numbers);
    Real* const by_r = gradients.reserve(n_numbers * n_heads);
    fill_vectors(group, structures, model.sizes.radial_cutoff, lanes, r);
    kernels.evaluate_group({.model = model,
                            .species = group.species,
                            .first_slot = group.first_slot.data(),
                            .vectors = r,
                            .workspace = workspace.reserve(kernels.group_workspace(model, group.n_slots())),
                            .energies = energies.data(),
                            .gradients = by_r});
    for (std::size_t lane = 0; lane < group.centres.size(); ++lane) {
      for (int head = 0; head < n_heads; ++head) {
        HeadPrediction& result = results[group.centres[lane].structure][head];
        result.energy += energies[head * lanes + lane];
        collect(group, lane, lanes, structures, by_r + head * n_numbers, result);
      }
    }
  }
  return results;
}

template std::vector<std::vector<HeadPrediction>> evaluate_structures<float>(const KernelModel<float>&,
                                                                             const BlockKernels<float>&,
                                                                             const std::vector<const Geometry*>&);
template std::vector<std::vector<HeadPrediction>> evaluate_structures<double>(const KernelModel<double>&,
                                                                              const BlockKernels<double>&,
                                                                              const std::vector<const Geometry*>&);

}  // namespace zeropoint::mlp
