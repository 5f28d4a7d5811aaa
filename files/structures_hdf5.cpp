#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "files/dft_output.hpp"

namespace zeropoint {
namespace {

/// float64, contiguous. @throws InputError for another shape.
at::Tensor array_of(const Hdf5File& file, const std::string& name, at::IntArrayRef shape) {
  if (file.shape(name) != shape.vec()) {
    throw InputError{"{}: {} has the shape [{}], [{}] expected: the file is damaged", file.path(), name,
                     fmt::join(file.shape(name), ", "), fmt::join(shape, ", ")};
  }
  return file.read(name).to(at::kDouble).contiguous();
}

}  // namespace

LabelledStructures read_structures_hdf5(const std::string& path, const LabelLimits& limits) {
  using Matrix = Eigen::Matrix<double, 3, 3, Eigen::RowMajor>;
  const Hdf5File file = Hdf5File::open(path, structures_filetype);
  std::vector<std::pair<double, LabelledStructure>> accepted;
  LabelledStructures all;
  for (const std::string& group : file.names()) {
    const std::vector<std::string> species = file.read_strings(group + "/species"),
                                   sources = file.read_strings(group + "/sources");
    const std::int64_t n_atoms = static_cast<std::int64_t>(species.size()),
                       n = static_cast<std::int64_t>(sources.size());
    const auto array = [&](const char* name, std::vector<std::int64_t> shape) {
      shape.insert(shape.begin(), n);
      return array_of(file, group + "/" + name, shape);
    };
    const at::Tensor cells = array("cells", {3, 3}), positions = array("positions", {n_atoms, 3}),
                     forces = array("forces", {n_atoms, 3}), energies = array("energies", {}),
                     places = array("places", {});
    const at::Tensor stresses = file.has(group + "/stresses") ? array("stresses", {3, 3}) : at::Tensor();
    const auto row = [](const at::Tensor& values, std::int64_t frame) {
      return values.const_data_ptr<double>() + frame * values.stride(0);
    };
    for (std::int64_t frame = 0; frame < n; ++frame) {
      LabelledStructure structure;
      structure.species = species;
      structure.source = sources[frame];
      structure.cell = Eigen::Map<const Matrix>(row(cells, frame));
      structure.positions = Eigen::Map<const Vectors>(row(positions, frame), n_atoms, 3);
      structure.forces = Eigen::Map<const Vectors>(row(forces, frame), n_atoms, 3);
      structure.energy = *row(energies, frame);
      if (stresses.defined()) structure.stress = Eigen::Map<const Matrix>(row(stresses, frame));
      try {
        check(structure, limits);
        accepted.emplace_back(*row(places, frame), std::move(structure));
      } catch (const InputError& error) {
        all.refused.push_back({fmt::format("{}, {}", path, sources[frame]), error.what()});
      }
    }
  }
  std::ranges::stable_sort(accepted, {},
                           [](const auto& entry) { return std::isfinite(entry.first) ? entry.first : 0; });
  for (auto& [place, structure] : accepted) all.accepted.push_back(std::move(structure));
  return all;
}

}  // namespace zeropoint
