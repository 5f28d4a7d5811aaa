#include "phonons/matrix_judgement.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "phonons/atom_images.hpp"
#include "phonons/polar_symmetry.hpp"
#include "phonons/symmetrizer.hpp"

namespace zeropoint::phonons {
namespace {

constexpr double large_asymmetry = 0.02;  // of the norm: differences of displaced atoms leave less
constexpr double large_residual = 0.05;   // of the forces: what is anharmonic in them, or noise

std::optional<std::string> doubt_about_symmetry(const DynamicalMatrices& matrices, const std::string& path) {
  const SpaceGroup group = find_space_group(matrices.crystal);
  std::vector<Eigen::MatrixXcd> change = matrices.blocks;
  Symmetrizer(keeping_grid(group, matrices.grid), matrices.crystal, matrices.grid).matrices(change);
  for (std::size_t iq = 0; iq < change.size(); ++iq) change[iq] -= matrices.blocks[iq];
  const double share = norm(change) / norm(matrices.blocks);
  if (!(share > large_asymmetry)) return {};
  return fmt::format(
      "{}: the matrices break the symmetry of their crystal, {} ({}), by {:.1f} % of their norm: they are of another "
      "structure, or atoms stand in another order than their force constants",
      path, group.symbol, group.number, 100 * share);
}

}  // namespace

void fit_displacements(MatrixFile& file) {
  if (!file.displaced) return;
  const std::string& source = file.displaced->source;
  FitQuality quality;
  std::optional<Polar> polar = std::move(file.matrices.polar);
  file.matrices = fit_force_constants(*file.displaced, quality);
  file.matrices.polar = std::move(polar);
  // Before what was noted about charges and units.
  file.notes.emplace(
      file.notes.begin(), "force constants",
      fmt::format("fitted to {} configurations of {}, {} operations, residual {:.2g} of the forces",
                  file.displaced->data.displacements.size(), source, quality.n_operations, quality.residual));
  if (quality.n_operations < quality.n_group) {
    file.warnings.push_back(fmt::format(
        "{}: the supercell keeps {} of the {} operations of the crystal: its force constants lack the others", source,
        quality.n_operations, quality.n_group));
  }
  if (quality.residual > large_residual) {
    file.warnings.push_back(
        fmt::format("{}: {:.0f} % of the forces are not harmonic: displace less, or check the order of the atoms",
                    source, 100 * quality.residual));
  }
  file.displaced.reset();
}

std::vector<std::string> doubts_about(const DynamicalMatrices& matrices, const std::string& path) {
  std::vector<std::string> doubts;
  if (const std::optional<StrangePair> pair = strange_pair(matrices)) {
    doubts.push_back(
        fmt::format("{}: the force constants between atoms {} and {} are largest at {:.2f} angstrom, though images of "
                    "them are {:.2f} apart: an atom was moved by a lattice vector after they were computed, or atoms "
                    "stand in another order. Give the structure of that computation",
                    path, pair->s + 1, pair->t + 1, pair->largest, pair->nearest));
  }
  if (auto doubt = doubt_about_symmetry(matrices, path)) doubts.push_back(*doubt);
  // Charges come with the structure: perhaps it has moved since, but perhaps they were copied from another one.
  if (!matrices.polar) return doubts;
  if (const auto doubt = broken_charge_symmetry(matrices.crystal, *matrices.polar))
    doubts.push_back(fmt::format("{}: {}", path, *doubt));
  return doubts;
}

MatrixFile judged(MatrixFile file) {
  fit_displacements(file);
  std::ranges::move(doubts_about(file.matrices, file.path), std::back_inserter(file.warnings));
  return file;
}

}  // namespace zeropoint::phonons
