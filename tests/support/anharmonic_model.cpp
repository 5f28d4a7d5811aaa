#include "tests/support/anharmonic_model.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <array>
#include <cmath>
#include <stdexcept>

#include "tests/support/sampled_ensemble.hpp"

namespace zeropoint::test {
namespace {

Eigen::Vector3d bond_vector(const Crystal& crystal, const Bond& bond) {
  return (crystal.positions.row(bond.to) - crystal.positions.row(bond.from) +
          bond.cell.cast<double>().transpose() * crystal.cell)
      .transpose();
}

Configurations unlabelled(const at::Tensor& displacements, bool stresses) {
  const at::Tensor held = displacements.contiguous();
  const std::int64_t n = held.size(0);
  Configurations result{held, at::empty({n}, at::kDouble), at::empty_like(held), {}};
  if (stresses) result.stresses = at::empty({n, 3, 3}, at::kDouble);
  return result;
}

}  // namespace

HarmonicModel::HarmonicModel(const phonons::DynamicalMatrices& matrices)
    : sites_(matrices.crystal.positions.replicate(matrices.grid.size(), 1)),
      force_constants_(dense(matrices)),
      volume_(matrices.supercell().volume()) {}

Configurations HarmonicModel::operator()(const Crystal& crystal, const at::Tensor& displacements) const {
  Configurations result = unlabelled(displacements, true);
  const std::int64_t n_atoms = displacements.size(1);
  const Vectors moved = crystal.positions.replicate(n_atoms / crystal.n_atoms(), 1) - sites_;
  for (std::int64_t c = 0; c < result.size(); ++c) {
    const std::int64_t first = 3 * n_atoms * c;
    const Vectors u =
        Eigen::Map<const Vectors>(result.displacements.const_data_ptr<double>() + first, n_atoms, 3) + moved;
    const Eigen::Map<const Eigen::VectorXd> flat(u.data(), u.size());
    const Eigen::VectorXd force = -force_constants_ * flat;
    Eigen::Map<Eigen::VectorXd>(result.forces.mutable_data_ptr<double>() + first, force.size()) = force;
    result.energies.mutable_data_ptr<double>()[c] = -0.5 * flat.dot(force);
    const Eigen::Matrix3d virial = Eigen::Map<const Vectors>(force.data(), n_atoms, 3).transpose() * u;
    Eigen::Map<Eigen::Matrix3d>(result.stresses.mutable_data_ptr<double>() + 9 * c) =
        -0.5 * (virial + virial.transpose()) / volume_;
  }
  return result;
}

Configurations OscillatorModel::operator()(const Crystal& crystal, const at::Tensor& displacements) const {
  Configurations result = unlabelled(displacements, false);
  for (std::int64_t i = 0; i < result.size(); ++i) {
    const Eigen::Map<const Vectors> u(result.displacements.const_data_ptr<double>() + 6 * i, 2, 3);
    const Eigen::Array3d r =
        (crystal.positions.row(1) + u.row(1) - crystal.positions.row(0) - u.row(0) - rest).transpose().array();
    result.energies.mutable_data_ptr<double>()[i] = (0.5 * k * r.square() + c * r.cube() + g * r.pow(4)).sum();
    const Eigen::RowVector3d slope = (k * r + 3 * c * r.square() + 4 * g * r.cube()).matrix().transpose();
    Eigen::Map<Vectors> force(result.forces.mutable_data_ptr<double>() + 6 * i, 2, 3);
    force.row(0) = slope;
    force.row(1) = -slope;
  }
  return result;
}

BondModel BondModel::of_neighbours(const Crystal& crystal, const Eigen::Vector3i& divisions, double cutoff,
                                   double spring, double strain) {
  std::vector<Bond> bonds;
  constexpr int reach = 3;
  for (int from = 0; from < crystal.n_atoms(); ++from) {
    for (int to = 0; to < crystal.n_atoms(); ++to) {
      for (int i = 0; i < (2 * reach + 1) * (2 * reach + 1) * (2 * reach + 1); ++i) {
        const Eigen::Vector3i cell(i / 49 - reach, i / 7 % 7 - reach, i % 7 - reach);
        Bond bond{from, to, cell, 0, 0, 0};
        const double length = bond_vector(crystal, bond).norm();
        if (length < 1e-6 || length > cutoff) continue;
        const auto key = [](int s, int t, const Eigen::Vector3i& l) { return std::array{s - t, l[0], l[1], l[2]}; };
        if (key(from, to, cell) > key(to, from, -cell)) continue;  // seen from the other end
        double kind = 1;                                           // by species, symmetric in the two
        for (const int s : {from, to}) kind *= 1 + 0.2 * (crystal.species[s][0] % 5);
        const double k = spring * kind * std::pow(3 / length, 6);
        bond.rest_squared = length * length;
        bond.stiffness = k / (4 * length * length);
        bond.tension = k * strain / 2;
        bonds.push_back(bond);
      }
    }
  }
  return {std::move(bonds), divisions};
}

Configurations BondModel::operator()(const Crystal& crystal, const at::Tensor& displacements) const {
  const Supercell supercell(crystal, divisions_);
  const std::int64_t n = displacements.size(0), n_atoms = supercell.n_atoms();
  Configurations result = unlabelled(displacements, true);
  const at::Tensor& held = result.displacements;

  struct Placed {
    int from, to;
    Eigen::RowVector3d sites;
    const Bond* bond;
  };
  std::vector<Placed> placed;
  for (const Bond& bond : bonds_) {
    for (int cell = 0; cell < supercell.n_cells(); ++cell) {
      const int far = supercell.cell_index(supercell.lattice_vector(cell) + bond.cell);
      placed.push_back({supercell.atom_index(cell, bond.from), supercell.atom_index(far, bond.to),
                        bond_vector(crystal, bond).transpose(), &bond});
    }
  }
  for (std::int64_t c = 0; c < n; ++c) {
    const Eigen::Map<const Vectors> u(held.const_data_ptr<double>() + 3 * n_atoms * c, n_atoms, 3);
    Eigen::Map<Vectors> force(result.forces.mutable_data_ptr<double>() + 3 * n_atoms * c, n_atoms, 3);
    force.setZero();
    double energy = 0;
    Eigen::Matrix3d virial = Eigen::Matrix3d::Zero();
    for (const Placed& at : placed) {
      const Eigen::RowVector3d d = at.sites + u.row(at.to) - u.row(at.from);
      const double s = d.squaredNorm() - at.bond->rest_squared;
      energy += at.bond->tension * s + 0.5 * at.bond->stiffness * s * s;
      const Eigen::RowVector3d slope = 2 * (at.bond->tension + at.bond->stiffness * s) * d;
      force.row(at.to) -= slope;
      force.row(at.from) += slope;
      virial += slope.transpose() * d;
    }
    result.energies.mutable_data_ptr<double>()[c] = energy;
    Eigen::Map<Eigen::Matrix3d>(result.stresses.mutable_data_ptr<double>() + 9 * c) = virial / supercell.volume();
  }
  return result;
}

std::vector<Eigen::MatrixXcd> BondModel::bloch(const Crystal& crystal, const phonons::QGrid& grid,
                                               const std::vector<Eigen::Matrix3d>& curvatures) const {
  const Supercell supercell(crystal, divisions_);
  const int n = 3 * crystal.n_atoms();
  std::vector<Eigen::MatrixXd> constants(static_cast<std::size_t>(supercell.n_cells()), Eigen::MatrixXd::Zero(n, n));
  for (std::size_t b = 0; b < bonds_.size(); ++b) {
    const Bond& bond = bonds_[b];
    const auto add = [&](const Eigen::Vector3i& cell, int s, int t, double sign) {
      constants[supercell.cell_index(cell)].block<3, 3>(3 * s, 3 * t) += sign * curvatures[b];
    };
    add({0, 0, 0}, bond.from, bond.from, 1);
    add({0, 0, 0}, bond.to, bond.to, 1);
    add(-bond.cell, bond.from, bond.to, -1);  // Phi between cell R (rows) and cell 0 (columns)
    add(bond.cell, bond.to, bond.from, -1);
  }
  return phonons::to_bloch(constants, grid);
}

phonons::DynamicalMatrices BondModel::harmonic(const Crystal& crystal) const {
  std::vector<Eigen::Matrix3d> curvatures;
  for (const Bond& bond : bonds_) {
    const Eigen::Vector3d d = bond_vector(crystal, bond);
    const double s = d.squaredNorm() - bond.rest_squared;
    curvatures.emplace_back(2 * (bond.tension + bond.stiffness * s) * Eigen::Matrix3d::Identity() +
                            4 * bond.stiffness * d * d.transpose());
  }
  phonons::QGrid grid(divisions_);
  std::vector<Eigen::MatrixXcd> blocks = bloch(crystal, grid, curvatures);
  return {crystal, std::move(grid), std::move(blocks), {}, 0, "bond model"};
}

ExactAverages BondModel::averages(const sscha::TrialDensity& density) const {
  const Crystal& crystal = density.matrices().crystal;
  const Supercell supercell(crystal, divisions_);
  const Eigen::MatrixXd w = amplitudes(density);
  const double n_cells = supercell.n_cells();

  ExactAverages result{};
  result.forces = Vectors::Zero(crystal.n_atoms(), 3);
  double energy = 0;
  Eigen::Matrix3d virial = Eigen::Matrix3d::Zero();
  std::vector<Eigen::Matrix3d> curvatures;
  for (const Bond& bond : bonds_) {
    const int from = supercell.atom_index(0, bond.from);
    const int to = supercell.atom_index(supercell.cell_index(bond.cell), bond.to);
    const Eigen::MatrixXd relative = w.middleRows<3>(3 * to) - w.middleRows<3>(3 * from);
    const Eigen::Matrix3d spread = relative * relative.transpose();  // covariance C of d
    const Eigen::Vector3d d = bond_vector(crystal, bond);
    const Eigen::Matrix3d dd = d * d.transpose();
    const double c = bond.tension, k = bond.stiffness, rest = bond.rest_squared;
    const double square = d.squaredNorm() + spread.trace();  // <|d|^2>
    // <|d|^2 d d> = <|d|^2> (dd + C) + 2 (C dd + dd C) + 2 C^2
    const Eigen::Matrix3d fourth = square * (dd + spread) + 2 * (spread * dd + dd * spread) + 2 * spread * spread;
    energy += c * (square - rest) + 0.5 * k * (fourth.trace() - 2 * rest * square + rest * rest);
    const Eigen::Vector3d slope = 2 * ((c - k * rest + k * square) * d + 2 * k * spread * d);
    result.forces.row(bond.to) -= slope.transpose();
    result.forces.row(bond.from) += slope.transpose();
    curvatures.emplace_back(2 * (c + k * (square - rest)) * Eigen::Matrix3d::Identity() + 4 * k * (dd + spread));
    virial += 2 * ((c - k * rest) * (dd + spread) + k * fourth) - curvatures.back() * spread;  // <f u> = -<d2V> Psi
  }
  result.curvature = bloch(crystal, density.matrices().grid, curvatures);
  double auxiliary = 0;
  for (const phonons::Modes& modes : density.modes()) {
    for (Eigen::Index mu = 0; mu < modes.frequencies.size(); ++mu) {
      if (modes.acoustic[mu]) continue;
      const double frequency = modes.frequencies[mu];
      auxiliary +=
          0.5 * frequency * frequency * phonons::squared_amplitude(frequency, density.temperature(), density.units());
    }
  }
  result.free_energy = density.harmonic_free_energy() + n_cells * energy - auxiliary;
  result.stress = 0.5 * (virial + virial.transpose()) / crystal.volume();
  for (std::size_t iq = 0; iq < result.curvature.size(); ++iq) {
    result.gradient.push_back(density.matrices().blocks[iq] - result.curvature[iq]);
  }
  return result;
}

sscha::TrialDensity BondModel::solve(sscha::TrialDensity start) const {
  for (int iteration = 0; iteration < 2000; ++iteration) {
    const ExactAverages here = averages(start);
    phonons::DynamicalMatrices matrices = start.matrices();
    for (std::size_t i = 0; i < matrices.blocks.size(); ++i) matrices.blocks[i] -= 0.5 * here.gradient[i];
    const Eigen::Map<const Eigen::VectorXd> force(here.forces.data(), here.forces.size());
    const Eigen::VectorXd step = 0.5 * start.centroid_preconditioner() * force;
    matrices.crystal.positions += Eigen::Map<const Vectors>(step.data(), step.size() / 3, 3);
    start = {std::move(matrices), start.temperature(), start.units()};
    if (phonons::norm(here.gradient) < 1e-12 && here.forces.norm() < 1e-13) return start;
  }
  throw std::runtime_error("the model has no stable solution here");
}

}  // namespace zeropoint::test
