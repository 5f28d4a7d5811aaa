#pragma once

#include <ATen/core/Tensor.h>

namespace zeropoint::mlp {

/// B_n,l . B_n',l/(2l + 1) of `channels` [n_atoms, n_harmonics, n_channels] for every l and n <= n' (n' fastest):
/// [n_atoms, (l_max + 1) n_channels (n_channels + 1)/2]. With `diagonal` n = n' alone: [n_atoms, (l_max + 1)
/// n_channels]. Differentiable as often as one likes.
at::Tensor power_spectrum(const at::Tensor& channels, bool diagonal);

/// Without autograd: the symmetric bilinear form P(B, C) that power_spectrum is the square P(B, B) of, and the
/// derivative of `gradients`.P(B, C) with respect to B, in the shape of the channels.
at::Tensor spectrum_form(const at::Tensor& b, const at::Tensor& c, bool diagonal);
at::Tensor spectrum_gradient(const at::Tensor& gradients, const at::Tensor& c, bool diagonal);

/// The same as products of tensors, on any device: what a GPU computes.
at::Tensor spectrum_form_by_tensors(const at::Tensor& b, const at::Tensor& c, bool diagonal);
at::Tensor spectrum_gradient_by_tensors(const at::Tensor& gradients, const at::Tensor& c, bool diagonal);

}  // namespace zeropoint::mlp
