#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "phonons/real_bloch_basis.hpp"
#include "sscha/trial_density.hpp"

namespace zeropoint::sscha {

enum class SamplingMethod {
  random,      ///< independent configurations
  antithetic,  ///< pairs: configurations 2k and 2k + 1 are +u and -u
  sobol,       ///< scrambled Sobol points, one dimension a mode, lowest frequencies first
};

struct SamplingOptions {
  SamplingMethod method = SamplingMethod::antithetic;
  std::uint64_t seed = 1;
  std::uint32_t population = 1;
  double lock_below = 0;               ///< modes with lower frequencies (sqrt(eV/amu)/angstrom) are not displaced
  std::vector<bool> fixed_sites = {};  ///< [n_atoms of the unit cell] do not move; empty: all move
};

/// Draws configurations from the Gaussian of a trial density: u(q) = sum_mu a_mu m^-1/2 e^mu(q) xi_mu(q), xi normal.
///
/// A configuration is a function of (seed, population, its number) and the density alone: bits do not depend on how
/// many are drawn, in which pieces or on how many threads. Random numbers: Philox4x32-10 (Salmon et al., SC11); Sobol
/// points: Joe and Kuo's directions, Owen scrambling by hashing (Burley, JCGT 9, 1 (2020)). Dimensions beyond the table
/// of directions are random.
///
/// With fixed sites the others vibrate in their field: modes are those of the block of the force constants that moves.
class Sampler {
 public:
  /// @throws InputError when a mode of the moving block is not positive, or when nothing moves.
  Sampler(const TrialDensity& density, const SamplingOptions& options, at::Device device = at::kCPU);

  /// Displacements of configurations begin <= c < end from the centroids, [end - begin, n_atoms, 3] angstrom, on the
  /// device.
  at::Tensor displacements(std::int64_t begin, std::int64_t end) const;

  int n_moving_modes() const { return static_cast<int>(dimension_of_row_.size()) - n_still_; }
  int n_locked_modes() const { return n_locked_; }
  /// Dimensions of the Sobol points; the rest of the modes is random.
  int n_sobol_dimensions() const { return n_sobol_; }

 private:
  at::Tensor uniform_numbers(std::int64_t first_sample) const;
  void fill_sobol(std::int64_t first_sample, double* numbers) const;
  at::Tensor chunk(std::int64_t first_sample) const;

  SamplingOptions options_;
  phonons::RealBlochBasis basis_;
  at::Device device_;
  std::vector<at::Tensor> from_modes_;  // a slab: [n_blocks, size, size], unit-variance modes to displacements
  std::vector<int> dimension_of_row_;   // [M] place in the order of the frequencies; -1: the mode does not move
  int n_still_ = 0, n_locked_ = 0, n_sobol_ = 0;
};

}  // namespace zeropoint::sscha
