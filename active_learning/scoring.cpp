#include "active_learning/scoring.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "core/parallel.hpp"
#include "core/tensor_eigen.hpp"
#include "files/dft_inputs.hpp"
#include "mlp/last_layer_features.hpp"
#include "potentials/model.hpp"

namespace zeropoint::active_learning {
namespace {

constexpr std::int64_t at_once = 256;  // as populations are labelled: fixed, so that bits are

mlp::Model one_member(const mlp::Model& model, std::size_t k) {
  mlp::Model alone = model;
  alone.members = {model.members[k]};
  return alone;
}

Evaluation evaluate_all(const Potential& potential, const Supercell& reference, const at::Tensor& displacements,
                        const std::function<void()>& idle) {
  std::vector<at::Tensor> energies, forces, stresses;
  for (std::int64_t begin = 0; begin < displacements.size(0); begin += at_once) {
    const Evaluation piece = potential.evaluate(
        reference, displacements.slice(0, begin, std::min(begin + at_once, displacements.size(0))).contiguous());
    energies.push_back(piece.energies);
    forces.push_back(piece.forces);
    if (piece.stresses.defined()) stresses.push_back(piece.stresses);
    if (idle) idle();
  }
  return {at::cat(energies), at::cat(forces), stresses.empty() ? at::Tensor{} : at::cat(stresses), {}};
}

}  // namespace

struct UncertainModel::Parts {
  std::unique_ptr<potentials::NetworkPotential> mean;
  std::vector<std::unique_ptr<potentials::NetworkPotential>> heads;
};

UncertainModel::UncertainModel(const mlp::Model& model, const UncertaintyOptions& options)
    : parts_(std::make_unique<Parts>()) {
  parts_->mean = std::make_unique<potentials::NetworkPotential>(model);
  const bool committee = model.members.size() > 1;
  const mlp::Model heads =
      committee ? model : mlp::with_sampled_heads(model, 0, options.n_heads, options.seed, options.ridge);
  for (std::size_t k = 0; k < heads.members.size(); ++k)
    parts_->heads.push_back(std::make_unique<potentials::NetworkPotential>(one_member(heads, k)));
}

UncertainModel::~UncertainModel() = default;

const Potential& UncertainModel::potential() const { return *parts_->mean; }

int UncertainModel::n_heads() const { return static_cast<int>(parts_->heads.size()); }

at::Tensor UncertainEvaluation::energy_sigma() const { return energies.square().mean(0).sqrt(); }

UncertainEvaluation UncertainModel::evaluate(const Supercell& reference, const at::Tensor& displacements,
                                             bool keep_heads, const std::function<void()>& idle) const {
  UncertainEvaluation result;
  result.mean = evaluate_all(*parts_->mean, reference, displacements, idle);
  std::vector<at::Tensor> energies, forces, stresses;
  at::Tensor squares = at::zeros({displacements.size(0), reference.n_atoms()}, at::kDouble);
  for (const auto& head : parts_->heads) {
    const Evaluation one = evaluate_all(*head, reference, displacements, idle);
    const at::Tensor difference = one.forces - result.mean.forces;
    squares += difference.square().sum(2);
    energies.push_back(one.energies - result.mean.energies);
    if (!keep_heads) continue;
    forces.push_back(difference);
    if (one.stresses.defined()) stresses.push_back(one.stresses - result.mean.stresses);
  }
  result.sigma = (squares / static_cast<double>(parts_->heads.size())).sqrt();
  result.energies = at::stack(energies);
  if (!forces.empty()) result.forces = at::stack(forces);
  if (!stresses.empty()) result.stresses = at::stack(stresses);
  return result;
}

std::vector<Score> scores_of(const UncertainEvaluation& evaluation, const Supercell& reference,
                             const at::Tensor& displacements, const Calibration& calibration) {
  const Eigen::MatrixXd sigma = to_matrix(evaluation.sigma);
  const Eigen::VectorXd energy = to_vector(evaluation.energy_sigma());
  const std::vector<std::string>& species = reference.unit_cell().species;
  const Crystal at_rest = reference.crystal();
  std::vector<Score> scores(static_cast<std::size_t>(sigma.rows()));
  parallel_for(sigma.rows(), [&](std::int64_t c) {
    Score& score = scores[static_cast<std::size_t>(c)];
    double squares = 0;
    for (Eigen::Index i = 0; i < sigma.cols(); ++i) {
      const double calibrated =
          calibration.factor(species[static_cast<std::size_t>(reference.site_of(static_cast<int>(i)))]) * sigma(c, i);
      score.largest = std::max(score.largest, calibrated);
      squares += calibrated * calibrated;
    }
    score.rms = std::sqrt(squares / static_cast<double>(sigma.cols()));
    score.energy = calibration.energy * energy[c] / static_cast<double>(sigma.cols());
    score.impossible = has_impossible_distance(displaced(at_rest, displacements, c));
  });
  return scores;
}

std::vector<Eigen::MatrixXd> whitened_rows(const mlp::Model& model, const mlp::LossOptions& loss,
                                           const Supercell& reference, const at::Tensor& displacements,
                                           const std::vector<std::int64_t>& of, int n_directions, std::uint64_t seed,
                                           double ridge) {
  const mlp::Predictor predictor(model);
  const Crystal at_rest = reference.crystal();
  std::vector<std::shared_ptr<const mlp::Geometry>> structures(of.size());
  parallel_for(static_cast<std::int64_t>(of.size()), [&](std::int64_t i) {
    const Crystal crystal = displaced(at_rest, displacements, of[static_cast<std::size_t>(i)]);
    structures[static_cast<std::size_t>(i)] =
        std::make_shared<const mlp::Geometry>(predictor.geometry(crystal.cell, crystal.positions, crystal.species));
  });
  const std::vector<mlp::FeatureRows> raw = mlp::feature_rows(model, 0, structures, loss, n_directions, seed);
  const Eigen::LLT<Eigen::MatrixXd> factor(mlp::regular_covariance(model, 0, ridge));
  std::vector<Eigen::MatrixXd> rows(raw.size());
  parallel_for(static_cast<std::int64_t>(raw.size()), [&](std::int64_t i) {
    const std::size_t k = static_cast<std::size_t>(i);
    rows[k] = factor.matrixL().solve(raw[k].transpose()).transpose();
  });
  return rows;
}

Residual residual_of(const UncertainEvaluation& evaluation, std::int64_t c, double energy, const Vectors& forces,
                     const std::vector<std::string>& species, const std::string& reason, double weight) {
  const Eigen::MatrixXd predicted = to_matrix(evaluation.mean.forces[c]);
  const Eigen::VectorXd sigma = to_vector(evaluation.sigma[c]);
  const double n = static_cast<double>(species.size());
  Residual residual{.reason = reason,
                    .weight = weight,
                    .energy = std::abs(evaluation.mean.energies[c].item<double>() - energy) / n,
                    .energy_sigma = evaluation.energy_sigma()[c].item<double>() / n,
                    .species = species,
                    .force = {},
                    .sigma = {}};
  for (Eigen::Index i = 0; i < forces.rows(); ++i) {
    residual.force.push_back((forces.row(i) - predicted.row(i)).norm());
    residual.sigma.push_back(sigma[i]);
  }
  return residual;
}

}  // namespace zeropoint::active_learning
