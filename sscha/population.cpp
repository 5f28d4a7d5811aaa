#include "sscha/population.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numeric>

#include "core/device.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "files/merged_ensemble.hpp"
#include "sscha/antithetic_pairs.hpp"
#include "sscha/device_loop.hpp"
#include "sscha/weights.hpp"

namespace zeropoint::sscha {
namespace {

using phonons::RealBlochBasis;

constexpr int jackknife_blocks = 32;
constexpr std::int64_t reading_piece = 1024;

at::Tensor rows_like(const at::Tensor& model, std::int64_t n_rows) {
  std::vector<std::int64_t> sizes = model.sizes().vec();
  sizes[0] = n_rows;
  return at::empty(sizes, at::kDouble);
}

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

/// Reads everything, several pieces at once.
Configurations read_all(const Ensemble& ensemble, ReadCount& count) {
  const std::int64_t n = ensemble.size();
  Configurations all;
  const Configurations first = ensemble.read(0, std::min(n, reading_piece));
  all.displacements = rows_like(first.displacements, n);
  all.forces = rows_like(first.forces, n);
  all.energies = rows_like(first.energies, n);
  if (ensemble.has_stresses()) all.stresses = rows_like(first.stresses, n);
  parallel_for((n + reading_piece - 1) / reading_piece, [&](std::int64_t piece) {
    const std::int64_t begin = piece * reading_piece, end = std::min(n, begin + reading_piece);
    const Configurations part = piece == 0 ? first : ensemble.read(begin, end);
    all.displacements.slice(0, begin, end).copy_(part.displacements);
    all.forces.slice(0, begin, end).copy_(part.forces);
    all.energies.slice(0, begin, end).copy_(part.energies);
    if (all.stresses.defined()) all.stresses.slice(0, begin, end).copy_(part.stresses);
    count.add(end - begin);
  });
  return all;
}

/// Configurations order[begin], ..., order[end - 1], read in runs of neighbours.
Configurations read_in_order(const Ensemble& ensemble, const std::vector<std::int64_t>& order, std::int64_t begin,
                             std::int64_t end) {
  std::vector<std::int64_t> wanted(order.begin() + begin, order.begin() + end);
  if (std::adjacent_find(wanted.begin(), wanted.end(), [](auto a, auto b) { return b != a + 1; }) == wanted.end()) {
    return ensemble.read(wanted.front(), wanted.back() + 1);
  }
  std::vector<std::int64_t> sorted = wanted;
  std::sort(sorted.begin(), sorted.end());
  std::vector<Configurations> runs;
  for (std::size_t i = 0; i < sorted.size();) {
    std::size_t j = i + 1;
    while (j < sorted.size() && sorted[j] == sorted[j - 1] + 1) ++j;
    runs.push_back(ensemble.read(sorted[i], sorted[j - 1] + 1));
    i = j;
  }
  at::Tensor position = at::empty({static_cast<std::int64_t>(wanted.size())}, at::kLong);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    position.data_ptr<std::int64_t>()[i] = std::lower_bound(sorted.begin(), sorted.end(), wanted[i]) - sorted.begin();
  }
  const auto gather = [&](at::Tensor Configurations::* member) {
    std::vector<at::Tensor> parts;
    for (const Configurations& run : runs) parts.push_back(run.*member);
    return at::cat(parts, 0).index_select(0, position);
  };
  Configurations result;
  result.displacements = gather(&Configurations::displacements);
  result.energies = gather(&Configurations::energies);
  result.forces = gather(&Configurations::forces);
  if (ensemble.has_stresses()) result.stresses = gather(&Configurations::stresses);
  return result;
}

void check_same_crystal(const TrialDensity& first, const TrialDensity& other, const std::string& where) {
  const Crystal &a = first.matrices().crystal, &b = other.matrices().crystal;
  if (a.species != b.species || first.matrices().grid.divisions() != other.matrices().grid.divisions()) {
    throw InputError{
        "{}: {} atoms ({}) on another grid or in another order than those of the first population ({}): only "
        "populations of one supercell can be merged",
        where, b.n_atoms(), b.formula(), a.formula()};
  }
  constexpr double same_cell = 1e-4;  // angstrom
  if (const double off = (a.cell - b.cell).cwiseAbs().maxCoeff(); !(off < same_cell)) {
    throw InputError{
        "{}: its cell differs by {:.4f} angstrom from that of the first population: only populations of one cell "
        "can be merged, minimise each volume by itself",
        where, off};
  }
}

/// The same density with its q points in the order of `first`: frames are indexed by them.
TrialDensity with_points_of(TrialDensity density, const TrialDensity* first) {
  if (!first || density.matrices().grid.points() == first->matrices().grid.points()) return density;
  phonons::DynamicalMatrices matrices = first->matrices();
  matrices.crystal = density.matrices().crystal;
  for (int iq = 0; iq < matrices.grid.size(); ++iq) {
    const int found = density.matrices().grid.find(matrices.grid.points()[iq]);
    matrices.blocks[iq] = density.matrices().blocks.at(static_cast<std::size_t>(found));
  }
  return {std::move(matrices), density.temperature(), density.units()};
}

}  // namespace

