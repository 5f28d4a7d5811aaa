#include "mlp/prediction.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/parallel.hpp"

namespace zeropoint::mlp {
namespace {

using torch::autograd::variable_list;

at::Tensor structure_numbers(const AtomBatch& batch) {
  return at::from_blob(const_cast<std::int64_t*>(batch.structure.data()), {batch.n_atoms()}, at::kLong);
}

/// Edges are the processor's: moments go to where the network is, and what is made of them comes back.
Moments moved(const Moments& moments, at::Device device) {
  return {moments.radial.to(device), moments.angular.to(device)};
}

/// Rows of the atoms of a species.
Moments part_of(const AtomBatch& batch, int species, const Moments& moments) {
  const std::int64_t begin = batch.species_begin[at_place(species)], n = batch.n_atoms_of(species);
  return {moments.radial.narrow(0, begin, n), moments.angular.narrow(0, begin, n)};
}

}  // namespace

BatchPass::BatchPass(const ActiveNetwork& network, const std::shared_ptr<const MomentMap>& map, const Moments& moments)
    : network_(network), map_(map), of_species_(at_place(map->batch().n_species())) {
  const AtomBatch& batch = map->batch();
  const Moments here = moved(moments, network.device()),
                gradients{at::empty_like(here.radial), at::empty_like(here.angular)};
  at::Tensor energies = at::empty({batch.n_atoms()}, moments.radial.scalar_type());
  for (int z = 0; z < batch.n_species(); ++z) {
    if (batch.n_atoms_of(z) == 0) continue;
    of_species_[at_place(z)].emplace(network, z, part_of(batch, z, here), part_of(batch, z, gradients));
    energies.narrow(0, batch.species_begin[at_place(z)], batch.n_atoms_of(z))
        .copy_(of_species_[at_place(z)]->energies());
  }
  prediction_ = {
      at::zeros({batch.n_structures()}, at::kDouble).index_add_(0, structure_numbers(batch), energies.to(at::kDouble)),
      force_map(map, moved(gradients, at::kCPU))};
}

std::vector<at::Tensor> BatchPass::parameter_gradients(const at::Tensor& by_energies, const Forces& by_forces) const {
  const AtomBatch& batch = map_->batch();
  const Moments tangents = moved(moments_tangent(*map_, by_forces), network_.device());
  const at::Tensor weights = by_energies.index_select(0, structure_numbers(batch)).to(tangents.radial.options());
  std::vector<at::Tensor> result(network_.parameters.size());
  for (int z = 0; z < batch.n_species(); ++z) {
    if (!of_species_[at_place(z)]) continue;
    const std::vector<at::Tensor> part = of_species_[at_place(z)]->parameter_gradients(
        weights.narrow(0, batch.species_begin[at_place(z)], batch.n_atoms_of(z)), part_of(batch, z, tangents));
    for (std::size_t k = 0; k < part.size(); ++k) {
      if (part[k].defined()) result[k] = result[k].defined() ? result[k] + part[k] : part[k];
    }
  }
  return result;
}

BatchPrediction predict(const ActiveNetwork& network, const std::shared_ptr<const MomentMap>& map,
                        const Moments& moments) {
  return BatchPass(network, map, moments).prediction();
}

BatchPrediction predict_by_autograd(const ActiveNetwork& network, const std::shared_ptr<const MomentMap>& map,
                                    const Moments& moments, bool for_training) {
  const AtomBatch& batch = map->batch();
  const Moments here = moved(moments, network.device());
  const at::Tensor radial = here.radial.detach().requires_grad_(), angular = here.angular.detach().requires_grad_();
  std::vector<at::Tensor> of_species;
  for (int z = 0; z < batch.n_species(); ++z) {
    if (batch.n_atoms_of(z) == 0) continue;
    const at::Tensor invariants =
        network.network->invariants(network.parameters, z, part_of(batch, z, {radial, angular}));
    const at::Tensor features = network.network->features(network.parameters, z, invariants, network.shift[at_place(z)],
                                                          network.scale[at_place(z)]);
    of_species.push_back(network.network->energies(network.parameters, z, features));
  }
  const at::Tensor energies = at::cat(of_species) * network.energy_scale;
  const variable_list gradients = torch::autograd::grad(variable_list{energies.sum()}, variable_list{radial, angular},
                                                        {}, for_training, for_training);
  const Forces forces = force_map(map, moved({gradients[0], gradients[1]}, at::kCPU));
  const at::Tensor sums =
      at::zeros({batch.n_structures()}, at::kDouble)
          .index_add(0, structure_numbers(batch), energies.to(at::TensorOptions(at::kCPU).dtype(at::kDouble)));
  return {for_training ? sums : sums.detach(), forces};
}

/// A model as tensors of one type.
class Predictor::Tensors {
 public:
  Tensors(const Model& model, at::ScalarType type)
      : descriptor_(model.descriptor),
        type_(type),
        n_species_(model.n_species()),
        scaling_(converted(model.scaling, type)),
        network_(model.node_network()) {
    for (const Member& member : model.members)
      members_.push_back(active_network(network_, member, model.energy_scale, type));
  }
  Tensors(const Tensors&) = delete;  // members_ point into the object
  Tensors& operator=(const Tensors&) = delete;

