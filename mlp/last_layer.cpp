#include "mlp/last_layer.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <optional>
#include <random>

#include "core/parallel.hpp"
#include "mlp/last_layer_features.hpp"
#include "mlp/prediction.hpp"

namespace zeropoint::mlp {
namespace {

using Rows = FeatureRows;

/// Sums of one fold.
struct Normal {
  Eigen::MatrixXd matrix;  // C
  Eigen::VectorXd vector;  // b
  double squares = 0;      // of the residuals

  explicit Normal(Eigen::Index n) : matrix(Eigen::MatrixXd::Zero(n, n)), vector(Eigen::VectorXd::Zero(n)) {}
  void add(const Normal& other, double sign = 1) {
    matrix += sign * other.matrix;
    vector += sign * other.vector;
    squares += sign * other.squares;
  }
  double squared_error(const Eigen::VectorXd& change) const {
    return squares - 2 * change.dot(vector) + change.dot(matrix * change);
  }
  Eigen::VectorXd solve(double strength) const {
    Eigen::MatrixXd regular = matrix;
    const double floor = 1e-12 * std::max(matrix.diagonal().maxCoeff(), 1e-300);
    regular.diagonal() += strength * matrix.diagonal() + Eigen::VectorXd::Constant(vector.size(), floor);
    return regular.ldlt().solve(vector);
  }
};

/// Adds weighted rows and residuals of a batch to the folds of its structures.
class RowSum {
 public:
  RowSum(std::vector<Normal>& folds, std::vector<std::size_t> fold_of, Eigen::Index n_columns)
      : folds_(folds),
        fold_of_(std::move(fold_of)),
        rows_(folds.size()),
        residuals_(folds.size()),
        n_columns_(n_columns) {}

  void add(std::size_t structure, const Eigen::Ref<const Eigen::RowVectorXd>& row, double residual, double weight) {
    const std::size_t fold = fold_of_[structure];
    rows_[fold].push_back(weight * row);
    residuals_[fold].push_back(weight * residual);
  }

  void finish() {
    for (std::size_t f = 0; f < folds_.size(); ++f) {
      const Eigen::Index n = static_cast<Eigen::Index>(rows_[f].size());
      if (n == 0) continue;
      Rows all(n, n_columns_);
      for (Eigen::Index i = 0; i < n; ++i) all.row(i) = rows_[f][at_place(i)];
      const Eigen::Map<const Eigen::VectorXd> residuals(residuals_[f].data(), n);
      folds_[f].matrix.selfadjointView<Eigen::Lower>().rankUpdate(all.transpose());
      folds_[f].vector += all.transpose() * residuals;
      folds_[f].squares += residuals.squaredNorm();
    }
  }