Population::Population(const Ensemble& ensemble, TrialDensity generating, const PopulationOptions& options)
    : Population({PopulationPart{&ensemble, std::move(generating)}}, options) {}

Population::Population(std::vector<PopulationPart> parts, const PopulationOptions& options)
    : basis_(parts.at(0).generating.matrices().grid, parts.at(0).generating.matrices().n_modes()),
      device_(options.device) {
  std::vector<const Ensemble*> ensembles;
  std::vector<Vectors> shifts;
  std::vector<std::int64_t> begins;
  for (PopulationPart& part : parts) {
    if (part.ensemble->size() < 2) {
      throw InputError{"{} has {} configuration: at least 2 are needed for an average with an error",
                       part.ensemble->description(), part.ensemble->size()};
    }
    if (!generating_.empty()) check_same_crystal(generating_[0], part.generating, part.ensemble->description());
    generating_.push_back(with_points_of(std::move(part.generating), generating_.empty() ? nullptr : &generating_[0]));
    shifts.push_back(generating_.back().matrices().crystal.positions - generating_[0].matrices().crystal.positions);
    ensembles.push_back(part.ensemble);
    begins.push_back(pairing_.n_config);
    pairing_.n_config += part.ensemble->size();
  }
  begins.push_back(pairing_.n_config);
  const std::int64_t n = pairing_.n_config;
  const std::unique_ptr<Ensemble> merged = merged_ensemble(ensembles, shifts);
  choose_sizes(options.chunk_size);
  const std::int64_t bytes = 2 * n * basis_.n_rows() * static_cast<std::int64_t>(sizeof(double));
  const std::int64_t limit = options.memory_limit > 0 ? options.memory_limit : available_memory(device_) / 2;
  if (bytes > limit) {
    scratch_ = std::make_shared<ScratchFile>();
    ReadCount count(options, 2 * n);
    const auto read = [&](std::int64_t n_read) { count.add(n_read); };
    find_order(*merged, begins, read);
    load_all(*merged, read);
  } else {
    ReadCount count(options, n);
    const std::unique_ptr<Ensemble> in_memory = ensemble_in_memory(read_all(*merged, count), merged->description());
    find_order(*in_memory, begins);
    load_all(*in_memory);
  }
  mean_energy_ = energies_.mean().item<double>();
  energies_ = energies_ - mean_energy_;
  if (stresses_.defined() && stresses_.abs().max().item<double>() == 0) stresses_ = at::Tensor();
  std::vector<at::Tensor> log_densities;
  for (std::size_t k = 0; k < generating_.size(); ++k) {
    const double fraction = static_cast<double>(begins[k + 1] - begins[k]) / static_cast<double>(n);
    log_densities.push_back(values_under(*this, generating_[k]).log_density.add(std::log(fraction)));
  }
  log_density_ = log_densities.size() == 1 ? log_densities[0] : at::logsumexp(at::stack(log_densities), 0);
  for (int k = 0; k < n_parts(); ++k) {
    Eigen::Vector3d ratio = Eigen::Vector3d::Ones();
    const std::string complaint = compare_with_generator(k, ratio);
    if (k == 0) variance_ratio_ = ratio;
    if (options.check_generator && !complaint.empty()) {
      throw GeneratorMismatch{"{}: {}", ensembles[k]->description(), complaint};
    }
  }
}

