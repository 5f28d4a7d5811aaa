#include "files/ensemble.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <filesystem>
#include <set>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "files/ensemble_formats.hpp"
#include "files/ensemble_reader.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t block = 256;  // configurations that one thread reads at a time

/// Calls body(begin, end) for blocks of [0, n); when several fail, the failure of the first block is thrown.
template <class Body>
void for_blocks(std::int64_t n, Body&& body) {
  const std::int64_t n_blocks = (n + block - 1) / block;
  std::vector<std::exception_ptr> failures(static_cast<std::size_t>(n_blocks));
  parallel_for(n_blocks, [&](std::int64_t b) {
    try {
      body(b * block, std::min(n, (b + 1) * block));
    } catch (...) {
      failures[b] = std::current_exception();
    }
  });
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

bool all_finite(const double* values, std::int64_t n) {
  double sum = 0;  // of zeros and NaN: no branch in the loop
  for (std::int64_t i = 0; i < n; ++i) sum += values[i] * 0.0;
  return sum == 0;
}

/// Throws for the first number in [begin, end) configurations that is not finite; `per_atom`: rows are atoms.
void check_finite(const double* values, std::int64_t begin, std::int64_t end, std::int64_t row, const char* what,
                  bool per_atom, std::int64_t first, const std::string& source) {
  if (all_finite(values + begin * row, (end - begin) * row)) return;
  for (std::int64_t c = begin; c < end; ++c) {
    for (std::int64_t k = 0; k < row; ++k) {
      const double value = values[c * row + k];
      if (std::isfinite(value)) continue;
      const std::string where = per_atom ? fmt::format("configuration {}, atom {}", first + c, k / 3 + 1)
                                         : fmt::format("configuration {}", first + c);
      throw InputError{"{}: {}: {} = {} (not a finite number): compute it again or take the configuration out", source,
                       where, what, value};
    }
  }
}

void check_shapes(const Configurations& c, const std::string& source) {
  const bool shaped = c.displacements.defined() && c.displacements.dim() == 3 && c.displacements.size(2) == 3 &&
                      c.energies.defined() && c.energies.dim() == 1 && c.energies.size(0) == c.displacements.size(0) &&
                      c.forces.defined() && c.forces.sizes() == c.displacements.sizes() &&
                      (!c.stresses.defined() || (c.stresses.dim() == 3 && c.stresses.size(0) == c.energies.size(0) &&
                                                 c.stresses.size(1) == 3 && c.stresses.size(2) == 3));
  if (!shaped) {
    throw InputError{
        "{}: displacements and forces must be [n, n_atoms, 3], energies [n], stresses [n, 3, 3] with the same n",
        source};
  }
  for (const at::Tensor* tensor : {&c.displacements, &c.energies, &c.forces, &c.stresses}) {
    if (tensor->defined() && (tensor->scalar_type() != at::kDouble || !tensor->device().is_cpu())) {
      throw InputError{"{}: configurations must be float64 on the CPU", source};
    }
  }
}

/// Where an atom may be. Real ensembles go beyond half the shortest distance d: hydrogen of ice XI reaches 0.64 d,
/// caesium of CsPbI3 at 450 K 0.51 d. A wrong order or a wrapped position moves an atom by d or more, and in most
/// configurations.
struct Reach {
  double farthest;       ///< angstrom, for any one displacement: d, and never so little that free rotors pass it
  double farthest_mean;  ///< angstrom, for the mean over a piece, which is near zero by construction

  explicit Reach(double shortest) : farthest(std::max(shortest, 1.5)), farthest_mean(0.5 * shortest) {}
};

const char* const order_advice =
    "atoms in another order, positions wrapped into the cell, another reference structure, or another unit of length. "
    "Atoms "
    "must follow the supercell (i1 slowest, i3, then the unit-cell atom fastest), unwrapped";

void check_displacements(const double* u, std::int64_t n, std::int64_t n_atoms, double shortest, std::int64_t first,
                         const std::string& source) {
  const Reach reach{shortest};
  for_blocks(n, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin * n_atoms; row < end * n_atoms; ++row) {
      const double* d = u + 3 * row;
      const double squared = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
      if (squared <= reach.farthest * reach.farthest) continue;
      throw InputError{
          "{}: configuration {}, atom {} is {:.4f} angstrom from its site (the shortest interatomic distance is "
          "{:.4f}): {}",
          source,
          first + row / n_atoms,
          row % n_atoms + 1,
          std::sqrt(squared),
          shortest,
          order_advice};
    }
  });
  constexpr std::int64_t enough_for_a_mean = 16;
  if (n < enough_for_a_mean) return;
  std::vector<double> lengths(static_cast<std::size_t>(n_atoms)), errors(lengths);
  parallel_for(n_atoms, [&](std::int64_t atom) {
    double mean[3] = {}, square = 0;
    for (std::int64_t c = 0; c < n; ++c) {
      const double* d = u + 3 * (c * n_atoms + atom);
      for (int k = 0; k < 3; ++k) mean[k] += d[k] / static_cast<double>(n);
      square += (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]) / static_cast<double>(n);
    }
    const auto a = static_cast<std::size_t>(atom);
    lengths[a] = std::hypot(mean[0], mean[1], mean[2]);
    errors[a] = std::sqrt(std::max(0.0, square - lengths[a] * lengths[a]) / static_cast<double>(n));
  });
  for (std::size_t atom = 0; atom < lengths.size(); ++atom) {
    if (lengths[atom] - 4 * errors[atom] <= reach.farthest_mean) continue;
    throw InputError{
        "{}: configurations {} to {}: atom {} is on average {:.4f} angstrom from its site (the shortest "
        "interatomic distance is {:.4f}): {}",
        source,
        first,
        first + n - 1,
        atom + 1,
        lengths[atom],
        shortest,
        order_advice};
  }
}