 private:
  std::vector<Normal>& folds_;
  std::vector<std::size_t> fold_of_;
  std::vector<std::vector<Eigen::RowVectorXd>> rows_;
  std::vector<std::vector<double>> residuals_;
  Eigen::Index n_columns_;
};

void add_batch(const ActiveNetwork& network, const LabelledBatch& batch, const LossOptions& loss, int n_directions,
               std::uint64_t seed, RowSum& sum) {
  const AtomBatch& atoms = batch.map->batch();
  const BatchPrediction now = predict(network, batch.map, batch.moments);
  const at::Tensor energy = (batch.energies - now.energies).contiguous(),
                   force = (batch.forces - now.forces.forces).contiguous();
  const at::Tensor strain = (batch.stresses * batch.volumes - now.forces.strains).contiguous();
  const LastLayerFeatures features(network, batch.map, batch.moments);
  const std::size_t n_structures = at_place(atoms.n_structures());

  const Rows energies = features.energies();
  for (std::size_t s = 0; s < n_structures; ++s) {
    const double weight = std::sqrt(loss.energy) / (static_cast<double>(atoms.atoms_in[s]) * loss.energy_scale);
    sum.add(s, energies.row(static_cast<Eigen::Index>(s)), energy.const_data_ptr<double>()[s], weight);
  }
  std::mt19937_64 generator{seed};
  std::normal_distribution<double> normal;
  const at::Tensor none = at::zeros({atoms.n_structures(), 3, 3}, at::kDouble),
                   nobody = at::zeros({atoms.n_atoms(), 3}, at::kDouble);
  for (int d = 0; d < n_directions && loss.force > 0; ++d) {
    at::Tensor direction = at::zeros_like(nobody);
    double* const numbers = direction.mutable_data_ptr<double>();
    std::vector<double> residuals(n_structures, 0.0);
    for (std::int64_t i = 0; i < 3 * atoms.n_atoms(); ++i) {
      numbers[i] = normal(generator);
      residuals[at_place(atoms.structure[at_place(i / 3)])] += numbers[i] * force.const_data_ptr<double>()[i];
    }
    const Rows rows = features.along({direction, none});
    for (std::size_t s = 0; s < n_structures; ++s) {
      const double weight =
          std::sqrt(loss.force / (n_directions * static_cast<double>(atoms.atoms_in[s]))) / loss.force_scale;
      sum.add(s, rows.row(static_cast<Eigen::Index>(s)), residuals[s], weight);
    }
  }
  for (int k = 0; k < 6 && loss.stress > 0 && batch.n_stresses > 0; ++k) {
    constexpr std::array<std::array<int, 2>, 6> places{{{0, 0}, {1, 1}, {2, 2}, {1, 2}, {0, 2}, {0, 1}}};
    const auto [a, b] = places[at_place(k)];
    at::Tensor direction = none.clone();
    direction.select(1, a).select(1, b).fill_(1);
    const Rows rows = features.along({nobody, direction});
    for (std::size_t s = 0; s < n_structures; ++s) {
      if (batch.has_stress.const_data_ptr<double>()[s] == 0) continue;
      const double weight = std::sqrt(loss.stress * (a == b ? 1 : 2) / 9) / (atoms.volumes[s] * loss.stress_scale);
      sum.add(s, rows.row(static_cast<Eigen::Index>(s)), strain.const_data_ptr<double>()[9 * s + at_place(3 * a + b)],
              weight);
    }
  }
}

/// The strength with the smallest error on folds that were left out.
LastLayerReport choose_strength(const std::vector<Normal>& folds, const Normal& all) {
  std::vector<double> strengths;
  for (double strength = 1e-10; strength < 20; strength *= 10) strengths.push_back(strength);
  std::vector<double> errors(strengths.size());
  parallel_for(static_cast<std::int64_t>(strengths.size()), [&](std::int64_t k) {
    for (const Normal& fold : folds) {
      Normal others = all;
      others.add(fold, -1);
      errors[at_place(k)] += fold.squared_error(others.solve(strengths[at_place(k)]));
    }
  });
  LastLayerReport report{.before = all.squares, .after = all.squares};
  for (std::size_t k = 0; k < strengths.size(); ++k) {
    if (std::isfinite(errors[k]) && errors[k] < report.after) report = {all.squares, errors[k], strengths[k], true};
  }
  return report;
}

}  // namespace

LastLayerReport solve_last_layer(Model& model, std::size_t member, const TrainingData& data,
                                 const std::vector<std::size_t>& of, const LossOptions& loss,
                                 const LastLayerOptions& options) {
  constexpr std::size_t at_once = 8;
  const NodeNetwork network = model.node_network();
  const ActiveNetwork active = active_network(network, model.members[member], model.energy_scale, at::kDouble);
  const Eigen::Index per_species = network.n_features(), n = per_species * model.n_species();
  const double rows_each = options.rows_per_weight * static_cast<double>(n) / static_cast<double>(of.size());
  const int n_directions = static_cast<int>(std::clamp(std::ceil(rows_each), 4.0, 200.0));
  const std::size_t n_folds = at_place(options.folds);

  const std::int64_t n_pieces = static_cast<std::int64_t>((of.size() + at_once - 1) / at_once);
  const std::int64_t n_sums = std::min<std::int64_t>(4, n_pieces);  // fixed: the bits do not depend on the threads
  std::vector<std::vector<Normal>> sums(at_place(n_sums), std::vector<Normal>(n_folds, Normal(n)));
  parallel_for(n_sums, [&](std::int64_t which) {
    for (std::int64_t piece = which; piece < n_pieces; piece += n_sums) {
      const std::size_t begin = at_place(piece) * at_once, end = std::min(begin + at_once, of.size());
      const std::vector<std::size_t> chosen{of.begin() + static_cast<std::ptrdiff_t>(begin),
                                            of.begin() + static_cast<std::ptrdiff_t>(end)};
      std::vector<std::size_t> fold_of;
      for (const std::size_t i : chosen) fold_of.push_back(at_place(data.groups().of[i]) % n_folds);
      RowSum sum(sums[at_place(which)], fold_of, n);
      const LabelledBatch batch = make_batch(data, chosen, model, model.scaling, at::kDouble);
      add_batch(active, batch, loss, n_directions,
                model.members[member].seed * 7919 + static_cast<std::uint64_t>(piece), sum);
      sum.finish();
    }
  });
  std::vector<Normal> folds(n_folds, Normal(n));
  Normal all(n);
  for (std::size_t f = 0; f < n_folds; ++f) {
    for (const auto& sum : sums) folds[f].add(sum[f]);
    folds[f].matrix = folds[f].matrix.selfadjointView<Eigen::Lower>().toDenseMatrix();
    all.add(folds[f]);
  }
  model.members[member].covariance = at::from_blob(all.matrix.data(), {n, n}, at::kDouble).clone();  // symmetric
  const LastLayerReport report =
      options.change ? choose_strength(folds, all) : LastLayerReport{.before = all.squares, .after = all.squares};
  if (!report.changed) return report;
  Eigen::VectorXd change = all.solve(report.strength);
  for (int z = 0; z < model.n_species(); ++z) {
    at::Tensor& weights = model.members[member].parameters[network.last_layer(z)];
    weights = weights + at::from_blob(change.data() + z * per_species, {per_species}, at::kDouble);
  }
  return report;
}

}  // namespace zeropoint::mlp
