#include "phonons/phonopy/cells.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "core/extremes.hpp"
#include "phonons/force_constants.hpp"

namespace zeropoint::phonons {
namespace {

constexpr double same_site = 1e-3;     // angstrom: digits of a file, and of fractions such as 0.333333
constexpr double whole_number = 1e-4;  // of lattice vectors in terms of others
constexpr double same_copies = 0.05;   // of the largest element: what differences of forces may leave

/// `values` rounded. @throws InputError when they are no whole numbers.
Eigen::Matrix3i integers(const Eigen::Matrix3d& values, const std::string& source) {
  if (!((values.array() - values.array().round()).abs().maxCoeff() < whole_number)) {
    throw InputError{
        "{}: the supercell is no whole multiple of the primitive cell: primitive_matrix does not belong to the unit "
        "cell of the file",
        source};
  }
  return values.array().round().cast<int>().matrix();
}

/// The lattice vector by which `to` is ahead of `from`, none when they differ by something else.
std::optional<Eigen::RowVector3i> lattice_step(const Eigen::RowVector3d& from, const Eigen::RowVector3d& to,
                                               const Eigen::Matrix3d& cell, const Eigen::Matrix3d& inverse) {
  const Eigen::RowVector3d step = (to - from) * inverse, whole = step.array().round();
  if (((step - whole) * cell).norm() > same_site) return {};
  return whole.cast<int>();
}

void check_supercell(const Crystal& unit, const Crystal& supercell, const Eigen::Matrix3d& expected,
                     const std::string& source) {
  if (!((supercell.cell - expected).cwiseAbs().maxCoeff() < same_site)) {
    throw InputError{
        "{}: the lattice of the supercell is not the unit cell times supercell_matrix (a_s b_s c_s) = (a b c) M: M is "
        "transposed, or the "
        "blocks are of two calculations",
        source};
  }
  const Eigen::Matrix3d inverse = unit.cell.inverse();
  for (int i = 0; i < supercell.n_atoms(); ++i) {
    bool found = false;
    for (int s = 0; s < unit.n_atoms() && !found; ++s) {
      found = supercell.species[i] == unit.species[s] &&
              lattice_step(unit.positions.row(s), supercell.positions.row(i), unit.cell, inverse);
    }
    if (!found) {
      throw InputError{
          "{}: atom {} ({}) of the supercell is no copy of an atom of the unit cell: the blocks are of two "
          "calculations",
          source, i + 1, supercell.species[i]};
    }
  }
}

}  // namespace

Crystal phonopy_supercell(const Crystal& unit, const Eigen::Matrix3i& supercell_matrix) {
  const Eigen::Matrix3d to_supercell =
      supercell_matrix.transpose().cast<double>().inverse();  // crystal coordinates, row vectors
  Eigen::Vector3i lowest = Eigen::Vector3i::Zero(), highest = lowest;
  for (int corner = 0; corner < 8; ++corner) {
    const Eigen::Vector3i point = supercell_matrix * Eigen::Vector3i(corner & 1, corner >> 1 & 1, corner >> 2);
    lowest = lowest.cwiseMin(point);
    highest = highest.cwiseMax(point);
  }
  const Eigen::Vector3i frame = highest - lowest;
  std::vector<Eigen::RowVector3d> points, kept;  // of the lattice, and in crystal coordinates of the supercell
  for (int c = 0; c < frame[2]; ++c) {
    for (int b = 0; b < frame[1]; ++b) {
      for (int a = 0; a < frame[0]; ++a) {
        const Eigen::RowVector3d point(a, b, c), inside = point * to_supercell;
        bool known = false;
        for (const Eigen::RowVector3d& other : kept) {
          const Eigen::RowVector3d d = inside - other;
          known = known || (d.array() - d.array().round()).abs().maxCoeff() < 1e-6;
        }
        if (known) continue;
        kept.push_back(inside);
        points.push_back(point);
      }
    }
  }
  const int n_points = static_cast<int>(points.size());
  Crystal result;
  result.cell = supercell_matrix.transpose().cast<double>() * unit.cell;
  result.positions.resize(n_points * unit.n_atoms(), 3);
  result.masses.resize(n_points * unit.n_atoms());
  const Vectors fractional = unit.fractional();
  for (int s = 0; s < unit.n_atoms(); ++s) {
    for (int k = 0; k < n_points; ++k) {
      Eigen::RowVector3d inside = (fractional.row(s) + points[k]) * to_supercell;
      inside = (inside.array() - (inside.array() + 1e-12).floor()).matrix().eval();
      result.positions.row(s * n_points + k) = inside * result.cell;
      result.masses[s * n_points + k] = unit.masses[s];
      result.species.push_back(unit.species[s]);
    }
  }
  return result;
}

namespace {

/// Copies of one atom weigh the same.
void check_mass(const PhonopyCells& cells, int atom, int first, const std::string& source) {
  const double mass = cells.supercell.masses[atom], first_mass = cells.supercell.masses[first];
  if (!(std::abs(mass - first_mass) < 1e-4 * first_mass)) {
    throw InputError{
        "{}: atoms {} and {} of the supercell are copies of one primitive atom but weigh {} and {} amu: give a "
        "primitive_matrix "
        "that keeps isotopes apart",
        source,
        first + 1,
        atom + 1,
        first_mass,
        mass};
  }
}

/// The first copy of each primitive atom in the supercell, and which every other atom is a copy of, moved by how many
/// vectors of `lattice`: fills p2s and site.
struct Copies {
  std::vector<Eigen::RowVector3d> origins;  ///< of the primitive atoms, as the unit cell has them
  std::vector<Eigen::RowVector3i> steps;    ///< [n_atoms of the supercell] in terms of `lattice`
};
Copies find_copies(PhonopyCells& cells, const Eigen::Matrix3d& lattice, const std::string& source) {
  const Crystal& unit = cells.unit;
  const Eigen::Matrix3d inverse = lattice.inverse();
  Copies copies;
  const Eigen::Matrix3d unit_inverse = unit.cell.inverse();
  for (int i = 0; i < cells.supercell.n_atoms(); ++i) {
    const Eigen::RowVector3d position = cells.supercell.positions.row(i);
    std::optional<Eigen::RowVector3i> step;
    std::size_t p = 0;
    for (; p < cells.p2s.size(); ++p) {
      const auto first = static_cast<std::size_t>(cells.p2s[p]);
      if (cells.supercell.species[first] != cells.supercell.species[i]) continue;
      step = lattice_step(copies.origins[p], position, lattice, inverse);
      if (step) break;
    }
    if (!step) {
      cells.p2s.push_back(i);
      int s = 0;  // check_supercell has found one
      while (!lattice_step(unit.positions.row(s), position, unit.cell, unit_inverse)) ++s;
      copies.origins.emplace_back(unit.positions.row(s));
      step = lattice_step(copies.origins.back(), position, lattice, inverse);
    }
    if (!step) {
      throw InputError{
          "{}: the lattice of the unit cell is not contained in that of the primitive cell: primitive_matrix is wrong",
          source};
    }
    check_mass(cells, i, cells.p2s[p], source);
    cells.site.push_back(static_cast<int>(p));
    copies.steps.push_back(*step);
  }
  return copies;
}

Crystal primitive_of(const PhonopyCells& cells, const std::vector<Eigen::RowVector3d>& origins,
                     const Eigen::Matrix3d& lattice) {
  const int n_primitive = static_cast<int>(cells.p2s.size());
  Crystal primitive;
  primitive.cell = cells.diagonal.basis.cast<double>() * lattice;
  primitive.positions.resize(n_primitive, 3);
  primitive.masses.resize(n_primitive);
  for (int p = 0; p < n_primitive; ++p) {
    const int first = cells.p2s[p];
    primitive.positions.row(p) = origins[p];
    primitive.masses[p] = cells.supercell.masses[first];
    primitive.species.push_back(cells.supercell.species[first]);
  }
  return primitive;
}

}  // namespace

PhonopyCells phonopy_cells(const Crystal& unit, const Eigen::Matrix3i& supercell_matrix,
                           const Eigen::Matrix3d& primitive_matrix, const std::optional<Crystal>& supercell,
                           const std::string& source) {
  if (supercell_matrix.cast<double>().determinant() <= 0.5) {
    throw InputError{"{}: supercell_matrix has a determinant of {:g}: it must be positive", source,
                     supercell_matrix.cast<double>().determinant()};
  }
  if (!(primitive_matrix.determinant() > 1e-6)) {
    throw InputError{"{}: primitive_matrix has a determinant of {:g}: it must be positive", source,
                     primitive_matrix.determinant()};
  }
  PhonopyCells cells{unit, supercell_matrix, primitive_matrix, {}, {}, {}, {}, {}, {}};
  if (supercell) {
    check_supercell(unit, *supercell, supercell_matrix.transpose().cast<double>() * unit.cell, source);
    cells.supercell = *supercell;
  } else {
    cells.supercell = phonopy_supercell(unit, supercell_matrix);
  }
  const Eigen::Matrix3d lattice = primitive_matrix.transpose() * unit.cell, inverse = lattice.inverse();
  const Eigen::Matrix3i multiples = integers(cells.supercell.cell * inverse, source);
  cells.diagonal = diagonal_supercell(multiples, lattice);

  const Copies copies = find_copies(cells, lattice, source);
  const int n_cells = cells.diagonal.divisions.prod(), n_primitive = static_cast<int>(cells.p2s.size());
  if (n_primitive * n_cells != cells.supercell.n_atoms()) {
    throw InputError{
        "{}: {} atoms of the supercell are copies of {} atoms, but {} primitive cells fit into it: primitive_matrix is "
        "not of this crystal",
        source, cells.supercell.n_atoms(), n_primitive, n_cells};
  }
  cells.primitive = primitive_of(cells, copies.origins, lattice);
  check(cells.primitive, source);
  const Supercell grid = cells.grid();
  const Eigen::Matrix3d to_diagonal = cells.diagonal.basis.cast<double>().inverse();
  for (const Eigen::RowVector3i& step : copies.steps) {
    const Eigen::RowVector3d there = step.cast<double>() * to_diagonal;
    cells.cell.push_back(grid.cell_index(there.array().round().cast<int>().matrix().transpose()));
  }
  return cells;
}

PhonopyCells phonopy_cells(const DynamicalMatrices& matrices) {
  Crystal unit = matrices.crystal;
  if (unit.cell.determinant() < 0) {
    throw InputError{
        "the cell vectors are left-handed, which phonopy does not accept: turn the sign or the order of the vectors"};
  }
  const Eigen::Matrix3i supercell = matrices.grid.divisions().asDiagonal();
  return phonopy_cells(unit, supercell, Eigen::Matrix3d::Identity(), {}, "the matrices");
}

DynamicalMatrices from_phonopy(const PhonopyCells& cells, const PhonopyForceConstants& constants,
                               const std::string& source) {
  const Supercell grid = cells.grid();
  const int n_primitive = cells.primitive.n_atoms(), n_atoms = cells.supercell.n_atoms();
  std::vector<int> counts(static_cast<std::size_t>(n_primitive), 0);
  for (const int row : constants.rows) ++counts[cells.site[static_cast<std::size_t>(row)]];
  for (int p = 0; p < n_primitive; ++p) {
    const int expected = static_cast<int>(constants.rows.size()) / n_primitive;
    if (counts[p] == expected && expected > 0) continue;
    throw InputError{
        "{}: {} rows belong to atom {} of the primitive cell, which is atom {} of the supercell, {} expected: rows are "
        "numbered by the atoms "
        "of the supercell, not 1 to {} of the primitive cell, or the atoms stand in another order",
        source,
        counts[p],
        p + 1,
        cells.p2s[p] + 1,
        std::max(expected, 1),
        n_primitive};
  }
  const auto place = [&](std::size_t row, int column, int& s, int& t) {
    const auto i = static_cast<std::size_t>(constants.rows[row]), j = static_cast<std::size_t>(column);
    s = cells.site[i], t = cells.site[j];
    return static_cast<std::size_t>(
        grid.cell_index(grid.lattice_vector(cells.cell[i]) - grid.lattice_vector(cells.cell[j])));
  };
  std::vector<Eigen::MatrixXd> sums(static_cast<std::size_t>(grid.n_cells()),
                                    Eigen::MatrixXd::Zero(3 * n_primitive, 3 * n_primitive));
  const double share = static_cast<double>(n_primitive) / static_cast<double>(constants.rows.size());
  double largest = 0;
  for (std::size_t row = 0; row < constants.rows.size(); ++row) {
    for (int column = 0; column < n_atoms; ++column) {
      const Eigen::Matrix3d& element =
          constants.elements[row * static_cast<std::size_t>(n_atoms) + static_cast<std::size_t>(column)];
      int s, t;
      const std::size_t cell = place(row, column, s, t);
      sums[cell].block<3, 3>(3 * s, 3 * t) += share * element;
      largest = larger(largest, largest_magnitude(element));
    }
  }
  for (std::size_t row = 0; row < constants.rows.size(); ++row) {
    for (int column = 0; column < n_atoms; ++column) {
      const Eigen::Matrix3d& element =
          constants.elements[row * static_cast<std::size_t>(n_atoms) + static_cast<std::size_t>(column)];
      int s, t;
      const std::size_t cell = place(row, column, s, t);
      const double deviation = largest_magnitude(sums[cell].block<3, 3>(3 * s, 3 * t) - element);
      if (!(deviation <= same_copies * largest)) {
        throw InputError{
            "{}: the force constants of the supercell atoms {} and {} differ by {:.3g} eV/angstrom^2 from the mean of "
            "their copies, of {:.3g} "
            "at most: the atoms of the file stand in another order than those of its supercell",
            source,
            constants.rows[row] + 1,
            column + 1,
            deviation,
            largest};
      }
    }
  }
  return bloch_matrices(grid, sums, source);
}

PhonopyForceConstants to_phonopy(const PhonopyCells& cells, const DynamicalMatrices& matrices, bool full) {
  const Supercell grid = cells.grid();
  const std::vector<Eigen::MatrixXd> constants = to_real_space(matrices);
  PhonopyForceConstants result{cells.p2s, {}};
  if (full) {
    result.rows.resize(static_cast<std::size_t>(cells.supercell.n_atoms()));
    std::iota(result.rows.begin(), result.rows.end(), 0);
  }
  for (const int row : result.rows) {
    const auto i = static_cast<std::size_t>(row);
    for (std::size_t j = 0; j < cells.site.size(); ++j) {
      const int cell = grid.cell_index(grid.lattice_vector(cells.cell[i]) - grid.lattice_vector(cells.cell[j]));
      result.elements.emplace_back(constants[cell].block<3, 3>(3 * cells.site[i], 3 * cells.site[j]));
    }
  }
  return result;
}

}  // namespace zeropoint::phonons
