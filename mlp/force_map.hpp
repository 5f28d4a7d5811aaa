#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "mlp/moments.hpp"

namespace zeropoint::mlp {

/// What atoms and cells feel, float64.
struct Forces {
  at::Tensor forces;   ///< [n_atoms, 3] eV/angstrom, in the order of the batch
  at::Tensor strains;  ///< [n_structures, 3, 3] eV: dE/d strain = volume times stress
};

/// F = -J^T G and the derivative with respect to strain, from G = dE/d(scaled moments): with f_e = dE/dr_e
///   F_i = sum over edges out of i of f_e - sum over edges into i,   dE/d strain = sum_e f_e (x) r_e.
/// Differentiable: the gradient that arrives at G is made by the transpose, moments_tangent().
Forces force_map(const std::shared_ptr<const MomentMap>& map, const Moments& gradients);

/// The transpose of the force map: how the moments change when atom i moves by -`forces`[i] and the cell strains by
/// `strains`. float64 in, the type of the map out.
Moments moments_tangent(const MomentMap& map, const Forces& directions);

}  // namespace zeropoint::mlp
