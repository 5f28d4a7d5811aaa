#include "mlp/last_layer_features.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <random>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/tensor_eigen.hpp"

namespace zeropoint::mlp {

using torch::autograd::variable_list;

LastLayerFeatures::LastLayerFeatures(const ActiveNetwork& network, const std::shared_ptr<const MomentMap>& map,
                                     const Moments& moments)
    : map_(map), per_species_(network.network->n_features()) {
  const AtomBatch& atoms = map->batch();
  radial_ = moments.radial.detach().requires_grad_();
  angular_ = moments.angular.detach().requires_grad_();
  for (int z = 0; z < atoms.n_species(); ++z) {
    const std::int64_t begin = atoms.species_begin[at_place(z)], n = atoms.species_begin[at_place(z) + 1] - begin;
    if (n == 0) continue;
    const at::Tensor invariants =
        network.network->invariants(network.parameters, z, {radial_.narrow(0, begin, n), angular_.narrow(0, begin, n)});
    features_.push_back(network.energy_scale * network.network->features(network.parameters, z, invariants,
                                                                         network.shift[at_place(z)],
                                                                         network.scale[at_place(z)]));
    weights_.push_back(at::zeros_like(features_.back()).requires_grad_());
    species_.push_back(z);
  }
  // d(features . weights)/d moments is linear in the weights: its derivative along a tangent, with respect to the
  // weights, is the derivative of the features along it.
  gradients_ = torch::autograd::grad(features_, variable_list{radial_, angular_}, weights_, true, true);
}

FeatureRows LastLayerFeatures::energies() const { return summed(features_); }

FeatureRows LastLayerFeatures::along(const Forces& directions) const {
  const Moments tangent = moments_tangent(*map_, directions);
  const at::Tensor slope = (gradients_[0] * tangent.radial).sum() + (gradients_[1] * tangent.angular).sum();
  return summed(torch::autograd::grad(variable_list{slope}, weights_, {}, true, false));
}

/// Sums over the atoms of each structure, a block of columns for each species.
FeatureRows LastLayerFeatures::summed(const std::vector<at::Tensor>& of_species) const {
  const AtomBatch& atoms = map_->batch();
  FeatureRows rows =
      FeatureRows::Zero(atoms.n_structures(), static_cast<Eigen::Index>(atoms.n_species()) * per_species_);
  for (std::size_t k = 0; k < species_.size(); ++k) {
    const at::Tensor values = of_species[k].detach().contiguous();
    const double* row = values.const_data_ptr<double>();
    for (std::int64_t i = atoms.species_begin[at_place(species_[k])];
         i < atoms.species_begin[at_place(species_[k]) + 1]; ++i) {
      rows.block(atoms.structure[at_place(i)], static_cast<Eigen::Index>(species_[k]) * per_species_, 1,
                 per_species_) += Eigen::Map<const Eigen::RowVectorXd>(row, per_species_);
      row += per_species_;
    }
  }
  return rows;
}

std::vector<FeatureRows> feature_rows(const Model& model, std::size_t member,
                                      const std::vector<std::shared_ptr<const Geometry>>& structures,
                                      const LossOptions& loss, int n_directions, std::uint64_t seed) {
  constexpr std::size_t at_once = 8;
  const NodeNetwork network = model.node_network();
  const ActiveNetwork active = active_network(network, model.members[member], model.energy_scale, at::kDouble);
  const MomentScaling scaling = converted(model.scaling, at::kDouble);
  std::vector<FeatureRows> result(structures.size());
  const std::int64_t n_pieces = static_cast<std::int64_t>((structures.size() + at_once - 1) / at_once);
  parallel_for(n_pieces, [&](std::int64_t piece) {
    const std::size_t begin = at_place(piece) * at_once, end = std::min(begin + at_once, structures.size());
    std::vector<const Geometry*> chosen;
    for (std::size_t i = begin; i < end; ++i) chosen.push_back(structures[i].get());
    const auto atoms = std::make_shared<const AtomBatch>(chosen, model.n_species(), model.descriptor.angular_cutoff);
    const auto map = std::make_shared<const MomentMap>(atoms, model.descriptor, scaling, at::kDouble);
    const LastLayerFeatures features(active, map, map->moments());
    const FeatureRows energies = features.energies();
    for (std::size_t s = 0; s < chosen.size(); ++s) {
      result[begin + s].resize(1 + n_directions, energies.cols());
      result[begin + s].row(0) = energies.row(static_cast<Eigen::Index>(s)) * std::sqrt(loss.energy) /
                                 (static_cast<double>(atoms->atoms_in[s]) * loss.energy_scale);
    }
    std::mt19937_64 generator{seed + static_cast<std::uint64_t>(piece)};
    std::normal_distribution<double> normal;
    for (int d = 0; d < n_directions; ++d) {
      at::Tensor direction = at::zeros({atoms->n_atoms(), 3}, at::kDouble);
      std::generate_n(direction.mutable_data_ptr<double>(), direction.numel(), [&] { return normal(generator); });
      const FeatureRows rows = features.along({direction, at::zeros({atoms->n_structures(), 3, 3}, at::kDouble)});
      for (std::size_t s = 0; s < chosen.size(); ++s) {
        const double weight =
            std::sqrt(loss.force / (n_directions * static_cast<double>(atoms->atoms_in[s]))) / loss.force_scale;
        result[begin + s].row(1 + d) = weight * rows.row(static_cast<Eigen::Index>(s));
      }
    }
  });
  return result;
}

Eigen::MatrixXd regular_covariance(const Model& model, std::size_t member, double strength) {
  const at::Tensor& covariance = model.members.at(member).covariance;
  if (!covariance.defined()) throw InputError{"the model holds no covariance of its last layer: train it again"};
  Eigen::MatrixXd matrix = to_matrix(covariance);
  const Eigen::VectorXd diagonal = matrix.diagonal();
  const double floor = 1e-10 * std::max(diagonal.maxCoeff(), 1e-300);
  matrix.diagonal() += strength * diagonal + Eigen::VectorXd::Constant(diagonal.size(), floor);
  return matrix;
}

Model with_sampled_heads(const Model& model, std::size_t member, int n, std::uint64_t seed, double strength) {
  const Eigen::LLT<Eigen::MatrixXd> factor(regular_covariance(model, member, strength));
  if (factor.info() != Eigen::Success) throw InputError{"the covariance of the model's last layer is not positive"};
  const NodeNetwork network = model.node_network();
  const Eigen::Index per_species = network.n_features();
  Model heads = model;
  heads.members.assign(static_cast<std::size_t>(n), model.members[member]);
  std::mt19937_64 generator{seed};
  std::normal_distribution<double> normal;
  for (Member& head : heads.members) {
    const Eigen::VectorXd z =
        Eigen::VectorXd::NullaryExpr(per_species * model.n_species(), [&](Eigen::Index) { return normal(generator); });
    Eigen::VectorXd change = factor.matrixU().solve(z);
    for (int s = 0; s < model.n_species(); ++s) {
      at::Tensor& weights = head.parameters[network.last_layer(s)];
      weights = weights + at::from_blob(change.data() + s * per_species, {per_species}, at::kDouble);
    }
  }
  return heads;
}

}  // namespace zeropoint::mlp
