#pragma once

#include <ATen/core/Tensor.h>

#include "core/estimate.hpp"
#include "sscha/population.hpp"
#include "sscha/trial_density.hpp"

namespace zeropoint::sscha {

/// What each configuration is under a density: one pass over the displacements.
struct DensityValues {
  at::Tensor log_density;         ///< [N] ln p(x_c), up to the constant of TrialDensity::log_normalisation
  at::Tensor auxiliary_energies;  ///< [N] V^Phi = u Phi u / 2 from the density's own centroids, eV
};
DensityValues values_under(const Population& population, const TrialDensity& density);

/// R - R_generating of a density as a Bloch vector at q = 0, [n] angstrom: every cell moves alike.
at::Tensor centroid_shift(const Population& population, const TrialDensity& density);

/// How much each configuration of a population counts under another trial density.
struct Weights {
  at::Tensor values;  ///< [N] p(x_c) / p_generating(x_c) (merged: of the mixture): mean 1 over the generating density
  at::Tensor auxiliary_energies;  ///< [N] eV, of the target density
  double log_scale = 0;  ///< ln of a common factor left out of `values`: 0 unless they would overflow or vanish
  double sum = 0;
  double effective_size = 0;  ///< N_eff = (sum w)^2 / sum w^2, between 1 and N (Kong, Liu, Wong, JASA 89, 278 (1994))

  double kong_liu_ratio() const { return effective_size / static_cast<double>(values.size(0)); }
};

/// Weights of `population` under `target`; temperatures, centroids and masses may differ from the generating ones.
///
/// Both densities are Gaussian: with y the displacement in units of the thermal amplitudes a,
///   ln w_c = ln[p/p0](x_c) = sum_mu ln(a0_mu / a_mu) - (|y_c|^2 - |y0_c|^2) / 2.
/// Cost: one GEMM per q, configurations [N] x modes.
/// @throws InputError when the densities disagree on the number of acoustic modes.
Weights reweight(const Population& population, const TrialDensity& target);

/// How configurations count as independent samples.
enum class Samples { pairs, configurations };

/// Weighted means <A> = sum w A / sum w of `samples` [N] or [N, k] and the errors of the ratio estimator,
///   err^2 = n/(n-1) sum_s [sum_{c in s} w_c (A_c - <A>)]^2 / (sum w)^2,
/// a sample s being an antithetic pair or a single configuration (`Samples::configurations`: every one on its own). The
/// parts of a merged population are strata: the sum runs over each with its own n and less the square of its mean.
struct Averages {
  at::Tensor values;           ///< [k] or scalar, on the CPU
  at::Tensor standard_errors;  ///< the same shape
};
Averages averages(const Weights& weights, const at::Tensor& samples, const Pairing& pairing,
                  Samples independent = Samples::pairs);

/// The same for one number per configuration, [N].
Estimate average(const Weights& weights, const at::Tensor& samples, const Pairing& pairing,
                 Samples independent = Samples::pairs);

}  // namespace zeropoint::sscha
