#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/scratch_file.hpp"
#include "files/ensemble.hpp"
#include "phonons/real_bloch_basis.hpp"
#include "sscha/ensemble_reading.hpp"
#include "sscha/population_order.hpp"
#include "sscha/population_part.hpp"

namespace zeropoint::sscha {

/// Labelled configurations contradict the density that is said to have drawn them, or their forces are in another unit.
class GeneratorMismatch : public InputError {
 public:
  using InputError::InputError;
};

struct PopulationOptions {
  at::Device device = at::kCPU;
  std::int64_t chunk_size = 1024;  ///< most configurations worked on at once; results do not depend on the threads
  std::int64_t memory_limit =
      0;  ///< bytes for displacements and forces; beyond it they stream from disk. 0: half of what is free
  bool check_generator = true;  ///< compare sampled variances and force constants with the generating density
  /// Called while configurations are read, from one thread at a time and first with 0: so many of so many (streaming
  /// reads each twice). What it throws ends the reading and leaves the constructor.
  std::function<void(std::int64_t done, std::int64_t total)> progress = {};
};

/// N labelled configurations and the density that drew them, transformed once to the real Bloch basis.
///
/// Several parts, drawn from different densities of one crystal (matrices, centroids, temperatures, masses), make a
/// sample of the mixture sum_k (N_k/N) p_k: that is the density that weights refer to, the balance heuristic of
/// multiple importance sampling (Veach, Guibas, SIGGRAPH 95, 419). Displacements count from the centroids of the first
/// part.
///
/// Configurations that are in memory, on any device, are taken from there, each number once: no copy of them is made
/// but that in this basis. They are reordered so that antithetic partners are neighbours and the parts evenly mixed;
/// `order` leads back to the ensembles, one after another. Chunks are worked on in order; a population larger than
/// memory lies in a scratch file.
class Population {
 public:
  /// @throws InputError when the ensemble has fewer than 2 configurations; GeneratorMismatch.
  Population(const Ensemble& ensemble, TrialDensity generating, const PopulationOptions& options = {});

  /// @throws InputError as above for each part, and when the crystals, cells or grids of the parts differ.
  Population(std::vector<PopulationPart> parts, const PopulationOptions& options = {});

  /// The same population with weight zero for blocks first <= b < last: it shares the data.
  Population without_blocks(int first, int last) const;
  /// [N] 1, or 0 for configurations left out; undefined when all count.
  const at::Tensor& mask() const { return mask_; }

  std::int64_t size() const { return pairing_.n_config; }
  /// The density that drew a part; that of the first has the centroids that displacements count from.
  const TrialDensity& generating(int part = 0) const { return generating_[static_cast<std::size_t>(part)]; }
  int n_parts() const { return static_cast<int>(generating_.size()); }
  const Pairing& pairing() const { return pairing_; }
  const phonons::RealBlochBasis& basis() const { return basis_; }
  at::Device device() const { return device_; }
  const std::vector<std::int64_t>& order() const { return order_; }  ///< [N] number in the ensemble

  /// Jackknife blocks: block_size() configurations each, the last may have fewer; partners share one. A chunk holds
  /// whole blocks, or a block whole chunks.
  int n_blocks() const { return static_cast<int>((size() + block_size_ - 1) / block_size_); }
  std::int64_t block_size() const { return block_size_; }
  int n_chunks() const { return static_cast<int>((size() + chunk_size_ - 1) / chunk_size_); }
  std::int64_t chunk_begin(int chunk) const { return chunk * chunk_size_; }
  std::int64_t chunk_end(int chunk) const { return std::min(size(), (chunk + 1) * chunk_size_); }

  /// Displacements from the generating centroids of one chunk and slab, [n_blocks, size, c], angstrom.
  at::Tensor displacements(int chunk, const phonons::RealBlochBasis::Slab& slab) const { return load(chunk, slab, 0); }
  /// Total forces, the same shape, eV/angstrom.
  at::Tensor forces(int chunk, const phonons::RealBlochBasis::Slab& slab) const { return load(chunk, slab, 1); }

  const at::Tensor& energies() const { return energies_; }  ///< [N] eV per supercell, less mean_energy()
  double mean_energy() const { return mean_energy_; }       ///< eV per supercell
  bool has_stresses() const { return stresses_.defined(); }
  const at::Tensor& stresses() const { return stresses_; }  ///< [N, 3, 3] static, eV/angstrom^3, positive = tensile
  const at::Tensor& virials() const { return virials_; }    ///< [N, 3, 3] sum_I f_Ia u_Ib, eV
  const at::Tensor& folded_displacements() const { return folded_displacements_; }  ///< [N, n] u(q = 0)
  const at::Tensor& folded_forces() const { return folded_forces_; }                ///< [N, n] f(q = 0)
  /// [N] ln of the density that drew each configuration, up to the constant of TrialDensity::log_normalisation.
  const at::Tensor& log_density() const { return log_density_; }
  /// Sampled over theoretical variance of the unit-variance modes of the first part: mean, smallest, largest.
  Eigen::Vector3d variance_ratio() const { return variance_ratio_; }
  bool streams() const { return scratch_ != nullptr; }

 private:
  /// Everything but mean_energy_, log_density_ and variance_ratio_. Part k has configurations begins[k] <= c <
  /// begins[k + 1] of the ensembles and its centroids at shifts[k] from those of the first.
  void read(const std::vector<const Ensemble*>& ensembles, const std::vector<Vectors>& shifts,
            const std::vector<std::int64_t>& begins, const PopulationOptions& options);
  void find_order(const Ensemble& ensemble, const std::vector<Vectors>& shifts, const std::vector<std::int64_t>& begins,
                  const ReadReport& report);
  void choose_sizes(std::int64_t most_in_chunk);
  void load_all(const Ensemble& ensemble, const ReadReport& report);
  void find_densities(const std::vector<std::int64_t>& begins);
  at::Tensor load(int chunk, const phonons::RealBlochBasis::Slab& slab, int which) const;

  std::vector<TrialDensity> generating_;
  phonons::RealBlochBasis basis_;
  at::Device device_;
  std::int64_t chunk_size_ = 0, block_size_ = 0;
  Pairing pairing_;
  std::vector<std::int64_t> order_;
  std::vector<at::Tensor> chunks_;  // [2, M, c] each, unless streaming
  std::shared_ptr<ScratchFile> scratch_;
  at::Tensor energies_, stresses_, virials_, folded_displacements_, folded_forces_, log_density_, mask_;
  double mean_energy_ = 0;
  Eigen::Vector3d variance_ratio_ = Eigen::Vector3d::Ones();
};

}  // namespace zeropoint::sscha
