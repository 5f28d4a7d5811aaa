#pragma once

#include <ATen/core/Tensor.h>

#include <Eigen/Core>
#include <cstdint>
#include <memory>
#include <vector>

#include "mlp/loss.hpp"
#include "mlp/model.hpp"
#include "mlp/prediction.hpp"

namespace zeropoint::mlp {

using FeatureRows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Derivatives with respect to the last layers of all species: energies, forces and stresses are linear in these
/// weights. Columns are species after species, n_features each.
class LastLayerFeatures {
 public:
  /// `network` in double precision and `map` must outlive the object; `moments` are those of the map.
  LastLayerFeatures(const ActiveNetwork& network, const std::shared_ptr<const MomentMap>& map, const Moments& moments);

  /// phi_E of each structure, [n_structures, n_columns] eV.
  FeatureRows energies() const;
  /// phi_F.d of each structure for `directions` d of its atoms and strains, the same shape.
  FeatureRows along(const Forces& directions) const;

 private:
  FeatureRows summed(const std::vector<at::Tensor>& of_species) const;

  std::shared_ptr<const MomentMap> map_;
  Eigen::Index per_species_;
  at::Tensor radial_, angular_;
  std::vector<int> species_;
  std::vector<at::Tensor> features_, weights_, gradients_;
};

/// Of one structure: phi_E, then phi_F along random directions of all atoms, in the units in which
/// Member::covariance is the sum of their products; [1 + n_directions, n_columns].
///
/// The directions are functions of `seed` and the number of the structure. On all threads; the bits do not depend on
/// their number. `loss` has its scales.
std::vector<FeatureRows> feature_rows(const Model& model, std::size_t member,
                                      const std::vector<std::shared_ptr<const Geometry>>& structures,
                                      const LossOptions& loss, int n_directions, std::uint64_t seed);

/// C of a member, made solvable: C + strength diag C. @throws InputError when the model holds none.
Eigen::MatrixXd regular_covariance(const Model& model, std::size_t member, double strength = 1e-6);

/// `n` networks that differ from a member in their last layers, w + dw with dw drawn from a normal distribution of
/// covariance C^-1: what the training data leave open. Their spread, times a factor that calibration finds, is the
/// error of a prediction. @throws InputError when the model holds no covariance.
Model with_sampled_heads(const Model& model, std::size_t member, int n, std::uint64_t seed, double strength = 1e-6);

}  // namespace zeropoint::mlp