/// The checks of one piece; `shortest` interatomic distance, angstrom.
void check_numbers(const Configurations& configurations, double shortest, std::int64_t first,
                   const std::string& source) {
  const std::int64_t n = configurations.size(), n_atoms = configurations.displacements.size(1);
  const at::Tensor u = configurations.displacements.contiguous(), e = configurations.energies.contiguous(),
                   f = configurations.forces.contiguous();
  const at::Tensor s = configurations.stresses.defined() ? configurations.stresses.contiguous() : at::Tensor{};
  for_blocks(n, [&](std::int64_t begin, std::int64_t end) {
    check_finite(u.const_data_ptr<double>(), begin, end, 3 * n_atoms, "displacement", true, first, source);
    check_finite(e.const_data_ptr<double>(), begin, end, 1, "energy", false, first, source);
    check_finite(f.const_data_ptr<double>(), begin, end, 3 * n_atoms, "force", true, first, source);
    if (s.defined()) check_finite(s.const_data_ptr<double>(), begin, end, 9, "stress", false, first, source);
  });
  check_displacements(u.const_data_ptr<double>(), n, n_atoms, shortest, first, source);
}

class MemoryEnsemble : public Ensemble {
 public:
  MemoryEnsemble(Configurations configurations, std::string description)
      : configurations_(std::move(configurations)), description_(std::move(description)) {}

  std::int64_t size() const override { return configurations_.size(); }
  bool has_stresses() const override { return configurations_.stresses.defined(); }
  std::string description() const override { return description_; }
  bool in_memory() const override { return true; }
  Configurations read(std::int64_t begin, std::int64_t end) const override {
    if (begin < 0 || begin > end || end > size()) {
      throw InternalError{"{}: configurations {} to {} of {} asked for", description_, begin, end, size()};
    }
    Configurations piece{configurations_.displacements.slice(0, begin, end),
                         configurations_.energies.slice(0, begin, end),
                         configurations_.forces.slice(0, begin, end),
                         {}};
    if (has_stresses()) piece.stresses = configurations_.stresses.slice(0, begin, end);
    return piece;
  }

 private:
  Configurations configurations_;
  std::string description_;
};

/// Populations that the file names of a folder tell.
std::set<int> populations_in(const std::string& folder) {
  std::set<int> found;
  for (const auto& file : fs::directory_iterator(folder)) {
    const std::string name = file.path().filename().string();
    for (const char* start : {"energies_supercell_population", "energies_pop", "xats_pop"}) {
      if (!name.starts_with(start)) continue;
      const std::string number = name.substr(std::string(start).size());
      if (!number.empty() && std::isdigit(static_cast<unsigned char>(number[0])) && number.size() < 12) {
        found.insert(std::atoi(number.c_str()));
      }
    }
  }
  return found;
}

[[noreturn]] void nothing_found(const EnsembleSource& source) {
  if (!fs::is_directory(source.path)) {
    throw InputError{"{}: not an ensemble: give a folder (npy or text), a .h5 or an .extxyz file", source.path};
  }
  std::vector<std::string> looked_for;
  for (const EnsembleFormat& format : ensemble_formats()) {
    if (!format.looked_for.empty())
      looked_for.push_back(fmt::format(fmt::runtime(format.looked_for), source.population));
  }
  const std::string last = looked_for.back();
  looked_for.pop_back();
  const std::set<int> others = populations_in(source.path);
  const std::string there = !others.empty()
                                ? fmt::format("There are populations {}: set population.", fmt::join(others, ", "))
                            : fs::is_empty(source.path) ? "The folder is empty."
                                                        : "The folder holds other files.";
  throw InputError{"{}: no ensemble of population {}. Looked for {} and {}. {}",
                   source.path,
                   source.population,
                   fmt::join(looked_for, ", "),
                   last,
                   there};
}

}  // namespace

