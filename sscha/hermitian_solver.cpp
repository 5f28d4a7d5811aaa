#include "sscha/hermitian_solver.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linalg_solve.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/real.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>
#include <random>

#include "core/decompositions.hpp"

namespace zeropoint::sscha {
namespace {

constexpr int least_iterations = 15;  // for the smallest eigenvalue

/// Real part of x^dagger y of each column, [m] float64.
at::Tensor products(const at::Tensor& x, const at::Tensor& y) {
  const at::Tensor sum = (x.conj() * y).sum(0);
  return sum.is_complex() ? at::real(sum).contiguous() : sum;
}

at::Tensor norms(const at::Tensor& x) { return products(x, x).sqrt(); }

/// 1/x, and 0 where x vanishes: columns that are solved already stand still.
at::Tensor inverse(const at::Tensor& x) { return at::where(x > 1e-290, 1 / x, at::zeros_like(x)); }

at::Tensor random_vector(std::int64_t size, const at::TensorOptions& options) {
  at::Tensor vector = at::empty({size, 1}, at::kDouble);
  std::mt19937_64 generator(20260);
  for (std::int64_t i = 0; i < size; ++i)
    vector.data_ptr<double>()[i] = static_cast<double>(generator() >> 11) * 0x1p-53 - 0.5;
  return vector.to(options);
}

/// `off_diagonal` may be longer than needed.
double lowest_of_tridiagonal(const std::vector<double>& diagonal, const std::vector<double>& off_diagonal) {
  const auto n = static_cast<Eigen::Index>(diagonal.size());
  const Eigen::VectorXd main = Eigen::Map<const Eigen::VectorXd>(diagonal.data(), n);
  const Eigen::VectorXd beside = Eigen::Map<const Eigen::VectorXd>(off_diagonal.data(), n - 1);
  return tridiagonal_eigenvalues(main, beside)[0];
}

double true_residual(const at::Tensor& ax, const at::Tensor& b) {
  return b.numel() == 0 ? 0.0 : (norms(ax - b) * inverse(norms(b))).max().item<double>();
}

}  // namespace

Solution solve_minres(const HermitianOperator& apply, const at::Tensor& right, double tolerance, int max_iterations) {
  Solution solution{at::zeros_like(right)};
  const std::int64_t n_right = right.size(1);
  if (right.size(0) == 0) return solution;
  const at::Tensor b = at::cat({right, random_vector(right.size(0), right.options())}, 1);
  const at::Tensor size = norms(b), per_size = inverse(size);
  at::Tensor eta = size.clone(), beta = size, x = at::zeros_like(b);
  at::Tensor v_before = at::zeros_like(b), v = b * per_size, w = v_before, w_before = v_before;
  at::Tensor cosine = at::ones_like(size), cosine_before = cosine, sine = at::zeros_like(size), sine_before = sine;
  std::vector<double> diagonal, off_diagonal;  // of the random column
  bool random_lives = true;
  while (solution.iterations < max_iterations) {
    ++solution.iterations;
    at::Tensor next = apply(v);
    const at::Tensor alpha = products(v, next);
    next = next - v * alpha - v_before * beta;
    const at::Tensor beta_next = norms(next);
    // The new column of the tridiagonal matrix under the two last Givens rotations, and the next one.
    const at::Tensor delta = cosine * alpha - cosine_before * sine * beta;
    const at::Tensor rho1 = (delta.square() + beta_next.square()).sqrt(), per_rho1 = inverse(rho1);
    const at::Tensor rho2 = sine * alpha + cosine_before * cosine * beta, rho3 = sine_before * beta;
    cosine_before = cosine;
    sine_before = sine;
    cosine = delta * per_rho1;
    sine = beta_next * per_rho1;
    const at::Tensor w_next = (v - w_before * rho3 - w * rho2) * per_rho1;
    w_before = w;
    w = w_next;
    x = x + w * (cosine * eta);
    eta = -(sine * eta);
    // A Krylov space that is exhausted gives a next vector of rounding alone.
    const at::Tensor alive = beta_next > 1e-14 * (alpha.abs() + beta + beta_next);
    if (random_lives) {
      diagonal.push_back(alpha[n_right].item<double>());
      off_diagonal.push_back(beta_next[n_right].item<double>());
      random_lives = alive[n_right].item<bool>();
    }
    const at::Tensor relative = (eta.abs() * per_size).slice(0, 0, n_right);
    const bool solved = n_right == 0 || relative.max().item<double>() < tolerance;
    if (solved && (solution.iterations >= least_iterations || !random_lives)) break;
    v_before = v;
    v = next * at::where(alive, inverse(beta_next), at::zeros_like(beta_next));
    beta = beta_next;
  }
  solution.x = x.slice(1, 0, n_right).contiguous();
  if (n_right > 0) solution.residual = true_residual(apply(solution.x), right);
  solution.smallest_eigenvalue = lowest_of_tridiagonal(diagonal, off_diagonal);
  return solution;
}

Solution solve_dense(const at::Tensor& matrix, const at::Tensor& b) {
  Solution solution{at::zeros_like(b)};
  if (b.numel() == 0) return solution;
  solution.x = at::linalg_solve(matrix, b);
  solution.residual = true_residual(at::mm(matrix, solution.x), b);
  return solution;
}

double smallest_eigenvalue(const HermitianOperator& apply, std::int64_t size, const at::TensorOptions& options,
                           double tolerance, int max_steps) {
  if (size == 0) return 1;
  at::Tensor v = random_vector(size, options);
  v = v / norms(v);
  const int most = static_cast<int>(std::min<std::int64_t>(max_steps, size));
  const at::Tensor basis = at::zeros({size, most}, options);
  std::vector<double> diagonal, off_diagonal;
  double smallest = 1, before = 1e300;
  for (int step = 0; step < most; ++step) {
    basis.slice(1, step, step + 1).copy_(v);
    at::Tensor next = apply(v);
    diagonal.push_back(products(v, next).item<double>());
    const at::Tensor so_far = basis.slice(1, 0, step + 1);
    for (int twice = 0; twice < 2; ++twice) next = next - at::mm(so_far, at::mm(so_far.conj().t(), next));
    const double beta = norms(next).item<double>();
    Eigen::MatrixXd tridiagonal = Eigen::MatrixXd::Zero(step + 1, step + 1);
    for (int i = 0; i <= step; ++i) {
      tridiagonal(i, i) = diagonal[i];
      if (i > 0) tridiagonal(i, i - 1) = tridiagonal(i - 1, i) = off_diagonal[i - 1];
    }
    const Eigensystem<Eigen::MatrixXd> ritz = symmetric_eigensystem(tridiagonal);
    smallest = ritz.values[0];
    const double error = beta * std::abs(ritz.vectors(step, 0));  // residual of the Ritz pair
    if (error < tolerance || (error < 1e-2 && before - smallest < 0.1 * tolerance)) break;
    before = smallest;
    off_diagonal.push_back(beta);
    v = next / beta;
  }
  return smallest;
}

}  // namespace zeropoint::sscha
