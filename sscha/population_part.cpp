#include "sscha/population_part.hpp"

#include "core/error.hpp"

namespace zeropoint::sscha {

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

TrialDensity with_points_of(TrialDensity density, const TrialDensity& first) {
  if (density.matrices().grid.points() == first.matrices().grid.points()) return density;
  phonons::DynamicalMatrices matrices = first.matrices();
  matrices.crystal = density.matrices().crystal;
  for (int iq = 0; iq < matrices.grid.size(); ++iq) {
    const int found = density.matrices().grid.find(matrices.grid.points()[iq]);
    matrices.blocks[iq] = density.matrices().blocks.at(static_cast<std::size_t>(found));
  }
  return {std::move(matrices), density.temperature(), density.units()};
}

}  // namespace zeropoint::sscha
