#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

namespace zeropoint::sscha {

/// A Hermitian matrix as what it does to the columns of [size, m].
using HermitianOperator = std::function<at::Tensor(const at::Tensor&)>;

struct Solution {
  at::Tensor x;  ///< [size, m]
  int iterations = 0;
  double residual = 0;             ///< largest |A x - b|/|b| of any column, of the true residual
  double smallest_eigenvalue = 1;  ///< of A, an upper bound that falls with the iterations; of MINRES
};

/// A x = b by MINRES, all columns together: A may be indefinite (C. Paige, M. Saunders, SIAM J. Numer. Anal. 12, 617
/// (1975)). Stops when each column's residual is below `tolerance` |b|, or after `max_iterations`. A fixed random
/// column goes along for the smallest eigenvalue: its Krylov space is not confined to the symmetry of b. It takes 15
/// iterations at least.
Solution solve_minres(const HermitianOperator& apply, const at::Tensor& b, double tolerance, int max_iterations);

/// A x = b by factorisation.
Solution solve_dense(const at::Tensor& matrix, const at::Tensor& b);

/// Smallest eigenvalue of an operator alone, on [size, 1], by Lanczos steps from a fixed random vector, orthogonalised
/// again: an upper bound that is exact to `tolerance` when the vector is not orthogonal to the eigenvector. 1 for an
/// empty space.
double smallest_eigenvalue(const HermitianOperator& apply, std::int64_t size, const at::TensorOptions& options,
                           double tolerance, int max_steps);

}  // namespace zeropoint::sscha
