#include "phonons/phonopy/hdf5.hpp"

#include <ATen/ops/empty.h>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "phonons/phonopy/units.hpp"

namespace zeropoint::phonons {
namespace {

using RowMajor3 = Eigen::Matrix<double, 3, 3, Eigen::RowMajor>;

}  // namespace

PhonopyForceConstants read_force_constants_hdf5(const std::string& path, const PhonopyCells& cells, double unit,
                                                const UnitSet& units) {
  const Hdf5File file = Hdf5File::open(path);
  const std::string name = file.has("force_constants") ? "force_constants" : "fc2";
  if (!file.has(name))
    throw InputError{"{}: neither 'force_constants' nor 'fc2' is in it: no force constants of phonopy", path};
  const std::vector<std::int64_t> shape = file.shape(name);
  const std::int64_t n_atoms = cells.supercell.n_atoms(), n_primitive = cells.primitive.n_atoms();
  if (shape.size() != 4 || (shape[0] != n_atoms && shape[0] != n_primitive) || shape[1] != n_atoms || shape[2] != 3 ||
      shape[3] != 3) {
    throw InputError{
        "{}: '{}' is {}, for {} atoms of the supercell and {} of the primitive cell {} x {} x 3 x 3 is expected: the "
        "file "
        "belongs to another calculation",
        path,
        name,
        fmt::join(shape, " x "),
        n_atoms,
        n_primitive,
        n_primitive,
        n_atoms};
  }
  if (file.has("physical_unit")) unit = phonopy_unit(file.read_strings("physical_unit").at(0), units);
  PhonopyForceConstants result{cells.p2s, {}};
  if (shape[0] == n_atoms) {
    result.rows.clear();
    for (int i = 0; i < n_atoms; ++i) result.rows.push_back(i);
  } else if (file.has("p2s_map")) {
    const Eigen::VectorXd map = file.read_vector("p2s_map");
    for (std::size_t p = 0; p < cells.p2s.size(); ++p) {
      if (map.size() == n_primitive && map[static_cast<Eigen::Index>(p)] == cells.p2s[p]) continue;
      throw InputError{
          "{}: p2s_map takes primitive atom {} for another atom of the supercell than {}, where its first copy stands: "
          "the file "
          "belongs to another calculation, or primitive_matrix has changed",
          path, p + 1, cells.p2s[p]};
    }
  }
  const at::Tensor values = file.read(name).to(at::kDouble).contiguous();
  const double* const numbers = values.const_data_ptr<double>();
  for (std::int64_t k = 0; k < shape[0] * n_atoms; ++k) {
    result.elements.emplace_back(unit * Eigen::Map<const RowMajor3>(numbers + 9 * k));
    if (!result.elements.back().allFinite()) {
      throw InputError{"{}: '{}' holds NaN or infinity between atoms {} and {}: the calculation that wrote it failed",
                       path, name, result.rows[k / n_atoms] + 1, k % n_atoms + 1};
    }
  }
  return result;
}

void write_force_constants_hdf5(const std::string& path, const PhonopyForceConstants& constants,
                                const PhonopyCells& cells) {
  const auto n_rows = static_cast<std::int64_t>(constants.rows.size());
  const std::int64_t n_atoms = cells.supercell.n_atoms();
  at::Tensor values = at::empty({n_rows, n_atoms, 3, 3}, at::kDouble);
  double* out = values.mutable_data_ptr<double>();
  for (const Eigen::Matrix3d& element : constants.elements) {
    Eigen::Map<RowMajor3>{out} = element;
    out += 9;
  }
  at::Tensor map = at::empty({cells.primitive.n_atoms()}, at::kLong);
  for (std::size_t p = 0; p < cells.p2s.size(); ++p) map.mutable_data_ptr<std::int64_t>()[p] = cells.p2s[p];
  Hdf5File file = Hdf5File::create(path, {.filetype = "phonopy force constants"});
  file.write("force_constants", values, "eV/angstrom^2", "row_atom,column_atom,row_xyz,column_xyz");
  file.write("p2s_map", map, "", "primitive_atom");
  file.write("physical_unit", std::vector<std::string>{"eV/angstrom^2"}, "");
  file.close();
}

}  // namespace zeropoint::phonons
