#pragma once

#include <ATen/core/Tensor.h>

namespace zeropoint::mlp {

/// B_n,l . B_n',l/(2l + 1) of `channels` [n_atoms, n_harmonics, n_channels] for every l and n <= n' (n' fastest):
/// [n_atoms, (l_max + 1) n_channels (n_channels + 1)/2]. With `diagonal` n = n' alone: [n_atoms, (l_max + 1) n_channels].
/// Differentiable as often as one likes.
at::Tensor power_spectrum(const at::Tensor& channels, bool diagonal);

}  // namespace zeropoint::mlp
