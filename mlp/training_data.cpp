#include "mlp/training_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "core/elements.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/scratch_file.hpp"
#include "mlp/model.hpp"

namespace zeropoint::mlp {
namespace {

/// Fowler, Noll and Vo's hash of bytes, 64 bits.
class Hash {
 public:
  void add(const void* data, std::size_t bytes) {
    const unsigned char* const byte = static_cast<const unsigned char*>(data);
    for (std::size_t i = 0; i < bytes; ++i) value_ = (value_ ^ byte[i]) * 0x100000001b3u;
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325u;
};

}  // namespace

TrainingData::TrainingData(std::vector<LabelledSet> sets, double radial_cutoff, std::vector<std::string> species,
                           std::int64_t memory_limit)
    : species_(std::move(species)), radial_cutoff_(radial_cutoff) {
  const bool find_species = species_.empty();
  for (LabelledSet& set : sets) {
    for (LabelledStructure& structure : set.structures) {
      set_.push_back(static_cast<int>(set_names_.size()));
      structures_.push_back(std::move(structure));
    }
    set_names_.push_back(set.name);
  }
  if (structures_.empty()) throw InputError{"there are no structures: all were refused, or no file was named"};
  for (const LabelledStructure& structure : structures_) {
    for (const std::string& label : structure.species) {
      if (!find_species) break;
      if (const std::string element = element_symbol(label);
          std::find(species_.begin(), species_.end(), element) == species_.end()) {
        species_.push_back(element);
      }
    }
    try {
      numbers_.push_back(species_numbers(structure.species, species_));
    } catch (const InputError& error) {
      throw InputError{"{}: {}", structure.source, error.what()};
    }
  }
  groups_ = find_groups(structures_);

  const std::int64_t limit = memory_limit > 0 ? memory_limit : available_memory() / 4;
  geometries_.resize(size());
  std::int64_t used = 0;
  constexpr std::size_t at_once = 64;
  for (std::size_t begin = 0; begin < size() && all_in_memory_; begin += at_once) {
    const std::size_t count = std::min(at_once, size() - begin);
    parallel_for(static_cast<std::int64_t>(count), [&](std::int64_t k) {
      const std::size_t i = begin + static_cast<std::size_t>(k);
      geometries_[i] = geometry(i);
    });
    for (std::size_t i = begin; i < begin + count; ++i) used += size_in_bytes(*geometries_[i]);
    all_in_memory_ = used < limit;
  }
}

std::shared_ptr<const Geometry> TrainingData::geometry(std::size_t i) const {
  if (geometries_[i]) return geometries_[i];
  const LabelledStructure& structure = structures_[i];
  try {
    return std::make_shared<const Geometry>(
        Geometry{numbers_[i], std::abs(structure.cell.determinant()),
                 find_neighbours(structure.cell, structure.positions, radial_cutoff_)});
  } catch (const Error& error) {
    throw InputError{"{}: {}", structure.source, error.what()};
  }
}

std::string TrainingData::hash() const {
  Hash hash;
  for (const LabelledStructure& structure : structures_) {
    hash.add(structure.cell.data(), 9 * sizeof(double));
    hash.add(structure.positions.data(), static_cast<std::size_t>(structure.positions.size()) * sizeof(double));
    hash.add(structure.forces.data(), static_cast<std::size_t>(structure.forces.size()) * sizeof(double));
    hash.add(&structure.energy, sizeof(double));
    if (structure.stress) hash.add(structure.stress->data(), 9 * sizeof(double));
    for (const std::string& label : structure.species) hash.add(label.data(), label.size() + 1);
  }
  return fmt::format("{:016x}", hash.value());
}

std::vector<double> reference_energies(const TrainingData& data, const std::vector<std::size_t>& of) {
  Eigen::MatrixXd counts =
      Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(of.size()), static_cast<Eigen::Index>(data.species().size()));
  Eigen::VectorXd energies(static_cast<Eigen::Index>(of.size()));
  for (std::size_t k = 0; k < of.size(); ++k) {
    const Eigen::Index row = static_cast<Eigen::Index>(k);
    for (const int z : data.species_of(of[k])) counts(row, z) += 1;
    // Per atom: a large structure is not believed more than a small one.
    const double n_atoms = static_cast<double>(data.species_of(of[k]).size());
    counts.row(row) /= n_atoms;
    energies[row] = data.structure(of[k]).energy / n_atoms;
  }
  Eigen::CompleteOrthogonalDecomposition<Eigen::MatrixXd> decomposition;
  decomposition.setThreshold(1e-10);
  const Eigen::VectorXd solution = decomposition.compute(counts).solve(energies);
  return {solution.begin(), solution.end()};
}

}  // namespace zeropoint::mlp
