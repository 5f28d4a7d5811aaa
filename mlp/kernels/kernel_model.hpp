#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "mlp/descriptor.hpp"

namespace zeropoint::mlp {

struct Model;

/// Sizes of a model as the kernels see it.
struct KernelSizes {
  int n_species, n_functions;  ///< S; K functions t_k = f_c T_k of r
  int angular_order;           ///< L
  int radial_channels, channels, n_invariants, hidden;
  int four_body, attention_layers, attention_heads;
  bool full_spectrum;
  CutoffFunction cutoff_function;
  double radial_cutoff, angular_cutoff;  ///< angstrom

  int n_harmonics() const { return (angular_order + 1) * (angular_order + 1); }
  int n_four_body_harmonics() const { return angular_order >= 3 ? 16 : n_harmonics(); }
};

/// Mean over directions of Y_i Y_j Y_k for j <= k, i first.
template <class Real>
struct KernelCoupling {
  int i, j, k;
  Real value;
};

/// The numbers of one network for atoms of one species, row-major, scalings and changes of basis folded in:
/// t_k instead of (T_k + 1)/2 f_c, harmonics from monic Legendre functions.
template <class Real>
struct KernelSpecies {
  const Real *radial, *radial_back;                   ///< [S][K][radial_channels], [S][radial_channels][K]
  const Real* radial_bias;                            ///< [radial_channels]
  const Real *angular, *angular_back;                 ///< [S][L + 1][K][channels], [S][L + 1][channels][K]
  const Real *shift, *scale;                          ///< [n_invariants] mu, 1/sigma
  const Real *weights_1, *weights_1_back, *biases_1;  ///< [n_invariants][hidden], transposed, [hidden]
  const Real *weights_2, *weights_2_back, *biases_2;  ///< [hidden][hidden], transposed, [hidden]
};

/// One network up to its last layer, and the last layers that stand on it.
template <class Real>
struct KernelTrunk {
  std::vector<KernelSpecies<Real>> species;         ///< [S]
  const Real *query, *query_back, *key, *key_back;  ///< [layers][heads][n][n] W and W^T
  const Real *value, *value_back;
  const Real* shares;                           ///< [layers][heads][n_harmonics] softmax(lambda)_l/(2l + 1)
  const Real *four_body, *four_body_back;       ///< [min(L, 3) + 1][channels][3 P], [..][3 P][channels]
  std::vector<std::vector<const Real*>> heads;  ///< [n_heads][S] (w3, v) [hidden + n_invariants] times sigma_F
};

/// A model, folded in float64 and rounded once.
template <class Real>
struct KernelModel {
  KernelSizes sizes;
  std::vector<KernelTrunk<Real>> trunks;
  const Real* norms;  ///< [n_harmonics] of Y_lm over Q_lm
  std::vector<KernelCoupling<Real>> couplings;
  std::vector<double> reference_energies;        ///< [S] eV
  std::vector<std::unique_ptr<Real[]>> storage;  ///< what the pointers point to

  /// Networks, or last layers where they are several.
  int n_heads() const {
    int n = 0;
    for (const auto& trunk : trunks) n += static_cast<int>(trunk.heads.size());
    return n;
  }
};

/// `model` for the kernels; every network of a committee is a trunk with one head.
/// @throws InputError for a model without a network.
template <class Real>
KernelModel<Real> fold(const Model& model);

extern template KernelModel<float> fold<float>(const Model&);
extern template KernelModel<double> fold<double>(const Model&);

}  // namespace zeropoint::mlp
