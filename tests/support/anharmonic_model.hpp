#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "files/ensemble.hpp"
#include "sscha/trial_density.hpp"

namespace zeropoint::test {

/// One bond of every cell: from the atom `from` to the atom `to` of the cell `cell` further on.
struct Bond {
  int from, to;
  Eigen::Vector3i cell;
  double rest_squared;  ///< l^2, angstrom^2
  double tension;       ///< c, eV/angstrom^2
  double stiffness;     ///< k, eV/angstrom^4
};

/// V = u Phi u / 2 from sites that follow the cell: static stress -(f u)/Omega, symmetrised.
class HarmonicModel {
 public:
  explicit HarmonicModel(const phonons::DynamicalMatrices& matrices);
  Configurations operator()(const Crystal& crystal, const at::Tensor& displacements) const;

 private:
  Vectors sites_;
  Eigen::MatrixXd force_constants_;  // [M, M]
  double volume_;
};

/// Two atoms in one cell, V = sum over the axes of k r^2/2 + c r^3 + g r^4, r the relative coordinate less `rest`.
struct OscillatorModel {
  Eigen::Array3d k, c, g;  ///< eV/angstrom^2, ^3, ^4
  Eigen::RowVector3d rest;

  Configurations operator()(const Crystal& crystal, const at::Tensor& displacements) const;
};

/// What the exact average over a trial density gives.
struct ExactAverages {
  double free_energy;                       ///< F_harm + <V - V^Phi>, eV per supercell
  std::vector<Eigen::MatrixXcd> curvature;  ///< [n_q] <d2V>, eV/angstrom^2
  std::vector<Eigen::MatrixXcd> gradient;   ///< [n_q] D - <d2V>
  Vectors forces;                           ///< [n_atoms, 3] of one cell, eV/angstrom
  Eigen::Matrix3d stress;                   ///< <static> + <f u>/Omega, eV/angstrom^3
};

/// V = sum over bonds of c s + k s^2 / 2 with s = |d|^2 - l^2 and d the vector from atom to atom.
///
/// Invariant under rotations; a polynomial of degree four in the positions, with cubic and quartic terms, so that
/// Gaussian averages of energy, forces, curvature and stress are closed formulas (Isserlis), and static stress is
/// exact.
class BondModel {
 public:
  BondModel(std::vector<Bond> bonds, const Eigen::Vector3i& divisions)
      : bonds_(std::move(bonds)), divisions_(divisions) {}

  /// Bonds between all atoms closer than `cutoff` (angstrom), with constants of species and length alone: they have
  /// every symmetry of the crystal. `spring` (eV/angstrom^2) is the harmonic stiffness along a bond of 3 angstrom,
  /// `strain` what the bonds are longer than they would like: it lifts transverse modes.
  static BondModel of_neighbours(const Crystal& crystal, const Eigen::Vector3i& divisions, double cutoff,
                                 double spring = 4, double strain = 0.03);

  const Eigen::Vector3i& divisions() const { return divisions_; }
  /// Labels of displacements [N, n_atoms, 3] from the sites of `crystal`.
  Configurations operator()(const Crystal& crystal, const at::Tensor& displacements) const;
  /// Second derivatives at the sites of `crystal`.
  phonons::DynamicalMatrices harmonic(const Crystal& crystal) const;
  ExactAverages averages(const sscha::TrialDensity& density) const;
  /// Where the exact gradient vanishes: D = <d2V>, <f> = 0, by plain iteration from `start`.
  sscha::TrialDensity solve(sscha::TrialDensity start) const;

 private:
  std::vector<Eigen::MatrixXcd> bloch(const Crystal& crystal, const phonons::QGrid& grid,
                                      const std::vector<Eigen::Matrix3d>& curvatures) const;

  std::vector<Bond> bonds_;
  Eigen::Vector3i divisions_;
};

}  // namespace zeropoint::test
