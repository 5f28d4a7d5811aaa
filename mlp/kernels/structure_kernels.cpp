#include "mlp/kernels/structure_kernels.hpp"

#include <algorithm>
#include <cmath>

#include "mlp/kernels/aligned.hpp"

namespace zeropoint::mlp {
namespace {

/// An atom with the place of its structure in the list.
struct CentreOf {
  std::size_t structure;
  int atom;
};

/// Centres of one species side by side.
template <class Real>
class CentreGroups {
 public:
  CentreGroups(const KernelModel<Real>& model, const BlockKernels<Real>& kernels,
               const std::vector<const Geometry*>& structures)
      : model_(model),
        kernels_(kernels),
        structures_(structures),
        energies_(static_cast<std::size_t>(kernels.lanes * model.n_heads())) {
    for (const Geometry* structure : structures) {
      results_.emplace_back(
          static_cast<std::size_t>(model.n_heads()),
          HeadPrediction{.forces = Vectors::Zero(structure->n_atoms(), 3), .strain = Eigen::Matrix3d::Zero()});
    }
  }

  std::vector<std::vector<HeadPrediction>> run() {
    for (int z = 0; z < model_.sizes.n_species; ++z) {
      std::vector<CentreOf> centres;
      for (std::size_t s = 0; s < structures_.size(); ++s) {
        for (int i = 0; i < structures_[s]->n_atoms(); ++i) {
          if (structures_[s]->species[i] == z) centres.push_back({s, i});
        }
      }
      for (std::size_t begin = 0; begin < centres.size(); begin += kernels_.lanes) {
        const std::size_t end = std::min(begin + kernels_.lanes, centres.size());
        evaluate(z, {centres.begin() + begin, centres.begin() + end});
      }
    }
    return std::move(results_);
  }

 private:
  void evaluate(int z, const std::vector<CentreOf>& centres) {
    sort_pairs(centres);
    const std::size_t n_numbers = 3 * static_cast<std::size_t>(first_slot_.back()) * kernels_.lanes;
    Real* const vectors = vectors_.reserve(n_numbers);
    Real* const gradients = gradients_.reserve(n_numbers * model_.n_heads());
    fill(centres, vectors);
    Real* const workspace = workspace_.reserve(kernels_.group_workspace(model_, first_slot_.back()));
    kernels_.evaluate_group({.model = model_,
                             .species = z,
                             .first_slot = first_slot_.data(),
                             .vectors = vectors,
                             .workspace = workspace,
                             .energies = energies_.data(),
                             .gradients = gradients});
    for (std::size_t lane = 0; lane < centres.size(); ++lane) collect(centres[lane], lane, gradients);
  }

  /// Which pair of each lane stands in each slot, and how many slots each species needs.
  void sort_pairs(const std::vector<CentreOf>& centres) {
    const int n_species = model_.sizes.n_species;
    std::vector<int> most(n_species, 0);
    of_lane_.assign(centres.size(), std::vector<std::vector<std::int64_t>>(n_species));
    for (std::size_t lane = 0; lane < centres.size(); ++lane) {
      const Geometry& structure = *structures_[centres[lane].structure];
      const Neighbours& pairs = structure.neighbours;
      for (std::int64_t e = pairs.first[centres[lane].atom]; e < pairs.first[centres[lane].atom + 1]; ++e) {
        of_lane_[lane][structure.species[pairs.atom[e]]].push_back(e);
      }
      for (int s = 0; s < n_species; ++s) most[s] = std::max(most[s], static_cast<int>(of_lane_[lane][s].size()));
    }
    first_slot_.assign(1, 0);
    for (int s = 0; s < n_species; ++s) first_slot_.push_back(first_slot_.back() + most[s]);
  }

  void fill(const std::vector<CentreOf>& centres, Real* vectors) const {
    const int lanes = kernels_.lanes;
    // What no lane needs lies beyond the cutoff: exact zeros.
    const Real beyond = static_cast<Real>(2 * model_.sizes.radial_cutoff);
    for (int slot = 0; slot < first_slot_.back(); ++slot) {
      std::fill_n(vectors + 3 * slot * lanes, lanes, beyond);
      std::fill_n(vectors + (3 * slot + 1) * lanes, 2 * lanes, Real{0});
    }
    for (std::size_t lane = 0; lane < centres.size(); ++lane) {
      const Vectors& from = structures_[centres[lane].structure]->neighbours.vectors;
      for (int s = 0; s < model_.sizes.n_species; ++s) {
        int slot = first_slot_[s];
        for (const std::int64_t e : of_lane_[lane][s]) {
          for (int a = 0; a < 3; ++a) vectors[(3 * slot + a) * lanes + lane] = static_cast<Real>(from(e, a));
          ++slot;
        }
      }
    }
  }

  void collect(const CentreOf& centre, std::size_t lane, const Real* gradients) {
    const Neighbours& pairs = structures_[centre.structure]->neighbours;
    const int lanes = kernels_.lanes;
    for (int head = 0; head < model_.n_heads(); ++head) {
      HeadPrediction& result = results_[centre.structure][head];
      result.energy += energies_[head * lanes + lane];
      const Real* const of_head = gradients + 3 * static_cast<std::int64_t>(head) * first_slot_.back() * lanes + lane;
      Eigen::RowVector3d own = Eigen::RowVector3d::Zero();
      for (int s = 0; s < model_.sizes.n_species; ++s) {
        int slot = first_slot_[s];
        for (const std::int64_t e : of_lane_[lane][s]) {
          Eigen::RowVector3d f;
          for (int a = 0; a < 3; ++a) f[a] = static_cast<double>(of_head[(3 * slot + a) * lanes]);
          ++slot;
          own += f;
          result.forces.row(pairs.atom[e]) -= f;
          result.strain += f.transpose() * pairs.vectors.row(e);
        }
      }
      result.forces.row(centre.atom) += own;
    }
  }

  const KernelModel<Real>& model_;
  const BlockKernels<Real>& kernels_;
  const std::vector<const Geometry*>& structures_;
  std::vector<std::vector<HeadPrediction>> results_;
  std::vector<double> energies_;
  std::vector<int> first_slot_;
  std::vector<std::vector<std::vector<std::int64_t>>> of_lane_;  // [lane][species] pairs, by distance
  AlignedNumbers<Real> vectors_, gradients_, workspace_;
};

}  // namespace

template <class Real>
std::vector<std::vector<HeadPrediction>> evaluate_structures(const KernelModel<Real>& model,
                                                             const BlockKernels<Real>& kernels,
                                                             const std::vector<const Geometry*>& structures) {
  return CentreGroups<Real>(model, kernels, structures).run();
}

template std::vector<std::vector<HeadPrediction>> evaluate_structures<float>(const KernelModel<float>&,
                                                                             const BlockKernels<float>&,
                                                                             const std::vector<const Geometry*>&);
template std::vector<std::vector<HeadPrediction>> evaluate_structures<double>(const KernelModel<double>&,
                                                                              const BlockKernels<double>&,
                                                                              const std::vector<const Geometry*>&);

}  // namespace zeropoint::mlp
