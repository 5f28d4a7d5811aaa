#include "phonons/force_constants.hpp"

#include "core/error.hpp"
#include "core/extremes.hpp"
#include "phonons/q_stars.hpp"

namespace zeropoint::phonons {
namespace {

// Force constants by differences that nobody symmetrised deviate by one or two per cent; those of another order by all.
constexpr double symmetric = 0.05;

struct Deviation {
  double value = 0, largest = 0;
  int cell = 0, s = 0, t = 0;
};

Deviation deviation_of(const Supercell& supercell, const std::vector<Eigen::MatrixXd>& constants) {
  Deviation worst;
  const int n_atoms = supercell.unit_cell().n_atoms();
  for (int cell = 0; cell < supercell.n_cells(); ++cell) {
    const Eigen::MatrixXd& there = constants[supercell.cell_index(-supercell.lattice_vector(cell))];
    const Eigen::MatrixXd& here = constants[cell];
    worst.largest = larger(worst.largest, largest_magnitude(here));
    for (int s = 0; s < n_atoms; ++s) {
      for (int t = 0; t < n_atoms; ++t) {
        const double value =
            largest_magnitude(here.block<3, 3>(3 * s, 3 * t) - there.block<3, 3>(3 * t, 3 * s).transpose());
        if (!std::isnan(worst.value) && !(value <= worst.value)) worst = {value, worst.largest, cell, s, t};
      }
    }
  }
  return worst;
}

}  // namespace

double asymmetry(const Supercell& supercell, const std::vector<Eigen::MatrixXd>& constants) {
  const Deviation worst = deviation_of(supercell, constants);
  return worst.largest > 0 ? worst.value / worst.largest : 0;
}

DynamicalMatrices bloch_matrices(const Supercell& supercell, const std::vector<Eigen::MatrixXd>& constants,
                                 const std::string& source) {
  const Deviation worst = deviation_of(supercell, constants);
  if (!(worst.value <= symmetric * worst.largest)) {
    const Eigen::Vector3i r = supercell.lattice_vector(worst.cell);
    throw InputError{
        "{}: the force constants between atom {} in cell ({}, {}, {}) and atom {} in cell 0 differ by {:.3g} "
        "eV/angstrom^2 from those the "
        "other way round, of {:.3g} at most: the atoms of the file stand in another order, or it is damaged; make it "
        "again together "
        "with the file that describes its supercell",
        source,
        worst.s + 1,
        r[0],
        r[1],
        r[2],
        worst.t + 1,
        worst.value,
        worst.largest};
  }
  const Crystal& crystal = supercell.unit_cell();
  DynamicalMatrices result{crystal, grid_of_stars(supercell.divisions(), find_space_group(crystal)), {}, {}, 0, {}};
  result.blocks = to_bloch(constants, result.grid);
  for (const int iq : result.grid.independent()) {
    Eigen::MatrixXcd& block = result.blocks[iq];
    block = ((block + block.adjoint()) / 2).eval();
    if (result.grid.is_real(iq)) block = block.real().cast<std::complex<double>>().eval();
    const auto minus = static_cast<std::size_t>(result.grid.minus(iq));
    if (static_cast<int>(minus) != iq) result.blocks[minus] = block.conjugate();
  }
  return result;
}

}  // namespace zeropoint::phonons