  /// As NetworkKernels::evaluate().
  std::vector<std::vector<HeadPrediction>> evaluate(const std::vector<const Geometry*>& structures) const {
    const auto batch = std::make_shared<const AtomBatch>(structures, n_species_, descriptor_.angular_cutoff);
    const auto map = std::make_shared<const MomentMap>(batch, descriptor_, scaling_, type_);
    const Moments moments = map->moments();
    std::vector<std::vector<HeadPrediction>> results(structures.size());
    for (const ActiveNetwork& member : members_) {
      const BatchPrediction one = predict(member, map, moments);
      std::int64_t first = 0;
      for (std::size_t s = 0; s < structures.size(); ++s) {
        const std::int64_t n_atoms = structures[s]->n_atoms();
        HeadPrediction& result = results[s].emplace_back();
        result.energy = one.energies.const_data_ptr<double>()[s];
        result.forces.resize(n_atoms, 3);
        for (std::int64_t i = 0; i < n_atoms; ++i) {
          const double* const f = one.forces.forces.const_data_ptr<double>() + 3 * batch->place[first + i];
          result.forces.row(i) << f[0], f[1], f[2];
        }
        result.strain = Eigen::Map<const Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(
            one.forces.strains.const_data_ptr<double>() + 9 * s);
        first += n_atoms;
      }
    }
    return results;
  }

