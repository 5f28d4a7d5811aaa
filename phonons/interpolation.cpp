#include "phonons/interpolation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numbers>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "phonons/atom_images.hpp"
#include "phonons/rotations.hpp"
#include "phonons/symmetrizer.hpp"
#include "phonons/wigner_seitz.hpp"

namespace zeropoint::phonons {
namespace {

constexpr double near_tie = 1e-2;   // angstrom
constexpr double same_cell = 1e-4;  // of the longest cell vector: digits of files, not strain
constexpr double same_site = 0.5;   // angstrom: centroids move, images jump by more

void impose(const InterpolationOptions& options, DynamicalMatrices& matrices) {
  const SumRule rule = options.sum_rule;
  if (rule == SumRule::rotations || rule == SumRule::all) {
    if (!options.dipoles) matrices.polar.reset();
    impose_rotations(matrices, rule == SumRule::all, options.tie);
    return;
  }
  Eigen::MatrixXcd& gamma = matrices.blocks[matrices.grid.gamma()];
  if (rule == SumRule::crystal) impose_acoustic_sum_rule(gamma);
  if (rule != SumRule::simple) return;
  std::vector<Eigen::Matrix3cd> rests;
  for (int s = 0; s < matrices.crystal.n_atoms(); ++s) {
    Eigen::Matrix3d rest = Eigen::Matrix3d::Zero();
    for (int t = 0; t < matrices.crystal.n_atoms(); ++t) rest += gamma.block<3, 3>(3 * s, 3 * t).real();
    rests.emplace_back(((rest + rest.transpose()) / 2).cast<std::complex<double>>());
  }
  for (Eigen::MatrixXcd& block : matrices.blocks) {
    for (std::size_t s = 0; s < rests.size(); ++s) {
      const auto first = 3 * static_cast<Eigen::Index>(s);
      block.block<3, 3>(first, first) -= rests[s];
    }
  }
}

std::optional<Polar> charges(const DynamicalMatrices& matrices, const InterpolationOptions& options) {
  if (!matrices.polar || !options.dipoles) return {};
  check(*matrices.polar, matrices.crystal.n_atoms());
  return options.neutral_charges ? neutral(*matrices.polar) : *matrices.polar;
}

void refuse_other_crystal(const Crystal& ours, const Crystal& theirs, const char* name) {
  if (ours.species != theirs.species) {
    throw InputError{
        "the {} support is of {}, the matrices are of {} (or the atoms stand in another order): give matrices of "
        "one crystal",
        name, theirs.formula(), ours.formula()};
  }
  const double length = ours.cell.rowwise().norm().maxCoeff(), strain = (ours.cell - theirs.cell).cwiseAbs().maxCoeff();
  if (!(strain <= same_cell * length)) {
    throw InputError{
        "the cell vectors of the {} support differ by {:.5f} angstrom from those of the matrices: compute the "
        "support in the same cell",
        name, strain};
  }
  const double moved = (ours.positions - theirs.positions).rowwise().norm().maxCoeff();
  if (!(moved <= same_site)) {
    throw InputError{
        "an atom of the {} support is {:.3f} angstrom away from that of the matrices (at most {} is a relaxation): "
        "give matrices of one structure",
        name, moved, same_site};
  }
}

/// With each atom in the cell where that of `crystal` stands.
DynamicalMatrices in_cells_of(const Crystal& crystal, const DynamicalMatrices& matrices) {
  if (matrices.crystal.n_atoms() != crystal.n_atoms()) return matrices;  // refused below
  return with_atoms_moved(matrices, image_shifts(matrices.crystal, crystal));
}

}  // namespace

Interpolation::Interpolation(const DynamicalMatrices& matrices, const InterpolationOptions& options)
    : crystal_(matrices.crystal), polar_(matrices.polar), alat_(matrices.alat) {
  if (const std::optional<Polar> used = charges(matrices, options)) {
    polar_ = used;
    dipoles_.emplace(crystal_, *used, options.ewald);
  }
  add(matrices, 1, options);
  pack();
}

Interpolation::Interpolation(const DynamicalMatrices& matrices, const Support& given,
                             const InterpolationOptions& options)
    : crystal_(matrices.crystal), polar_(matrices.polar ? matrices.polar : given.fine.polar), alat_(matrices.alat) {
  const Support support{in_cells_of(crystal_, given.coarse), in_cells_of(crystal_, given.fine)};
  refuse_other_crystal(crystal_, support.coarse.crystal, "coarse");
  refuse_other_crystal(crystal_, support.fine.crystal, "fine");
  if (support.coarse.grid.divisions() != matrices.grid.divisions()) {
    const Eigen::Vector3i ours = matrices.grid.divisions(), theirs = support.coarse.grid.divisions();
    throw InputError{
        "the coarse support has a {} x {} x {} grid, the matrices have {} x {} x {}: give the support on both grids",
        theirs[0],
        theirs[1],
        theirs[2],
        ours[0],
        ours[1],
        ours[2]};
  }
  InterpolationOptions same = options;
  if (const std::optional<Polar> used = charges(matrices.polar ? matrices : support.fine, options)) {
    polar_ = used;
    dipoles_.emplace(crystal_, *used, options.ewald);
    same.ewald.alpha = dipoles_->alpha();
  }
  // Matrices without charges of their own carry the dipole forces of the support.
  const auto with_charges = [&](DynamicalMatrices set) {
    if (!set.polar) set.polar = polar_;
    return set;
  };
  add(with_charges(matrices), 1, same);
  add(with_charges(support.coarse), -1, same);
  add(with_charges(support.fine), 1, same);
  pack();
}

void Interpolation::add(DynamicalMatrices matrices, double sign, const InterpolationOptions& options) {
  impose(options, matrices);
  if (const std::optional<Polar> own = charges(matrices, options)) {
    const DipoleInteraction dipoles(matrices.crystal, *own, options.ewald);
    for (const int iq : matrices.grid.independent()) {
      const Eigen::MatrixXcd c = dipoles(matrices.grid.points()[iq]);
      matrices.blocks[iq] -= c;
      const int minus = matrices.grid.minus(iq);
      if (minus != iq) matrices.blocks[minus] -= c.conjugate();
    }
  }
  const std::vector<Eigen::MatrixXd> force_constants = to_real_space(matrices);
  const Supercell supercell = matrices.supercell();
  const WignerSeitz nearest(supercell, options.tie);
  const auto before = [](const Eigen::Vector3i& a, const Eigen::Vector3i& b) {
    return std::lexicographical_compare(a.data(), a.data() + 3, b.data(), b.data() + 3);
  };
  std::map<Eigen::Vector3i, Eigen::MatrixXd, decltype(before)> sums(before);
  for (auto& [vector, block] : terms_) sums.emplace(vector, std::move(block));
  for (int cell = 0; cell < supercell.n_cells(); ++cell) {
    for (int s = 0; s < crystal_.n_atoms(); ++s) {
      for (int t = 0; t < crystal_.n_atoms(); ++t) {
        const NearestImages images = nearest(cell, s, t);
        if (images.next < near_tie) ++n_near_ties_;
        const double weight = sign / static_cast<double>(images.lattice_vectors.size());
        for (const Eigen::Vector3i& vector : images.lattice_vectors) {
          Eigen::MatrixXd& sum =
              sums.try_emplace(vector, Eigen::MatrixXd::Zero(matrices.n_modes(), matrices.n_modes())).first->second;
          sum.block<3, 3>(3 * s, 3 * t) += weight * force_constants[cell].block<3, 3>(3 * s, 3 * t);
        }
      }
    }
  }
  terms_.assign(std::make_move_iterator(sums.begin()), std::make_move_iterator(sums.end()));
}

void Interpolation::pack() {
  const auto n_terms = static_cast<Eigen::Index>(terms_.size());
  lattice_vectors_.resize(3, n_terms);
  force_constants_.resize(terms_.front().second.size(), n_terms);
  for (Eigen::Index i = 0; i < n_terms; ++i) {
    const auto& [vector, block] = terms_[i];
    lattice_vectors_.col(i) = vector;
    force_constants_.col(i) = block.reshaped();
  }
  terms_.clear();
  terms_.shrink_to_fit();
}

Eigen::MatrixXcd Interpolation::operator()(const Eigen::Vector3d& q, const Eigen::Vector3d& direction) const {
  if (!q.allFinite() || !direction.allFinite()) throw InputError{"a q point or its direction is NaN or infinite"};
  const Eigen::Vector3d inside = folded(q);
  Eigen::MatrixX2d phases(lattice_vectors_.cols(), 2);
  for (Eigen::Index i = 0; i < phases.rows(); ++i) {
    const double angle = -2 * std::numbers::pi * inside.dot(lattice_vectors_.col(i).cast<double>());
    phases.row(i) << std::cos(angle), std::sin(angle);
  }
  const Eigen::MatrixX2d parts = force_constants_ * phases;
  const Eigen::Index n = 3 * crystal_.n_atoms();
  Eigen::MatrixXcd result(n, n);
  result.real() = parts.col(0).reshaped(n, n);
  result.imag() = parts.col(1).reshaped(n, n);
  if (dipoles_) {
    result += (*dipoles_)(q);
    if (inside.isZero(0) && !direction.isZero(0)) result += dipoles_->non_analytic(direction);
  }
  return (result + result.adjoint()) / 2;
}

std::array<Eigen::MatrixXcd, 3> Interpolation::gradient(const Eigen::Vector3d& q) const {
  if (!q.allFinite()) throw InputError{"a q point is NaN or infinite"};
  const Eigen::Vector3d inside = folded(q);
  const Eigen::Index n = 3 * crystal_.n_atoms(), n_terms = lattice_vectors_.cols();
  // Of exp(-ik.R): -i R exp(-ik.R), real and imaginary parts for each axis.
  Eigen::MatrixXd factors(n_terms, 6);
  for (Eigen::Index i = 0; i < n_terms; ++i) {
    const Eigen::RowVector3d r = lattice_vectors_.col(i).cast<double>().transpose() * crystal_.cell;
    const double angle = -2 * std::numbers::pi * inside.dot(lattice_vectors_.col(i).cast<double>());
    factors.row(i) << std::sin(angle) * r, -std::cos(angle) * r;
  }
  const Eigen::MatrixXd parts = force_constants_ * factors;
  std::array<Eigen::MatrixXcd, 3> result;
  if (dipoles_) result = dipoles_->gradient(q);
  for (Eigen::Index axis = 0; axis < 3; ++axis) {
    Eigen::MatrixXcd& block = result[axis];
    Eigen::MatrixXcd short_ranged(n, n);
    short_ranged.real() = parts.col(axis).reshaped(n, n);
    short_ranged.imag() = parts.col(3 + axis).reshaped(n, n);
    if (dipoles_) short_ranged += block;
    block = (short_ranged + short_ranged.adjoint()) / 2;
  }
  return result;
}

DynamicalMatrices Interpolation::on_grid(const QGrid& grid) const {
  DynamicalMatrices result{crystal_, grid, {}, polar_, alat_, "interpolated"};
  result.blocks.resize(static_cast<std::size_t>(grid.size()));
  parallel_for(static_cast<std::int64_t>(grid.independent().size()), [&](std::int64_t i) {
    const int iq = grid.independent()[i];
    Eigen::MatrixXcd block = (*this)(grid.points()[iq]);
    if (grid.is_real(iq)) block = block.real().cast<std::complex<double>>().eval();
    const auto minus = static_cast<std::size_t>(grid.minus(iq));
    result.blocks[minus] = block.conjugate();
    result.blocks[iq] = std::move(block);
  });
  return result;
}

}  // namespace zeropoint::phonons
