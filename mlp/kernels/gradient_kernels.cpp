#include "mlp/kernels/gradient_kernels.hpp"

#include <algorithm>
#include <numeric>

#include "mlp/kernels/panel_gradients.hpp"
#include "mlp/model.hpp"

namespace zeropoint::mlp {
namespace {

/// Room that a thread keeps from one step to the next.
template <class Real>
struct Scratch {
  AlignedNumbers<Real> by_pairs, weights, workspace, panels, sums;
};

template <class Real>
Scratch<Real>& scratch_of_thread() {
  static thread_local Scratch<Real> scratch;
  return scratch;
}

}  // namespace

template <class Real>
StructureBatch<Real>::StructureBatch(std::vector<const Geometry*> structures, int n_species, double cutoff,
                                     const BlockKernels<Real>& kernels)
    : structures_(std::move(structures)),
      n_species_(n_species),
      kernels_(kernels),
      groups_(centre_groups(structures_, n_species, kernels.lanes)) {
  first_vector_.push_back(0);
  for (const CentreGroup& group : groups_) first_vector_.push_back(first_vector_.back() + group.n_slots());
  Real* const vectors = vectors_.reserve(3 * first_vector_.back() * kernels.lanes);
  for (std::size_t g = 0; g < groups_.size(); ++g)
    fill_vectors(groups_[g], structures_, cutoff, kernels.lanes, vectors + 3 * first_vector_[g] * kernels.lanes);
}

template <class Real>
const Real* StructureBatch<Real>::vectors_of(std::size_t group) const {
  return vectors_.get() + 3 * first_vector_[group] * kernels_.lanes;
}

template <class Real>
std::vector<HeadPrediction> StructureBatch<Real>::predict(const KernelModel<Real>& model) const {
  Scratch<Real>& scratch = scratch_of_thread<Real>();
  std::vector<HeadPrediction> results;
  for (const Geometry* structure : structures_) {
    results.push_back({.forces = Vectors::Zero(structure->n_atoms(), 3), .strain = Eigen::Matrix3d::Zero()});
  }
  std::vector<double> energies(kernels_.lanes);
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const CentreGroup& group = groups_[g];
    Real* const by_r = scratch.by_pairs.reserve(3 * static_cast<std::size_t>(group.n_slots()) * kernels_.lanes);
    kernels_.evaluate_group({.model = model,
                             .species = group.species,
                             .first_slot = group.first_slot.data(),
                             .vectors = vectors_of(g),
                             .workspace = scratch.workspace.reserve(kernels_.group_workspace(model, group.n_slots())),
                             .energies = energies.data(),
                             .gradients = by_r});
    for (std::size_t lane = 0; lane < group.centres.size(); ++lane) {
      HeadPrediction& result = results[group.centres[lane].structure];
      result.energy += energies[lane];
      collect(group, lane, kernels_.lanes, structures_, by_r, result);
    }
  }
  return results;
}

/// How every pair vector moves: F_i = sum of dE/dr over pairs from i less those to i, dE/d strain = sum of dE/dr (x) r.
template <class Real>
void StructureBatch<Real>::fill_directions(std::size_t group_number, const std::vector<HeadPrediction>& by,
                                           Real* to) const {
  const CentreGroup& group = groups_[group_number];
  const int lanes = kernels_.lanes;
  std::fill_n(to, 3 * static_cast<std::size_t>(group.n_slots()) * lanes, Real{0});
  for (std::size_t lane = 0; lane < group.centres.size(); ++lane) {
    const auto& [structure, atom] = group.centres[lane];
    const Neighbours& pairs = structures_[structure]->neighbours;
    for (int s = 0; s < n_species_; ++s) {
      Real* w = to + 3 * group.first_slot[s] * lanes + lane;
      for (const std::int64_t e : group.pairs[lane][s]) {
        const Eigen::RowVector3d direction = by[structure].forces.row(atom) - by[structure].forces.row(pairs.atom[e]) +
                                             pairs.vectors.row(e) * by[structure].strain.transpose();
        for (int a = 0; a < 3; ++a, w += lanes) *w = static_cast<Real>(direction[a]);
      }
    }
  }
}

template <class Real>
void StructureBatch<Real>::run_group(const KernelModel<Real>& model, std::size_t g,
                                     const std::vector<HeadPrediction>& by, Real* panels, std::int64_t n_columns,
                                     Real* sums) const {
  const CentreGroup& group = groups_[g];
  const int lanes = kernels_.lanes;
  Scratch<Real>& scratch = scratch_of_thread<Real>();
  Real* const directions = scratch.by_pairs.reserve(3 * static_cast<std::size_t>(group.n_slots()) * lanes);
  fill_directions(g, by, directions);
  Real* const weights = scratch.weights.reserve(lanes);
  std::fill_n(weights, lanes, Real{0});
  for (std::size_t lane = 0; lane < group.centres.size(); ++lane)
    weights[lane] = static_cast<Real>(by[group.centres[lane].structure].energy);
  kernels_.evaluate_gradient(
      {.model = model,
       .species = group.species,
       .first_slot = group.first_slot.data(),
       .vectors = vectors_of(g),
       .directions = directions,
       .energy_weights = weights,
       .workspace = scratch.workspace.reserve(kernels_.gradient_workspace(model, group.n_slots())),
       .panels = panels,
       .n_columns = n_columns,
       .sums = sums});
}

template <class Real>
at::Tensor StructureBatch<Real>::parameter_gradients(const Model& of, const KernelModel<Real>& model,
                                                     const std::vector<HeadPrediction>& by) const {
  const int lanes = kernels_.lanes;
  Scratch<Real>& scratch = scratch_of_thread<Real>();
  PanelGradients<Real> derivatives(of, model.sizes, kernels_);
  const std::int64_t n_rows = PanelRows(model.sizes).count, n_sums = sums_size(model.sizes);
  Real* const sums = scratch.sums.reserve(n_sums * lanes);
  std::fill_n(sums, n_sums * lanes, Real{0});
  for (std::size_t begin = 0; begin < groups_.size();) {
    const int z = groups_[begin].species;
    std::size_t end = begin;
    while (end < groups_.size() && groups_[end].species == z) ++end;
    const std::int64_t n_columns = static_cast<std::int64_t>(end - begin) * lanes;
    Real* const panels = scratch.panels.reserve(n_rows * 2 * n_columns);
    for (std::size_t g = begin; g < end; ++g)
      run_group(model, g, by, panels + static_cast<std::int64_t>(g - begin) * lanes, n_columns, sums);
    derivatives.add_panels(z, panels, static_cast<int>(n_columns));
    begin = end;
  }
  std::vector<Real> over_lanes(n_sums);
  for (std::int64_t i = 0; i < n_sums; ++i)
    over_lanes[i] = std::accumulate(sums + i * lanes, sums + (i + 1) * lanes, Real(0));
  derivatives.add_sums(over_lanes.data());
  return derivatives.gradient();
}

template class StructureBatch<float>;
template class StructureBatch<double>;

}  // namespace zeropoint::mlp