std::unique_ptr<Ensemble> open_ensemble(const EnsembleSource& source, const Supercell& reference,
                                        const UnitSet& units) {
  std::error_code ignored;
  if (!fs::exists(source.path, ignored)) throw IoError{"{}: no such file or folder", source.path};
  for (const EnsembleFormat& format : ensemble_formats()) {
    if (format.recognises(source)) return format.open(source, reference, units);
  }
  nothing_found(source);
}

std::unique_ptr<Ensemble> ensemble_in_memory(Configurations configurations, std::string description) {
  check_shapes(configurations, description);
  return std::make_unique<MemoryEnsemble>(std::move(configurations), std::move(description));
}

void check(const Configurations& configurations, const Supercell& reference, std::int64_t first,
           const std::string& source) {
  check_shapes(configurations, source);
  if (const std::int64_t n_atoms = configurations.displacements.size(1); n_atoms != reference.n_atoms()) {
    throw InputError{"{}: {} atoms, the supercell has {}: check the matrices and their grid", source, n_atoms,
                     reference.n_atoms()};
  }
  check_numbers(configurations, shortest_distance(reference.unit_cell()), first, source);
}

FileEnsemble::FileEnsemble(const EnsembleSource& source, const Supercell& reference, std::string description)
    : source_(source),
      reference_(reference),
      description_(std::move(description)),
      shortest_distance_(shortest_distance(reference.unit_cell())) {
  const Vectors positions = reference.crystal().positions;
  positions_.assign(positions.data(), positions.data() + positions.size());
}

void FileEnsemble::set_size(std::int64_t available) {
  if (available == 0) throw InputError{"{}: no configurations in it", source_.path};
  if (source_.n_configurations > available || source_.n_configurations < 0) {
    throw InputError{"{}: n_configurations = {}, but there are {}: set it to at most {}, or 0 for all", source_.path,
                     source_.n_configurations, available, available};
  }
  n_configurations_ = source_.n_configurations > 0 ? source_.n_configurations : available;
}

void FileEnsemble::find_stresses(const std::function<void(std::int64_t, std::int64_t, double*)>& read) {
  std::vector<double> stresses(9 * block);
  for (std::int64_t begin = 0; begin < n_configurations_ && !has_stresses_; begin += block) {
    const std::int64_t end = std::min(begin + block, n_configurations_);
    read(begin, end, stresses.data());
    has_stresses_ =
        std::any_of(stresses.begin(), stresses.begin() + 9 * (end - begin), [](double s) { return s != 0; });
  }
}

Configurations Configurations::on(at::Device device) const {
  return {displacements.to(device), energies.to(device), forces.to(device),
          stresses.defined() ? stresses.to(device) : at::Tensor()};
}

Configurations FileEnsemble::read(std::int64_t begin, std::int64_t end) const {
  if (begin < 0 || begin > end || end > size()) {
    throw InternalError{"{}: configurations {} to {} of {} asked for", description_, begin, end, size()};
  }
  const std::int64_t n = end - begin, n_numbers = 3 * n_atoms();
  Configurations all{at::empty({n, n_atoms(), 3}, at::kDouble),
                     at::empty({n}, at::kDouble),
                     at::empty({n, n_atoms(), 3}, at::kDouble),
                     {}};
  if (has_stresses_) all.stresses = at::empty({n, 3, 3}, at::kDouble);
  double* const u = all.displacements.mutable_data_ptr<double>();
  double* const e = all.energies.mutable_data_ptr<double>();
  double* const f = all.forces.mutable_data_ptr<double>();
  double* const s = has_stresses_ ? all.stresses.mutable_data_ptr<double>() : nullptr;
  for_blocks(n, [&](std::int64_t b, std::int64_t b_end) {
    load(begin + b, begin + b_end, {u + b * n_numbers, e + b, f + b * n_numbers, s ? s + 9 * b : nullptr});
    for (std::int64_t c = b; c < b_end; ++c) e[c] -= source_.reference_energy;
  });
  check_numbers(all, shortest_distance_, begin + 1, source_.path);
  return all;
}

}  // namespace zeropoint
