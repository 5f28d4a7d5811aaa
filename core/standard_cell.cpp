#include "core/standard_cell.hpp"

#include <spglib.h>

#include <memory>

#include "core/error.hpp"
#include "core/spglib_cell.hpp"

namespace zeropoint {

using RowMajor = Eigen::Matrix<double, 3, 3, Eigen::RowMajor>;

StandardCell find_standard_cell(const Crystal& crystal, double tolerance) {
  SpglibCell cell(crystal);
  const std::unique_ptr<SpglibDataset, decltype(&spg_free_dataset)> dataset(
      spg_get_dataset(cell.lattice, cell.position_rows(), cell.types.data(), crystal.n_atoms(), tolerance),
      &spg_free_dataset);
  if (!dataset) {
    throw InputError{"spglib finds no space group within {} angstrom ({}): try another tolerance", tolerance,
                     spg_get_error_message(spg_get_error_code())};
  }
  // spglib: (a b c) = (a_s b_s c_s) P with vectors in columns; ours stand in rows.
  const Eigen::Matrix3d p = Eigen::Map<const RowMajor>(&dataset->transformation_matrix[0][0]);
  return {dataset->spacegroup_number, dataset->international_symbol,
          Eigen::Map<const RowMajor>(&dataset->std_lattice[0][0]).transpose(),
          ((6 * p.transpose()).array().round() / 6).matrix()};
}

Eigen::Matrix3d niggli_cell(const Eigen::Matrix3d& cell, double tolerance) {
  RowMajor columns = cell.transpose();
  if (spg_niggli_reduce(reinterpret_cast<double (*)[3]>(columns.data()), tolerance) == 0) {
    throw InputError{"the Niggli reduction of the cell fails ({})", spg_get_error_message(spg_get_error_code())};
  }
  return columns.transpose();
}

}  // namespace zeropoint
