#include "tests/support/coupled_oscillator.hpp"

#include <ATen/ops/empty.h>

#include <Eigen/LU>
#include <cmath>

#include "core/decompositions.hpp"
#include "phonons/modes.hpp"

namespace zeropoint::test {

CoupledOscillator::CoupledOscillator(const char* what, double t, double m1, double m2, const Eigen::Vector3d& harmonic,
                                     const std::array<double, 6>& anharmonic)
    : name(what),
      temperature(t),
      mass1(m1),
      mass2(m2),
      k(harmonic),
      c(anharmonic[0]),
      d(anharmonic[1]),
      e(anharmonic[2]),
      g(anharmonic[3]),
      h(anharmonic[4]),
      p(anharmonic[5]) {}

double CoupledOscillator::energy(const Eigen::Vector3d& r) const {
  const double x = r[0], y = r[1], z = r[2];
  return k.dot(r.cwiseAbs2()) / 2 + c * x * x * x + d * x * y * y + e * x * y * z + g * x * x * x * x +
         h * x * x * y * y + p * y * y * y * y;
}

Eigen::Vector3d CoupledOscillator::slope(const Eigen::Vector3d& r) const {
  const double x = r[0], y = r[1], z = r[2];
  return k.cwiseProduct(r) +
         Eigen::Vector3d(3 * c * x * x + d * y * y + e * y * z + 4 * g * x * x * x + 2 * h * x * y * y,
                         2 * d * x * y + e * x * z + 2 * h * x * x * y + 4 * p * y * y * y, e * x * y);
}

Eigen::Matrix3d CoupledOscillator::curvature(const Eigen::Vector3d& r) const {
  const double x = r[0], y = r[1], z = r[2];
  Eigen::Matrix3d m = k.asDiagonal();
  m(0, 0) += 6 * c * x + 12 * g * x * x + 2 * h * y * y;
  m(1, 1) += 2 * d * x + 2 * h * x * x + 12 * p * y * y;
  m(0, 1) = m(1, 0) = 2 * d * y + e * z + 4 * h * x * y;
  m(0, 2) = m(2, 0) = e * y;
  m(1, 2) = m(2, 1) = e * x;
  return m;
}

zeropoint::Evaluation CoupledOscillator::evaluate(const Supercell& reference, const at::Tensor& displacements) const {
  const Configurations labels = (*this)(reference.unit_cell(), displacements);
  return {labels.energies, labels.forces, {}, {}};
}

Configurations CoupledOscillator::operator()(const Crystal& crystal, const at::Tensor& displacements) const {
  const std::int64_t n = displacements.size(0);
  Configurations all{displacements.clone(), at::empty({n}, at::kDouble), at::empty({n, 2, 3}, at::kDouble), {}};
  for (std::int64_t i = 0; i < n; ++i) {
    const Eigen::Map<const Vectors> u(displacements.const_data_ptr<double>() + 6 * i, 2, 3);
    const Vectors positions = crystal.positions + u;
    const Eigen::Vector3d r = (positions.row(1) - positions.row(0)).transpose() - rest;
    all.energies.data_ptr<double>()[i] = energy(r);
    Eigen::Map<Vectors> f(all.forces.data_ptr<double>() + 6 * i, 2, 3);
    f.row(0) = slope(r).transpose();
    f.row(1) = -f.row(0);
  }
  return all;
}

std::vector<CoupledOscillator> oscillators() {
  return {{"quartic, T = 0", 0, 4, 4, {1.5, 8, 9}, {0, 0, 0, 9, 0, 0}},
          {"quartic, T = 600 K", 600, 2, 12, {1.5, 8, 9}, {0, 0, 0, 9, 0, 0}},
          {"cubic and quartic, T = 0", 0, 1, 7, {1.5, 8, 9}, {2.5, 0, 0, 9, 0, 0}},
          {"cubic and quartic, T = 400 K", 400, 5, 3, {1.5, 8, 9}, {2, 0, 0, 9, 0, 0}},
          {"two coupled, T = 0", 0, 1, 7, {2, 3, 9}, {1.5, -2, 0, 6, 5, 4}},
          {"three coupled, T = 400 K", 400, 2, 6, {2, 3, 4}, {1, -1.5, 1.2, 6, 5, 4}}};
}

sscha::TrialDensity density_of(const CoupledOscillator& oscillator, const Eigen::Vector3d& r,
                               const Eigen::Matrix3d& phi) {
  Crystal crystal;
  crystal.cell = 6 * Eigen::Matrix3d::Identity();
  crystal.positions = Vectors::Zero(2, 3);
  crystal.positions.row(1) = (oscillator.rest + r).transpose();
  crystal.species = {"H", "F"};
  crystal.masses = Eigen::Vector2d(oscillator.mass1, oscillator.mass2);
  Eigen::MatrixXcd block(6, 6);
  block << phi, -phi, -phi, phi;
  return {phonons::DynamicalMatrices{crystal, phonons::QGrid({1, 1, 1}), {block}, {}, 0, ""}, oscillator.temperature,
          units::codata2022};
}

namespace {

/// Averages over a Gaussian around r with force constants phi, by a product rule that is exact up to degree nine.
template <class Function>
auto average(const CoupledOscillator& o, const Eigen::Vector3d& r, const Eigen::Matrix3d& phi, Function f) {
  constexpr int n = 5;
  Eigen::MatrixXd jacobi = Eigen::MatrixXd::Zero(n, n);
  for (int i = 1; i < n; ++i) jacobi(i, i - 1) = jacobi(i - 1, i) = std::sqrt(i);
  const Eigensystem<Eigen::MatrixXd> rule = symmetric_eigensystem(jacobi);
  const Eigensystem<Eigen::MatrixXd> modes = symmetric_eigensystem(phi / o.mass());
  Eigen::Vector3d amplitude;
  for (int i = 0; i < 3; ++i) {
    amplitude[i] =
        std::sqrt(phonons::squared_amplitude(std::sqrt(modes.values[i]), o.temperature, units::codata2022) / o.mass());
  }
  auto sum = (0 * f(r)).eval();
  for (int i = 0; i < n * n * n; ++i) {
    const int k[3] = {i % n, i / n % n, i / (n * n)};
    double weight = 1;
    Eigen::Vector3d y;
    for (int a = 0; a < 3; ++a) {
      y[a] = rule.values[k[a]] * amplitude[a];
      weight *= std::pow(rule.vectors(0, k[a]), 2);
    }
    sum += weight * f(r + modes.vectors * y);
  }
  return sum;
}

/// phi = <V''> at fixed r.
Eigen::Matrix3d relaxed(const CoupledOscillator& o, const Eigen::Vector3d& r, Eigen::Matrix3d phi) {
  for (int i = 0; i < 400; ++i) {
    const Eigen::Matrix3d change = average(o, r, phi, [&](const Eigen::Vector3d& x) { return o.curvature(x); }) - phi;
    phi += 0.6 * change;
    if (change.norm() < 1e-14 * phi.norm()) break;
  }
  return phi;
}

}  // namespace

/// The minimum, and d2F/dr2 as the slope of dF/dr = <V'> with phi following r.
ExactSolution exact_solution(const CoupledOscillator& o) {
  ExactSolution s;
  s.phi = Eigen::Vector3d(6, 9, 10).asDiagonal();
  const auto slope = [&](const Eigen::Vector3d& r) {
    const Eigen::Matrix3d phi = relaxed(o, r, s.phi);
    return Eigen::Vector3d(average(o, r, phi, [&](const Eigen::Vector3d& x) { return o.slope(x); }));
  };
  for (int i = 0; i < 100; ++i) {
    s.phi = relaxed(o, s.r, s.phi);
    const Eigen::Vector3d step = s.phi.inverse() * slope(s.r);
    s.r -= step;
    if (step.norm() < 1e-14) break;
  }
  s.phi = relaxed(o, s.r, s.phi);
  for (int i = 0; i < 3; ++i) {
    const auto difference = [&](double h) {
      return Eigen::Vector3d((slope(s.r + h * Eigen::Vector3d::Unit(i)) - slope(s.r - h * Eigen::Vector3d::Unit(i))) /
                             (2 * h));
    };
    const double h = 4e-3;  // Richardson: what is left is h^6, and rounding 1e-15/h
    const Eigen::Vector3d a = difference(h), b = difference(h / 2), c = difference(h / 4);
    s.hessian.col(i) = (64 * c - 20 * b + a) / 45;
  }
  using Number = Eigen::Matrix<double, 1, 1>;
  const auto beyond_harmonic = [&](const Eigen::Vector3d& x) {
    return Number(o.energy(x) - (x - s.r).dot(s.phi * (x - s.r)) / 2);
  };
  s.free_energy = phonons::harmonic_free_energy(density_of(o, s.r, s.phi).modes(), o.temperature, units::codata2022) +
                  average(o, s.r, s.phi, beyond_harmonic)[0];
  return s;
}

}  // namespace zeropoint::test
