#pragma once

#include <ATen/core/Tensor.h>

namespace zeropoint::mlp {

/// B_n,lm = sum_k c_n,k A_lm,k of `angular` moments [n_atoms, n_harmonics, n_moments]: [n_atoms, n_harmonics,
/// n_channels], contiguous. `weights` are [n_moments, n_channels], the same for all l, or [l_max + 1, n_moments,
/// n_channels].
at::Tensor mix(const at::Tensor& angular, const at::Tensor& weights);

/// The same, written into `result` (contiguous). With the weights transposed it takes dE/dB to dE/dA.
void mix_into(at::Tensor result, const at::Tensor& angular, const at::Tensor& weights);

/// d/d weights of sum B . `bars`, in the shape of the weights.
at::Tensor mixing_gradient(const at::Tensor& angular, const at::Tensor& bars, const at::Tensor& weights);

}  // namespace zeropoint::mlp
