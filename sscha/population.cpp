#include "sscha/population.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/stack.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "core/device.hpp"
#include "core/error.hpp"
#include "core/tensor_eigen.hpp"
#include "files/merged_ensemble.hpp"
#include "sscha/antithetic_pairs.hpp"
#include "sscha/device_loop.hpp"
#include "sscha/generator_check.hpp"
#include "sscha/weights.hpp"

namespace zeropoint::sscha {
namespace {

using phonons::RealBlochBasis;

constexpr int jackknife_blocks = 32;

/// Tells how many configurations were read, one thread at a time.
class ReadCount {
 public:
  ReadCount(const PopulationOptions& options, std::int64_t total) : progress_(options.progress), total_(total) {
    if (progress_) progress_(0, total_);
  }
  void add(std::int64_t n) {
    if (!progress_) return;
    const std::lock_guard lock(mutex_);
    done_ += n;
    progress_(done_, total_);
  }

 private:
  const std::function<void(std::int64_t, std::int64_t)>& progress_;
  const std::int64_t total_;
  std::int64_t done_ = 0;
  std::mutex mutex_;
};

}  // namespace

Population::Population(const Ensemble& ensemble, TrialDensity generating, const PopulationOptions& options)
    : Population({PopulationPart{&ensemble, std::move(generating)}}, options) {}

Population::Population(std::vector<PopulationPart> parts, const PopulationOptions& options)
    : basis_(parts.at(0).generating.matrices().grid, parts.at(0).generating.matrices().n_modes()),
      device_(options.device) {
  std::vector<const Ensemble*> ensembles;
  std::vector<Vectors> shifts;
  std::vector<std::int64_t> begins{0};
  for (PopulationPart& part : parts) {
    if (part.ensemble->size() < 2) {
      throw InputError{"{} has {} configuration: at least 2 are needed for an average with an error",
                       part.ensemble->description(), part.ensemble->size()};
    }
    if (!generating_.empty()) {
      check_same_crystal(generating_[0], part.generating, part.ensemble->description());
      part.generating = with_points_of(std::move(part.generating), generating_[0]);
    }
    generating_.push_back(std::move(part.generating));
    shifts.push_back(generating_.back().matrices().crystal.positions - generating_[0].matrices().crystal.positions);
    ensembles.push_back(part.ensemble);
    begins.push_back(begins.back() + part.ensemble->size());
  }
  pairing_.n_config = begins.back();
  choose_sizes(options.chunk_size);
  read(ensembles, shifts, begins, options);
  mean_energy_ = energies_.mean().item<double>();
  energies_ = energies_ - mean_energy_;
  if (stresses_.defined() && stresses_.abs().max().item<double>() == 0) stresses_ = at::Tensor();
  find_densities(begins);
  for (int k = 0; k < n_parts(); ++k) {
    const GeneratorCheck check = compare_with_generator(*this, k);
    if (k == 0) variance_ratio_ = check.variance_ratio;
    if (options.check_generator && !check.complaint.empty()) {
      throw GeneratorMismatch{"{}: {}", ensembles[k]->description(), check.complaint};
    }
  }
}

void Population::read(const std::vector<const Ensemble*>& ensembles, const std::vector<Vectors>& shifts,
                      const std::vector<std::int64_t>& begins, const PopulationOptions& options) {
  const std::int64_t n = size();
  const bool alone = ensembles.size() == 1;
  const std::unique_ptr<Ensemble> merged = alone ? nullptr : merged_ensemble(ensembles, shifts);
  const Ensemble& source = alone ? *ensembles[0] : *merged;
  const std::int64_t bytes = 2 * n * basis_.n_rows() * static_cast<std::int64_t>(sizeof(double));
  const std::int64_t limit = options.memory_limit > 0 ? options.memory_limit : available_memory(device_) / 2;
  if (bytes > limit) scratch_ = std::make_shared<ScratchFile>();
  ReadCount count(options, scratch_ ? 2 * n : n);
  const ReadReport report = [&](std::int64_t n_read) { count.add(n_read); };
  if (scratch_) {
    find_order(source, shifts, begins, report);
    load_all(source, report);
  } else if (source.in_memory()) {
    find_order(source, shifts, begins, {});
    load_all(source, report);
  } else {
    const std::unique_ptr<Ensemble> in_memory = ensemble_in_memory(read_all(source, report), source.description());
    find_order(*in_memory, shifts, begins, {});
    load_all(*in_memory, {});
  }
}

void Population::find_order(const Ensemble& ensemble, const std::vector<Vectors>& shifts,
                            const std::vector<std::int64_t>& begins, const ReadReport& report) {
  const at::Tensor directions = pair_directions(basis_.n_rows());
  const at::Tensor along = projections(ensemble, directions, report);
  // Partners are opposite as seen from the centroids of their own part.
  for (std::size_t k = 0; k < shifts.size(); ++k) {
    const Vectors shift = shifts[k].replicate(basis_.n_rows() / (3 * shifts[k].rows()), 1);
    along.slice(0, begins[k], begins[k + 1]).sub_(to_tensor(shift).reshape({1, -1}).mm(directions));
  }
  PopulationOrder found = order_of(along, begins, device_);
  order_ = std::move(found.order);
  pairing_ = std::move(found.pairing);
}

void Population::find_densities(const std::vector<std::int64_t>& begins) {
  std::vector<at::Tensor> parts;
  for (std::size_t k = 0; k < generating_.size(); ++k) {
    const double fraction = static_cast<double>(begins[k + 1] - begins[k]) / static_cast<double>(size());
    parts.push_back(values_under(*this, generating_[k]).log_density.add(std::log(fraction)));
  }
  log_density_ = parts.size() == 1 ? parts[0] : at::logsumexp(at::stack(parts), 0);
}

Population Population::without_blocks(int first, int last) const {
  Population result = *this;
  result.mask_ = mask_.defined() ? mask_.clone() : at::ones_like(energies_);
  result.mask_.slice(0, first * block_size_, std::min(size(), last * block_size_)).zero_();
  return result;
}

void Population::choose_sizes(std::int64_t most_in_chunk) {
  const auto even = [](std::int64_t n) { return (n + 1) / 2 * 2; };  // partners are neighbours and stay together
  const std::int64_t in_block = std::max<std::int64_t>(even((size() + jackknife_blocks - 1) / jackknife_blocks), 2);
  if (in_block <= most_in_chunk) {
    block_size_ = in_block;
    chunk_size_ = most_in_chunk / in_block * in_block;
  } else {
    const std::int64_t chunks_in_block = (in_block + most_in_chunk - 1) / most_in_chunk;
    chunk_size_ = even((in_block + chunks_in_block - 1) / chunks_in_block);
    block_size_ = chunk_size_ * chunks_in_block;
  }
  if (size() <= block_size_) block_size_ = chunk_size_ = std::max<std::int64_t>(size() / 2, 1);
}

void Population::load_all(const Ensemble& ensemble, const ReadReport& report) {
  const std::int64_t n = size();
  const std::size_t n_chunks_all = static_cast<std::size_t>(n_chunks());
  const std::int64_t n_modes = basis_.n_modes();
  if (!scratch_) chunks_.resize(n_chunks_all);
  // Written in place: pieces joined at the end would need the memory twice.
  const auto empty = [&](std::vector<std::int64_t> sizes) {
    return at::empty(sizes, at::TensorOptions(device_).dtype(at::kDouble));
  };
  energies_ = empty({n});
  if (ensemble.has_stresses()) stresses_ = empty({n, 3, 3});
  virials_ = empty({n, 3, 3});
  folded_displacements_ = empty({n, n_modes});
  folded_forces_ = empty({n, n_modes});
  for_each_item(device_, n_chunks(), [&](std::int64_t item) {
    const int chunk = static_cast<int>(item);
    const std::size_t at = static_cast<std::size_t>(item);
    const Configurations part = read_in_order(ensemble, order_, chunk_begin(chunk), chunk_end(chunk));
    const at::Tensor u = part.displacements.to(device_), f = part.forces.to(device_);
    const at::Tensor both = empty({2, basis_.n_rows(), part.size()});
    basis_.transform(u, both.select(0, 0));
    basis_.transform(f, both.select(0, 1));
    const auto put = [&](const at::Tensor& all, const at::Tensor& values) {
      all.slice(0, chunk_begin(chunk), chunk_end(chunk)).copy_(values);
    };
    put(energies_, part.energies);
    if (stresses_.defined()) put(stresses_, part.stresses);
    put(virials_, at::bmm(f.transpose(1, 2), u));
    put(folded_displacements_, both.select(0, 0).slice(0, 0, n_modes).t());
    put(folded_forces_, both.select(0, 1).slice(0, 0, n_modes).t());
    if (scratch_) {
      const at::Tensor host = both.cpu();
      const std::int64_t row_bytes = 2 * basis_.n_rows() * static_cast<std::int64_t>(sizeof(double));
      scratch_->write(chunk_begin(chunk) * row_bytes, host.data_ptr(), host.nbytes());
    } else {
      chunks_[at] = both;
    }
    if (report) report(chunk_end(chunk) - chunk_begin(chunk));
  });
}

at::Tensor Population::load(int chunk, const RealBlochBasis::Slab& slab, int which) const {
  const std::int64_t n_config = chunk_end(chunk) - chunk_begin(chunk);
  if (!scratch_) {
    return chunks_[chunk]
        .select(0, which)
        .slice(0, slab.first_row, slab.first_row + slab.n_rows())
        .view({slab.n_blocks, slab.block_size, n_config});
  }
  at::Tensor rows = at::empty({slab.n_blocks, slab.block_size, n_config}, at::kDouble);
  const std::int64_t first = (2 * chunk_begin(chunk) + which * n_config) * basis_.n_rows() + slab.first_row * n_config;
  scratch_->read(first * static_cast<std::int64_t>(sizeof(double)), rows.data_ptr(), rows.nbytes());
  return rows.to(device_);
}

}  // namespace zeropoint::sscha
