#include "mlp/optimizer.hpp"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/logspace.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/error.hpp"

namespace zeropoint::mlp {
namespace {

/// f(W) = |A (W - W0) B|^2 / 2, so badly conditioned in turned axes that no step along the given ones goes far.
struct Valley {
  at::Tensor left, right, goal;

  Valley() {
    at::manual_seed(5);
    const auto turned = [](std::int64_t n) {
      const at::Tensor q = std::get<0>(at::linalg_qr(at::randn({n, n}, at::kDouble)));
      return at::matmul(q * at::logspace(0, -1.5, n, 10, at::kDouble), q.t());
    };
    left = turned(12);
    right = turned(7);
    goal = at::randn({12, 7}, at::kDouble);
  }
  double value(const at::Tensor& w) const {
    return 0.5 * at::matmul(at::matmul(left, w - goal), right).square().sum().item<double>();
  }
  at::Tensor gradient(const at::Tensor& w) const {
    return at::matmul(at::matmul(left.t(), at::matmul(at::matmul(left, w - goal), right)), right.t());
  }
};

double after(const Valley& valley, bool rotated, int n_steps) {
  Optimizer optimizer({at::zeros({12, 7}, at::kDouble)}, {.rotated = rotated, .weight_decay = 0});
  for (int step = 0; step < n_steps; ++step) {
    optimizer.step(valley.gradient(optimizer.parameters(at::kDouble)[0]).flatten(),
                   0.05 * (1 - step / static_cast<double>(n_steps)));
  }
  return valley.value(optimizer.parameters(at::kDouble)[0]);
}

TEST(Optimizer, GoesFurtherInTheEigenbasisOfTheGradients) {
  const Valley valley;
  const double start = valley.value(at::zeros({12, 7}, at::kDouble)), rotated = after(valley, true, 200),
               plain = after(valley, false, 200);
  EXPECT_LT(plain, 0.1 * start);
  EXPECT_LT(rotated, 0.1 * plain);
}

/// By hand for one number: the steps of Adam with its corrections, and decoupled decay.
TEST(Optimizer, IsAdamWForVectors) {
  const OptimizerOptions options{.beta1 = 0.8, .beta2 = 0.9, .weight_decay = 0.1};
  Optimizer optimizer({at::zeros({1}, at::kDouble) + 2}, options);
  double p = 2, m = 0, v = 0;
  for (int step = 1; step <= 3; ++step) {
    const double g = 0.25 * step;
    optimizer.step(at::zeros({1}, at::kDouble) + g, 0.01);
    m = 0.8 * m + 0.2 * g;
    v = 0.9 * v + 0.1 * g * g;
    p = p * (1 - 0.01 * 0.1) - 0.01 * (m / (1 - std::pow(0.8, step))) / std::sqrt(v / (1 - std::pow(0.9, step)));
    EXPECT_NEAR(optimizer.parameters(at::kDouble)[0].item<double>(), p, 1e-6);
  }
}

TEST(Optimizer, GoesOnFromItsStateToTheSameBits) {
  const Valley valley;
  const OptimizerOptions options{.refresh = 4};
  const std::vector<at::Tensor> start{at::zeros({12, 7}, at::kDouble), at::zeros({3}, at::kDouble)};
  const auto step = [&](Optimizer& optimizer) {
    const at::Tensor w = optimizer.parameters(at::kDouble)[0];
    optimizer.step(at::cat({valley.gradient(w).flatten(), w.flatten().narrow(0, 0, 3) - 1}), 0.02);
  };
  Optimizer whole(start, options), first(start, options), second(start, options);
  for (int k = 0; k < 30; ++k) step(whole);
  for (int k = 0; k < 17; ++k) step(first);
  second.restore(first.state(), first.n_steps());
  for (int k = 17; k < 30; ++k) step(second);
  EXPECT_TRUE(at::equal(whole.state(), second.state()));
  EXPECT_THROW(second.restore(first.state().narrow(0, 0, 50), 17), InputError);
}

TEST(Optimizer, RefusesGradientsThatAreNotFinite) {
  Optimizer optimizer({at::zeros({2}, at::kDouble)}, {});
  EXPECT_THROW(optimizer.step(at::zeros({2}, at::kDouble) + std::numeric_limits<double>::quiet_NaN(), 0.1), InputError);
}

}  // namespace
}  // namespace zeropoint::mlp
