#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/space_group.hpp"
#include "sscha/population.hpp"
#include "sscha/trial_density.hpp"
#include "sscha/weights.hpp"

namespace zeropoint::sscha {

struct HessianOptions {
  enum class Method {
    automatic,  ///< the cheaper by the count of operations that fits in memory
    dense,      ///< the matrix of fourth order in the space of pairs, factorised
    krylov,     ///< its products alone, MINRES
  };
  int order = 4;  ///< 3: third order alone (the bubble); 4: with fourth order
  Method method = Method::automatic;
  double tolerance = 1e-8;        ///< of MINRES: residual over right-hand side
  int max_iterations = 1000;      ///< of MINRES
  bool hermite_terms = true;      ///< of fourth order: they matter away from the self-consistent density
  bool errors = true;             ///< one more pass over the population
  std::int64_t memory_limit = 0;  ///< bytes for the matrices of one q; 0: half of what is free
};

/// What solving at one irreducible q took.
struct HessianReport {
  int iq = 0;                ///< in the grid
  int done = 0, total = 0;   ///< irreducible q points so far, of all
  std::int64_t n_pairs = 0;  ///< size of the space of pairs
  int n_vectors = 0;         ///< right-hand sides: external modes that symmetry does not give
  bool dense = false;
  double third_flops = 0, dense_flops = 0, krylov_flops = 0,
         dense_bytes = 0;          ///< estimates: third order; both ways of fourth
  int iterations = 0;              ///< of MINRES; 0: factorised
  double residual = 0;             ///< largest |A z - b|/|b|
  double smallest_eigenvalue = 1;  ///< of A = 1 + J D4 J; negative: the auxiliary matrices are no minimum
};

/// Free-energy Hessian d2F/dR dR on the q grid of a population, averaged over the space group.
///
///   H(q) = D(q) + E^dagger C E,  C = -(J D3)^dagger A^-1 (J D3),  A = 1 + J D4 J,  J = sqrt(-Lambda/(a^2 a^2))
/// in the space of pairs of modes whose q add up to q (third order alone: A = 1); R. Bianco, I. Errea, L. Paulatto, M.
/// Calandra, F. Mauri, PRB 96, 014111 (2017). No array is larger than the pairs of one q squared.
struct Hessian {
  phonons::DynamicalMatrices matrices;   ///< H(q)
  std::vector<Eigen::MatrixXcd> bubble;  ///< [n_q] D + third order alone
  TrialDensity density;                  ///< symmetrised: what it was taken at
  Weights weights;
  std::vector<phonons::Modes> modes;  ///< [n_q] of `matrices`
  /// [n_q][3n] standard errors of omega^2 at fixed auxiliary matrices, eV/amu/angstrom^2: linearised jackknife by
  /// antithetic pairs, the same within degenerate sets; 0 for acoustic modes. Empty without `errors`.
  std::vector<std::vector<double>> squared_errors;
  std::vector<std::vector<double>> bubble_squares;     ///< [n_q][3n] e^dagger m^-1/2 bubble m^-1/2 e of the modes of H
  std::vector<std::vector<double>> auxiliary_squares;  ///< the same of the auxiliary matrices
  std::vector<HessianReport> reports;                  ///< of each irreducible q

  double smallest_eigenvalue() const;  ///< of A at any q; NaN where one is
  double largest_residual() const;     ///< NaN where one is
};

/// `group` must keep the grid; the density is averaged over it first.
/// @throws InputError when the population and the density do not fit together, or when `order` is neither 3 nor 4.
Hessian free_energy_hessian(const Population& population, const TrialDensity& density, const SpaceGroup& group,
                            const HessianOptions& options = {},
                            const std::function<void(const HessianReport&)>& observe = {});

/// What it would take at each irreducible q, without doing it; `density` must have the symmetry of the group.
std::vector<HessianReport> plan_hessian(const TrialDensity& density, const SpaceGroup& group,
                                        std::int64_t n_configurations, const HessianOptions& options,
                                        at::Device device);

}  // namespace zeropoint::sscha
