#pragma once

#include <Eigen/Core>
#include <array>
#include <vector>

#include "core/potential.hpp"
#include "files/ensemble.hpp"
#include "sscha/trial_density.hpp"

namespace zeropoint::test {

/// Two atoms in one cell, their relative coordinate r less `rest` in
///   V = sum_i k_i r_i^2/2 + c x^3 + d x y^2 + e x y z + g x^4 + h x^2 y^2 + p y^4.
struct CoupledOscillator : public Potential {
  const char* name;
  double temperature, mass1, mass2;
  Eigen::Vector3d k;
  double c, d, e, g, h, p;
  Eigen::Vector3d rest{1.9, 0.2, -0.1};

  CoupledOscillator(const char* what, double t, double m1, double m2, const Eigen::Vector3d& harmonic,
                    const std::array<double, 6>& anharmonic);
  double energy(const Eigen::Vector3d& r) const;
  Eigen::Vector3d slope(const Eigen::Vector3d& r) const;
  Eigen::Matrix3d curvature(const Eigen::Vector3d& r) const;
  double mass() const { return mass1 * mass2 / (mass1 + mass2); }

  zeropoint::Evaluation evaluate(const Supercell& reference, const at::Tensor& displacements) const override;
  Configurations operator()(const Crystal& crystal, const at::Tensor& displacements) const;
};

/// One, two and three anharmonic coordinates, with and without cubic terms, at T = 0 and T > 0, of equal and unequal
/// masses.
std::vector<CoupledOscillator> oscillators();

/// The self-consistent harmonic approximation of an oscillator, by quadrature that is exact for its polynomials.
struct ExactSolution {
  Eigen::Vector3d r = Eigen::Vector3d::Zero();  ///< centroid, less `rest`
  Eigen::Matrix3d phi, hessian;                 ///< auxiliary force constants; d2F/dr2
  double free_energy = 0;                       ///< eV
};
ExactSolution exact_solution(const CoupledOscillator& oscillator);

/// The density with centroid `r` + rest and force constants `phi` between the two atoms.
sscha::TrialDensity density_of(const CoupledOscillator& oscillator, const Eigen::Vector3d& r,
                               const Eigen::Matrix3d& phi);

}  // namespace zeropoint::test
