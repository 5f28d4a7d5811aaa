#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "mlp/force_map.hpp"
#include "mlp/kernels/network_kernels.hpp"
#include "mlp/model.hpp"
#include "mlp/node_pass.hpp"

namespace zeropoint::mlp {

/// A batch as a network sees it, float64. Energies are without reference energies.
struct BatchPrediction {
  at::Tensor energies;  ///< [n_structures] eV
  Forces forces;        ///< in the order of the batch
};

/// Energies and forces. `moments` are those of `map`.
BatchPrediction predict(const ActiveNetwork& network, const std::shared_ptr<const MomentMap>& map,
                        const Moments& moments);

/// The same by autograd, what predict() is tested against. With `for_training` they can be differentiated with respect
/// to the parameters (which must require gradients then).
BatchPrediction predict_by_autograd(const ActiveNetwork& network, const std::shared_ptr<const MomentMap>& map,
                                    const Moments& moments, bool for_training = false);

/// The atoms of a batch through a network and back.
class BatchPass {
 public:
  BatchPass(const ActiveNetwork& network, const std::shared_ptr<const MomentMap>& map, const Moments& moments);
  const BatchPrediction& prediction() const { return prediction_; }
  /// Of a loss with the given derivatives with respect to energies [n_structures], forces and strains (float64): one
  /// tensor for each parameter, not defined for those of species that are not there.
  std::vector<at::Tensor> parameter_gradients(const at::Tensor& by_energies, const Forces& by_forces) const;

 private:
  const ActiveNetwork& network_;
  std::shared_ptr<const MomentMap> map_;
  std::vector<std::optional<NodePass>> of_species_;
  BatchPrediction prediction_;
};

/// What a model says about one structure.
struct Prediction {
  double energy = 0;       ///< eV
  Vectors forces;          ///< [n_atoms, 3] eV/angstrom
  Eigen::Matrix3d stress;  ///< eV/angstrom^3, positive = tensile
  // Deviations within a committee, with K - 1; zero for one network.
  double energy_deviation = 0;       ///< eV per atom
  Eigen::VectorXd force_deviations;  ///< [n_atoms] sqrt(sum_k |F^k - mean F|^2/(K - 1)), eV/angstrom
  Eigen::Matrix3d stress_deviation;  ///< eV/angstrom^3, element by element
};

/// A model ready to be used on any structures.
class Predictor {
 public:
  /// How it is computed: by kernels with many atoms side by side, or by operations of tensors, which is what the
  /// kernels are tested against.
  enum class Path { kernels, tensors };
  /// `type`: kFloat, or kDouble for derivatives of forces. @throws InputError for a model without a network.
  explicit Predictor(const Model& model, at::ScalarType type = at::kFloat, Path path = Path::kernels);
  ~Predictor();

  const std::vector<std::string>& species() const { return species_; }
  const std::vector<double>& reference_energies() const { return reference_energies_; }  ///< [n_species] eV
  int n_members() const { return n_members_; }
  const NetworkKernels& kernels() const { return kernels_; }

  /// @throws InputError for an element that the model does not know; ConfigurationError for atoms at one place, and for
  /// an atom that has no neighbour within the angular cutoff: the model was never shown a hole.
  Geometry geometry(const Eigen::Matrix3d& cell, const Eigen::Ref<const Vectors>& positions,
                    const std::vector<std::string>& species) const;

  double radial_cutoff() const { return descriptor_.radial_cutoff; }  ///< angstrom
  /// @throws ConfigurationError for an atom that has no neighbour within the angular cutoff; `species`: the labels of
  /// the atoms.
  void refuse_holes(const Geometry& geometry, const std::vector<std::string>& species) const;

  /// Means over the committee. In pieces, on all threads; the bits do not depend on their number.
  std::vector<Prediction> operator()(const std::vector<const Geometry*>& structures) const;

 private:
  class Tensors;
  void predict_piece(const std::vector<const Geometry*>& structures, Prediction* results) const;
  Prediction mean_of(const std::vector<HeadPrediction>& all, const Geometry& structure) const;

  std::vector<std::string> species_;
  DescriptorOptions descriptor_;
  std::vector<double> reference_energies_;
  int n_members_;
  NetworkKernels kernels_;
  std::unique_ptr<Tensors> tensors_;
};

/// Calls take(i, prediction) for structures 0 <= i < n in their order. Pairs of 64 structures are in memory at a time:
/// `geometry` makes or finds those of one, on any thread. `observe` is called with the number of structures done, and
/// may throw to stop.
void predict_each(const Predictor& predict, std::size_t n,
                  const std::function<std::shared_ptr<const Geometry>(std::size_t)>& geometry,
                  const std::function<void(std::size_t, const Prediction&)>& take,
                  const std::function<void(std::size_t)>& observe = {});

}  // namespace zeropoint::mlp
