#include "sscha/cell_step.hpp"

#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>

#include "core/extremes.hpp"
#include "phonons/relaxation.hpp"

namespace zeropoint::sscha {
namespace {

constexpr double largest_strain = 0.03;
constexpr double clear_change = 3;        // of the residual over its noise, to learn from it
constexpr double pressure_modulus = 0.6;  // eV/angstrom^3, 100 GPa: where the potential cannot tell

/// Mandel's vector of a symmetric matrix: products are those of the matrices.
Eigen::Matrix<double, 6, 1> mandel(const Eigen::Matrix3d& m) {
  const double root2 = std::sqrt(2.0);
  return {m(0, 0), m(1, 1), m(2, 2), root2 * m(1, 2), root2 * m(0, 2), root2 * m(0, 1)};
}

Eigen::Matrix3d matrix_of(const Eigen::Matrix<double, 6, 1>& v) {
  const double root2 = std::sqrt(2.0);
  Eigen::Matrix3d m;
  m << v[0], v[5] / root2, v[4] / root2, v[5] / root2, v[1], v[3] / root2, v[4] / root2, v[3] / root2, v[2];
  return m;
}

}  // namespace

CellStep::CellStep(CellKind kind, double pressure, double bulk_modulus)
    : kind_(kind), pressure_(pressure), inverse_(Eigen::Matrix<double, 6, 6>::Identity() / (3 * bulk_modulus)) {}

Eigen::Matrix3d CellStep::residual(const Eigen::Matrix3d& stress) const {
  const Eigen::Matrix3d one = Eigen::Matrix3d::Identity(), all = (stress + stress.transpose()) / 2 + pressure_ * one;
  const Eigen::Matrix3d volume = all.trace() / 3 * one;
  switch (kind_) {
    case CellKind::fixed:
      return Eigen::Matrix3d::Zero();
    case CellKind::isotropic:
      return volume;
    case CellKind::shape:
      return all - volume;
    case CellKind::full:
      return all;
  }
  return all;
}

double CellStep::deviation(const Eigen::Matrix3d& stress, const Eigen::Matrix3d& errors) const {
  const Eigen::Matrix3d r = residual(stress);
  // What the rounding of averages leaves is no stress.
  constexpr double rounding = 1e-9;
  double largest = 0;
  for (Eigen::Index i = 0; i < 9; ++i) {
    if (!(std::abs(r.data()[i]) <= rounding))
      largest = larger(largest, std::abs(r.data()[i]) / larger(rounding, errors.data()[i]));
  }
  return largest;
}

Eigen::Matrix3d CellStep::strain(const Eigen::Matrix3d& stress, const Eigen::Matrix3d& errors) {
  const Vector6 r = mandel(residual(stress));
  if (last_residual_) {
    const Vector6 change = r - *last_residual_;
    if (change.norm() > clear_change * mandel(errors).norm()) {
      const Vector6 predicted = inverse_ * change;  // the strain that K would have needed
      const double scale = last_strain_->dot(predicted);
      // Good Broyden on the inverse; a step that would turn the elastic matrix over is left out.
      if (scale > 0.1 * last_strain_->squaredNorm()) {
        inverse_ += (*last_strain_ - predicted) * (last_strain_->transpose() * inverse_) / scale;
      }
    }
  }
  Vector6 step = -(inverse_ * r);
  if (kind_ == CellKind::isotropic || kind_ == CellKind::shape) {
    const double mean = step.head<3>().mean();
    if (kind_ == CellKind::isotropic) {
      step.setZero();
      step.head<3>().setConstant(mean);
    } else {
      step.head<3>().array() -= mean;
    }
  }
  if (const double most = step.cwiseAbs().maxCoeff(); most > largest_strain) step *= largest_strain / most;
  last_residual_ = r;
  last_strain_ = step;
  Eigen::Matrix3d strain = matrix_of(step);
  if (kind_ == CellKind::shape) {  // to all orders
    const double scale = std::cbrt(1 / (Eigen::Matrix3d::Identity() + strain).determinant());
    strain = (Eigen::Matrix3d::Identity() + strain) * scale - Eigen::Matrix3d::Identity();
  }
  return strain;
}

std::vector<double> CellStep::memory() const {
  std::vector<double> numbers(inverse_.data(), inverse_.data() + inverse_.size());
  if (last_residual_) {
    numbers.insert(numbers.end(), last_residual_->begin(), last_residual_->end());
    numbers.insert(numbers.end(), last_strain_->begin(), last_strain_->end());
  }
  return numbers;
}

void CellStep::remember(const std::vector<double>& memory) {
  if (memory.size() != 36 && memory.size() != 48)
    throw InputError{"{} numbers instead of 36 or 48 of a cell's elastic matrix", memory.size()};
  inverse_ = Eigen::Map<const Eigen::Matrix<double, 6, 6>>(memory.data());
  last_residual_.reset();
  last_strain_.reset();
  if (memory.size() == 48) {
    last_residual_ = Eigen::Map<const Vector6>(memory.data() + 36);
    last_strain_ = Eigen::Map<const Vector6>(memory.data() + 42);
  }
}

double CellStep::bulk_modulus() const {
  Vector6 one = Vector6::Zero();
  one.head<3>().setOnes();
  // Uniform stress change dP gives the strain K^-1 1 dP; dV/V is its trace.
  return 1 / one.dot(inverse_ * one);
}

phonons::DynamicalMatrices strained(phonons::DynamicalMatrices matrices, const Eigen::Matrix3d& strain) {
  const Eigen::Matrix3d deformation = Eigen::Matrix3d::Identity() + strain;
  matrices.crystal.cell = (matrices.crystal.cell * deformation).eval();
  matrices.crystal.positions = (matrices.crystal.positions * deformation).eval();
  return matrices;
}

double static_bulk_modulus(const Potential& potential, const phonons::DynamicalMatrices& matrices) {
  constexpr double h = 0.005;
  const auto pressure = [&](double strain) {
    const Supercell cell = strained(matrices, strain * Eigen::Matrix3d::Identity()).supercell();
    const zeropoint::Evaluation at_rest = potential.evaluate(cell, at::zeros({1, cell.n_atoms(), 3}, at::kDouble));
    if (!at_rest.stresses.defined())
      throw phonons::MissingStress{"the potential gives no stress, so the cell cannot move"};
    return -at_rest.stresses[0].diagonal().mean().item<double>();
  };
  const double modulus = -(pressure(h) - pressure(-h)) / (6 * h);
  return modulus > 0 ? modulus : pressure_modulus;
}

}  // namespace zeropoint::sscha
