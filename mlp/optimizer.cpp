#include "mlp/optimizer.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/argsort.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/linalg_multi_dot.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "mlp/kernels/matrix_product.hpp"

namespace zeropoint::mlp {
namespace {

struct Basis {
  at::Tensor vectors;
  at::Tensor order;  ///< which vector of the old basis each one comes from
};

/// The basis after one power iteration, in the order of falling eigenvalues.
Basis refreshed(const at::Tensor& covariance, const at::Tensor& basis) {
  const at::Tensor turned = at::mm(covariance, basis);
  const at::Tensor order = at::argsort((basis * turned).sum(0), /*stable=*/true, /*dim=*/0, /*descending=*/true);
  return {std::get<0>(at::linalg_qr(turned.index_select(1, order))).contiguous(), order};
}

MatrixView<float> view(const at::Tensor& matrix) {
  const int columns = static_cast<int>(matrix.size(1));
  return {matrix.const_data_ptr<float>(), static_cast<int>(matrix.size(0)), columns, columns};
}

at::Tensor eigenvectors(const at::Tensor& covariance) {
  return std::get<1>(at::linalg_eigh(covariance)).flip({1}).contiguous();
}

}  // namespace

Optimizer::Optimizer(const std::vector<at::Tensor>& parameters, const OptimizerOptions& options)
    : options_(options), kernels_(block_kernels<float>(kernel_names().front())) {
  std::vector<at::Tensor> flat;
  std::int64_t begin = 0;
  for (const at::Tensor& parameter : parameters) {
    flat.push_back(parameter.reshape({-1}).to(at::kDouble));
    Block& block =
        blocks_.emplace_back(Block{.shape = parameter.sizes().vec(), .begin = begin, .n = parameter.numel()});
    begin += block.n;
    if (!options.rotated || parameter.dim() < 2) continue;
    const std::int64_t columns = parameter.size(-1), rows = block.n / columns;
    block.left = at::zeros({rows, rows}, at::kFloat);
    block.right = at::zeros({columns, columns}, at::kFloat);
    block.left_basis = at::zeros_like(block.left);
    block.right_basis = at::zeros_like(block.right);
  }
  values_ = at::cat(flat);
  averages_ = values_.clone();
  first_ = at::zeros_like(values_, at::kFloat);
  second_ = at::zeros_like(values_, at::kFloat);
}

std::vector<at::Tensor> Optimizer::shaped(const at::Tensor& flat) const {
  std::vector<at::Tensor> result;
  for (const Block& block : blocks_) result.push_back(flat.narrow(0, block.begin, block.n).view(block.shape));
  return result;
}

std::vector<at::Tensor> Optimizer::parameters(at::ScalarType type) const {
  return shaped(values_.to(type, false, true));
}

std::vector<at::Tensor> Optimizer::averages() const { return shaped(averages_.clone()); }

at::Tensor Optimizer::matrix_of(const Block& block, const at::Tensor& flat) const {
  return flat.narrow(0, block.begin, block.n).view({block.left.size(0), block.right.size(0)});
}

void Optimizer::move(Block& block, const float* gradient, double learning_rate) {
  const std::int64_t n = block.n;
  const double steps = static_cast<double>(n_steps_);
  const float beta1 = static_cast<float>(options_.beta1), beta2 = static_cast<float>(options_.beta2);
  const float correction1 = static_cast<float>(1 - std::pow(options_.beta1, steps)),
              correction2 = static_cast<float>(1 - std::pow(options_.beta2, steps));
  std::vector<float> numbers(gradient, gradient + n), half(n);
  const bool rotated = block.rotated();
  if (rotated) {
    multiply(kernels_, view(block.left_basis).transposed(),
             MatrixView<float>{gradient, block.rows(), block.columns(), block.columns()}, half.data());
    multiply(kernels_, {half.data(), block.rows(), block.columns(), block.columns()}, view(block.right_basis),
             numbers.data());
  }
  float* const first = first_.mutable_data_ptr<float>() + block.begin;
  float* const second = second_.mutable_data_ptr<float>() + block.begin;
  for (std::int64_t i = 0; i < n; ++i) {
    const float seen = numbers[i];
    first[i] = beta1 * first[i] + (1 - beta1) * seen;
    second[i] = beta2 * second[i] + (1 - beta2) * seen * seen;
    numbers[i] = first[i] / (correction1 * (std::sqrt(second[i] / correction2) + 1e-8f));
  }
  if (rotated) {
    multiply(kernels_, view(block.left_basis),
             MatrixView<float>{numbers.data(), block.rows(), block.columns(), block.columns()}, half.data());
    multiply(kernels_, {half.data(), block.rows(), block.columns(), block.columns()},
             view(block.right_basis).transposed(), numbers.data());
  }
  double* const values = values_.mutable_data_ptr<double>() + block.begin;
  const double decay = 1 - learning_rate * options_.weight_decay;
  for (std::int64_t i = 0; i < n; ++i) values[i] = decay * values[i] - learning_rate * static_cast<double>(numbers[i]);
}

void Optimizer::follow(Block& block, const float* gradient) {
  const float memory = n_steps_ == 1 ? 0 : static_cast<float>(options_.beta2);
  const MatrixView<float> matrix{gradient, block.rows(), block.columns(), block.columns()};
  multiply(kernels_, matrix, matrix.transposed(), block.left.mutable_data_ptr<float>(), memory, 1 - memory);
  multiply(kernels_, matrix.transposed(), matrix, block.right.mutable_data_ptr<float>(), memory, 1 - memory);
  if (n_steps_ == 1) {
    block.left_basis = eigenvectors(block.left);
    block.right_basis = eigenvectors(block.right);
    return;
  }
  const bool young = n_steps_ < options_.refresh && (n_steps_ & (n_steps_ - 1)) == 0;  // 2, 4, 8, ...
  if (!young && n_steps_ % options_.refresh != 0) return;
  // The moments go along: the first as the matrix that it is, the second, which holds squares, in the new order alone.
  at::Tensor first = matrix_of(block, first_), second = matrix_of(block, second_);
  const Basis left = refreshed(block.left, block.left_basis), right = refreshed(block.right, block.right_basis);
  first.copy_(at::linalg_multi_dot({left.vectors.t(), block.left_basis, first, block.right_basis.t(), right.vectors}));
  second.copy_(second.index_select(0, left.order).index_select(1, right.order));
  block.left_basis = left.vectors;
  block.right_basis = right.vectors;
}

void Optimizer::step(const at::Tensor& gradient, double learning_rate) {
  at::Tensor flat = gradient.to(values_.options().dtype(at::kFloat));
  const double length = flat.norm().item<double>();
  if (!std::isfinite(length)) {
    throw InputError{
        "the gradient is not finite after {} steps: the training diverged. Lower the learning "
        "rate, or look for wrong labels",
        n_steps_};
  }
  if (length > options_.clip) flat = flat * (options_.clip / length);
  ++n_steps_;
  parallel_for(static_cast<std::int64_t>(blocks_.size()), [&](std::int64_t b) {
    Block& block = blocks_[b];
    const float* const numbers = flat.const_data_ptr<float>() + block.begin;
    // The first basis is needed for the first step; later ones follow the step that they have not seen.
    if (block.rotated() && n_steps_ == 1) follow(block, numbers);
    move(block, numbers, learning_rate);
    if (block.rotated() && n_steps_ > 1) follow(block, numbers);
  });
  const double n = static_cast<double>(n_steps_), average = std::min(options_.average, (1 + n) / (10 + n));
  averages_.mul_(average).add_(values_, 1 - average);
}

std::vector<at::Tensor> Optimizer::everything() const {
  std::vector<at::Tensor> all{values_, averages_, first_, second_};
  for (const Block& block : blocks_) {
    if (block.rotated()) all.insert(all.end(), {block.left, block.right, block.left_basis, block.right_basis});
  }
  return all;
}

at::Tensor Optimizer::state() const {
  std::vector<at::Tensor> flat;
  for (const at::Tensor& part : everything()) flat.push_back(part.reshape({-1}).to(at::kDouble));
  return at::cat(flat);
}

void Optimizer::restore(const at::Tensor& state, std::int64_t n_steps) {
  std::vector<at::Tensor> parts = everything();
  std::int64_t expected = 0, begin = 0;
  for (const at::Tensor& part : parts) expected += part.numel();
  if (state.numel() != expected)
    throw InputError{"the state of another network: {} numbers, {} expected", state.numel(), expected};
  for (at::Tensor& part : parts) {
    part.copy_(state.reshape({-1}).narrow(0, begin, part.numel()).view(part.sizes()));
    begin += part.numel();
  }
  n_steps_ = n_steps;
}

}  // namespace zeropoint::mlp
