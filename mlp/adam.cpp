#include "mlp/adam.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace zeropoint::mlp {

Adam::Adam(const std::vector<at::Tensor>& parameters, const AdamOptions& options) : options_(options) {
  std::vector<at::Tensor> flat;
  for (const at::Tensor& parameter : parameters) {
    shapes_.push_back(parameter.sizes().vec());
    flat.push_back(parameter.reshape({-1}).to(at::kDouble));
  }
  values_ = at::cat(flat);
  averages_ = values_.clone();
  first_ = at::zeros_like(values_);
  second_ = at::zeros_like(values_);
}

std::vector<at::Tensor> Adam::shaped(const at::Tensor& flat) const {
  std::vector<at::Tensor> result;
  std::int64_t begin = 0;
  for (const auto& shape : shapes_) {
    std::int64_t n = 1;
    for (const std::int64_t length : shape) n *= length;
    result.push_back(flat.narrow(0, begin, n).view(shape));
    begin += n;
  }
  return result;
}

std::vector<at::Tensor> Adam::leaves(at::ScalarType type) const {
  std::vector<at::Tensor> result;
  for (const at::Tensor& part : shaped(values_.to(type, false, true))) result.push_back(part.detach().requires_grad_());
  return result;
}

std::vector<at::Tensor> Adam::averages() const { return shaped(averages_.clone()); }

void Adam::step(const std::vector<at::Tensor>& gradients, double learning_rate) {
  std::vector<at::Tensor> parts;
  for (const at::Tensor& gradient : gradients) parts.push_back(gradient.reshape({-1}).to(at::kDouble));
  const at::Tensor flat = at::cat(parts);
  const double length = flat.norm().item<double>();
  if (!std::isfinite(length)) {
    throw InputError{"the gradient is not finite after {} steps: the training diverged. Lower train.learning_rate, or look for wrong "
                     "labels",
                     n_steps_};
  }
  const double factor = length > options_.clip ? options_.clip / length : 1.0;
  ++n_steps_;
  const double n = static_cast<double>(n_steps_);
  const double correction1 = 1 - std::pow(options_.beta1, n), correction2 = 1 - std::pow(options_.beta2, n);
  const double average = std::min(options_.average, (1 + n) / (10 + n)), decay = 1 - learning_rate * options_.weight_decay;
  const double* const gradient = flat.const_data_ptr<double>();
  double *const p = values_.mutable_data_ptr<double>(), *const a = averages_.mutable_data_ptr<double>();
  double *const m = first_.mutable_data_ptr<double>(), *const v = second_.mutable_data_ptr<double>();
  for (std::int64_t i = 0; i < flat.numel(); ++i) {
    const double g = factor * gradient[i];
    m[i] = options_.beta1 * m[i] + (1 - options_.beta1) * g;
    v[i] = options_.beta2 * v[i] + (1 - options_.beta2) * g * g;
    p[i] = decay * p[i] - learning_rate * (m[i] / correction1) / (std::sqrt(v[i] / correction2) + 1e-8);
    a[i] = average * a[i] + (1 - average) * p[i];
  }
}

at::Tensor Adam::state() const { return at::stack({values_, averages_, first_, second_}); }

void Adam::restore(const at::Tensor& state, std::int64_t n_steps) {
  if (state.dim() != 2 || state.size(0) != 4 || state.size(1) != values_.numel()) {
    throw InputError{"the state of another network: {} numbers, {} expected", state.numel(), 4 * values_.numel()};
  }
  values_ = state[0].clone();
  averages_ = state[1].clone();
  first_ = state[2].clone();
  second_ = state[3].clone();
  n_steps_ = n_steps;
}

}  // namespace zeropoint::mlp
