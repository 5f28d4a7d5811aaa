#pragma once

#include "sscha/minimizer.hpp"

namespace zeropoint::sscha {

/// The steps of python-sscha 1.6, for comparison with its runs.
struct ReferenceOptions {
  enum class Root { normal, sqrt, root4 };

  double step = 0.5;           ///< of the auxiliary matrices (min_step_dyn)
  double centroid_step = 0.5;  ///< of the centroids (min_step_struc)
  bool line_search = true;
  Root root = Root::normal;  ///< the representation that is stepped: D, D^1/2 or D^1/4
};

/// Errors of the gradient as python-sscha defines them, for its stop rule and printed columns.
///
/// Matrices (its q-space definition): sqrt(sum_{q,ab} [<|v_a df_b|^2> - G_ab^2] / sum w) / sqrt(n_operations n_q), with
/// the complex square of G where the modulus is meant; centroids: |error of <df>| / n_operations in Ry/angstrom,
/// although the gradient it is compared with is in angstrom. Antithetic partners count as independent in both.
struct ReferenceErrors {
  double matrices = 0;   ///< eV/angstrom^2
  double centroids = 0;  ///< Ry/angstrom
};
ReferenceErrors reference_errors(const Population& population, const Evaluation& evaluation,
                                 const TrialDensity& density, int n_operations);

/// Fixed steps, or python-sscha's line search: the step grows by 1.5 at each new direction and shrinks by 0.8736 while
/// the new gradient opposes the direction or N_eff falls by more than 10 %. Accepted points are not computed twice.
Minimum minimize_as_reference(const Population& population, TrialDensity start, const SpaceGroup& group,
                              const MinimizeOptions& options, const ReferenceOptions& reference,
                              const std::function<void(const StepReport&)>& observe = {});

}  // namespace zeropoint::sscha