Population Population::without_blocks(int first, int last) const {
  Population result = *this;
  result.mask_ = mask_.defined() ? mask_.clone() : at::ones_like(energies_);
  result.mask_.slice(0, first * block_size_, std::min(size(), last * block_size_)).zero_();
  return result;
}

void Population::find_order(const Ensemble& ensemble, const std::vector<std::int64_t>& begins,
                            const ReadReport& report_read) {
  const std::int64_t n = ensemble.size();
  const at::Tensor directions = pair_directions(basis_.n_rows());
  const at::Tensor hashes = at::empty({n, directions.size(1)}, at::kDouble);
  parallel_for((n + reading_piece - 1) / reading_piece, [&](std::int64_t piece) {
    const std::int64_t begin = piece * reading_piece, end = std::min(n, begin + reading_piece);
    hashes.slice(0, begin, end)
        .copy_(ensemble.read(begin, end).displacements.reshape({end - begin, -1}).mm(directions));
    if (report_read) report_read(end - begin);
  });

  // Partners are opposite as seen from the centroids of their own part.
  std::vector<Partners> partners;
  std::vector<std::size_t> n_pairs, n_singles;
  const Vectors& reference = generating_[0].matrices().crystal.positions;
  for (std::size_t k = 0; k < generating_.size(); ++k) {
    const Vectors shift = (generating_[k].matrices().crystal.positions - reference)
                              .replicate(basis_.n_rows() / (3 * reference.rows()), 1);
    const at::Tensor move =
        at::from_blob(const_cast<double*>(shift.data()), {1, shift.size()}, at::kDouble).mm(directions);
    partners.push_back(find_partners(hashes.slice(0, begins[k], begins[k + 1]).sub(move)));
    n_pairs.push_back(partners.back().pairs.size());
    n_singles.push_back(partners.back().singles.size());
  }
  std::vector<std::vector<std::int64_t>> configurations(generating_.size()), samples(generating_.size());
  std::int64_t sample = 0;
  const auto add = [&](std::size_t part, std::int64_t configuration) {
    configurations[part].push_back(static_cast<std::int64_t>(order_.size()));
    order_.push_back(begins[part] + configuration);
  };
  for (const auto& [part, i] : evenly_mixed(n_pairs)) {
    add(part, partners[part].pairs[i].first);
    add(part, partners[part].pairs[i].second);
    samples[part].push_back(sample++);
  }
  pairing_.n_pairs = sample;
  for (const auto& [part, i] : evenly_mixed(n_singles)) {
    add(part, partners[part].singles[i]);
    samples[part].push_back(sample++);
  }
  if (generating_.size() == 1) return;
  for (std::size_t k = 0; k < generating_.size(); ++k) {
    pairing_.configurations_of_part.push_back(at::tensor(configurations[k]).to(device_));
    pairing_.samples_of_part.push_back(at::tensor(samples[k]).to(device_));
  }
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

void Population::load_all(const Ensemble& ensemble, const ReadReport& report_read) {
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
    const at::Tensor both = at::stack({basis_.transform(u), basis_.transform(f)});
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
    if (report_read) report_read(chunk_end(chunk) - chunk_begin(chunk));
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

std::string Population::compare_with_generator(int part, Eigen::Vector3d& variance_ratio) const {
  const TrialDensity& density = generating_[part];
  const std::vector<TrialDensity::Frame> frames = density.frames(basis_, device_);
  const std::vector<Eigen::MatrixXcd> to_forces = density.force_frame();
  const int n_chunks_used = std::min(n_chunks(), 4);
  // Configurations of the part count 1, others 0.
  at::Tensor counts_here = at::ones_like(energies_);
  if (n_parts() > 1) {
    counts_here.zero_();
    counts_here.index_fill_(0, pairing_.configurations_of_part[part], 1);
  }
  const double n_used = counts_here.slice(0, 0, chunk_end(n_chunks_used - 1)).sum().item<double>();
  if (n_used < 2) return {};
  const at::Tensor shift = centroid_shift(*this, density);
  std::vector<double> ratios, slopes;
  for (std::size_t at = 0; at < basis_.slabs().size(); ++at) {
    const RealBlochBasis::Slab& slab = basis_.slabs()[at];
    const at::Tensor force_frame = basis_.real_blocks(to_forces, slab).to(device_);
    at::Tensor squares = at::zeros({slab.n_rows()}, frames[at].forms.options());
    at::Tensor products = at::zeros_like(squares);
    for (int chunk = 0; chunk < n_chunks_used; ++chunk) {
      const at::Tensor count = counts_here.slice(0, chunk_begin(chunk), chunk_end(chunk));
      at::Tensor u = displacements(chunk, slab);
      if (part > 0 && slab.first_block == 0) {
        u = u.clone();
        u.select(0, 0).sub_(shift.unsqueeze(1));
      }
      const at::Tensor y = at::bmm(frames[at].to_modes, u).mul(count);
      squares += y.square().sum(2).view(-1);
      products += (at::bmm(force_frame, forces(chunk, slab)) * y).sum(2).view(-1);
    }
    // f^Phi = -omega^2 a^2 y in this frame, and forms[1] = omega^2 a^2 / 2.
    const at::Tensor harmonic = frames[at].forms.select(1, 1).reshape(-1) * 2;
    const at::Tensor ratio = (squares / n_used).cpu();
    const at::Tensor slope = (-products / (harmonic * squares)).cpu();
    const at::Tensor counts = harmonic.cpu();
    for (std::int64_t row = 0; row < slab.n_rows(); ++row) {
      if (counts.data_ptr<double>()[row] == 0) continue;  // acoustic
      ratios.push_back(ratio.data_ptr<double>()[row]);
      slopes.push_back(slope.data_ptr<double>()[row]);
    }
  }
  if (ratios.empty()) return {};
  const auto [smallest, largest] = std::minmax_element(ratios.begin(), ratios.end());
  const double mean = std::accumulate(ratios.begin(), ratios.end(), 0.0) / static_cast<double>(ratios.size());
  variance_ratio = {mean, *smallest, *largest};
  const double n_samples = n_used * static_cast<double>(pairing_.n_samples()) / static_cast<double>(size());
  const double spread = std::sqrt(2 / n_samples);  // of one mode's variance ratio
  const double mean_spread = spread / std::sqrt(static_cast<double>(ratios.size()));
  if (std::abs(mean - 1) > 0.05 + 10 * mean_spread || *smallest < 1 - 0.3 - 8 * spread ||
      *largest > 1 + 0.3 + 8 * spread) {
    return fmt::format(
        "the sampled variances of the modes are {:.3f} (from {:.3f} to {:.3f}) times those of the generating "
        "matrices at {} K, and should be 1 +- {:.3f} each: these matrices, this temperature or this population did "
        "not generate the ensemble. Give those that did",
        mean, *smallest, *largest, density.temperature(), spread);
  }
  std::nth_element(slopes.begin(), slopes.begin() + static_cast<std::ptrdiff_t>(slopes.size() / 2), slopes.end());
  const double slope = slopes[slopes.size() / 2];
  const double angstrom_per_bohr = density.units().bohr;
  for (const double factor : {angstrom_per_bohr, 1 / angstrom_per_bohr}) {
    if (std::abs(slope / factor - 1) < 0.06) {
      return fmt::format(
          "the forces are {:.4f} times the harmonic ones of the generating matrices, which is {} within 6 %: "
          "they seem to be in {} where {} was expected. Convert them",
          slope, factor < 1 ? "bohr/angstrom" : "angstrom/bohr", factor < 1 ? "Ry/bohr" : "Ry/angstrom",
          factor < 1 ? "Ry/angstrom" : "Ry/bohr");
    }
  }
  return {};
}

}  // namespace zeropoint::sscha