 private:
  DescriptorOptions descriptor_;
  at::ScalarType type_;
  int n_species_;
  MomentScaling scaling_;
  NodeNetwork network_;
  std::vector<ActiveNetwork> members_;
};

Predictor::Predictor(const Model& model, at::ScalarType type, Path path)
    : species_(model.species),
      descriptor_(model.descriptor),
      reference_energies_(model.reference_energies),
      n_members_(static_cast<int>(model.members.size())),
      kernels_(model, type) {
  if (path == Path::tensors) tensors_ = std::make_unique<Tensors>(model, type);
}

Predictor::~Predictor() = default;

Geometry Predictor::geometry(const Eigen::Matrix3d& cell, const Eigen::Ref<const Vectors>& positions,
                             const std::vector<std::string>& species) const {
  Geometry made{species_numbers(species, species_), std::abs(cell.determinant()),
                find_neighbours(cell, positions, descriptor_.radial_cutoff)};
  refuse_holes(made, species);
  return made;
}

void Predictor::refuse_holes(const Geometry& geometry, const std::vector<std::string>& species) const {
  const Neighbours& neighbours = geometry.neighbours;
  for (std::size_t i = 0; i < geometry.species.size(); ++i) {
    const std::int64_t first = neighbours.first[i];
    if (first == neighbours.first[i + 1] || neighbours.vectors.row(first).norm() >= descriptor_.angular_cutoff) {
      throw ConfigurationError{
          "atom {} ({}) has no neighbour within {} angstrom: the potential knows nothing about holes", i + 1,
          species[i], descriptor_.angular_cutoff};
    }
  }
}

/// Mean and deviations of what the networks say about a structure.
Prediction Predictor::mean_of(const std::vector<HeadPrediction>& all, const Geometry& structure) const {
  const double n = static_cast<double>(all.size()), freedom = std::max(1.0, n - 1);
  const Eigen::Index n_atoms = structure.n_atoms();
  const auto stress_of = [&](const HeadPrediction& one) {
    return Eigen::Matrix3d((one.strain + one.strain.transpose()) / (2 * structure.volume));
  };
  Prediction result;
  result.forces.setZero(n_atoms, 3);
  result.stress.setZero();
  for (const HeadPrediction& one : all) {
    result.energy += one.energy / n;
    result.forces += one.forces / n;
    result.stress += stress_of(one) / n;
  }
  double spread = 0;
  Eigen::VectorXd squares = Eigen::VectorXd::Zero(n_atoms);
  Eigen::Matrix3d stress_squares = Eigen::Matrix3d::Zero();
  for (const HeadPrediction& one : all) {
    spread += std::pow(one.energy - result.energy, 2) / freedom;
    squares += (one.forces - result.forces).rowwise().squaredNorm() / freedom;
    stress_squares += (stress_of(one) - result.stress).cwiseAbs2() / freedom;
  }
  result.energy_deviation = std::sqrt(spread) / static_cast<double>(n_atoms);
  result.force_deviations = squares.cwiseSqrt();
  result.stress_deviation = stress_squares.cwiseSqrt();
  for (const int z : structure.species) result.energy += reference_energies_[z];
  return result;
}

void Predictor::predict_piece(const std::vector<const Geometry*>& structures, Prediction* results) const {
  const auto all = tensors_ ? tensors_->evaluate(structures) : kernels_.evaluate(structures);
  for (std::size_t s = 0; s < structures.size(); ++s) results[s] = mean_of(all[s], *structures[s]);
}

std::vector<Prediction> Predictor::operator()(const std::vector<const Geometry*>& structures) const {
  constexpr std::int64_t atoms_at_once = 256;
  std::vector<std::size_t> begins{0};
  std::int64_t n_atoms = 0;
  for (std::size_t s = 0; s < structures.size(); ++s) {
    if (n_atoms > 0 && n_atoms + structures[s]->n_atoms() > atoms_at_once) {
      begins.push_back(s);
      n_atoms = 0;
    }
    n_atoms += structures[s]->n_atoms();
  }
  std::vector<Prediction> results(structures.size());
  if (structures.empty()) return results;
  begins.push_back(structures.size());
  parallel_for(static_cast<std::int64_t>(begins.size()) - 1, [&](std::int64_t piece) {
    const std::size_t begin = begins[at_place(piece)], end = begins[at_place(piece) + 1];
    predict_piece({structures.begin() + static_cast<std::ptrdiff_t>(begin),
                   structures.begin() + static_cast<std::ptrdiff_t>(end)},
                  results.data() + begin);
  });
  return results;
}

void predict_each(const Predictor& predict, std::size_t n,
                  const std::function<std::shared_ptr<const Geometry>(std::size_t)>& geometry,
                  const std::function<void(std::size_t, const Prediction&)>& take,
                  const std::function<void(std::size_t)>& observe) {
  constexpr std::size_t at_once = 64;
  for (std::size_t begin = 0; begin < n; begin += at_once) {
    const std::size_t count = std::min(at_once, n - begin);
    std::vector<std::shared_ptr<const Geometry>> kept(count);
    parallel_for(static_cast<std::int64_t>(count), [&](std::int64_t k) { kept[k] = geometry(begin + k); });
    std::vector<const Geometry*> geometries;
    for (const auto& one : kept) geometries.push_back(one.get());
    const std::vector<Prediction> predictions = predict(geometries);
    for (std::size_t k = 0; k < count; ++k) take(begin + k, predictions[k]);
    if (observe) observe(begin + count);
  }
}

}  // namespace zeropoint::mlp
