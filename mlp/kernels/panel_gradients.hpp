#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "mlp/kernels/block_kernels.hpp"
#include "mlp/model.hpp"

namespace zeropoint::mlp {

/// Adds the derivatives with respect to the parameters of species z, from `panels` [PanelRows::count, 2, n_columns] of
/// all its centres, to `gradients` (the order and shapes of NodeNetwork::parameters()): products of matrices, and back
/// through what fold() did to the weights.
void add_panel_gradients(const Model& model, const KernelSizes& sizes, int z, const at::Tensor& panels,
                         std::vector<at::Tensor>& gradients);

/// The same of attention and four-body terms, from GradientTask::sums added up over lanes, [sums_size()].
void add_sum_gradients(const Model& model, const KernelSizes& sizes, const at::Tensor& sums,
                       std::vector<at::Tensor>& gradients);

}  // namespace zeropoint::mlp
