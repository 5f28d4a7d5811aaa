#include "phonons/dipole.hpp"

#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.hpp"

namespace zeropoint::phonons {
namespace {

constexpr double two_pi = 2 * std::numbers::pi;
constexpr double largest_total_charge = 0.5;  // |e|; more is no numerical noise of a linear-response run
constexpr double same_q = 1e-6;               // crystal coordinates

Eigen::Vector3d dielectric_constants(const Eigen::Matrix3d& dielectric) {
  return Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d>((dielectric + dielectric.transpose()) / 2,
                                                        Eigen::EigenvaluesOnly)
      .eigenvalues();
}

}  // namespace

Eigen::Vector3d folded(const Eigen::Vector3d& q) {
  const Eigen::Vector3d rest = q.array() - q.array().round();
  return rest.cwiseAbs().maxCoeff() < same_q ? Eigen::Vector3d::Zero() : rest;
}

double default_alpha(const Crystal& crystal, const Eigen::Matrix3d& dielectric, const UnitSet& units) {
  const double distance = shortest_distance(crystal);
  return std::max(1 / (units.bohr * units.bohr),
                  2 * dielectric_constants(dielectric).maxCoeff() / (distance * distance));
}

Eigen::Matrix3d total_charge(const Polar& polar) {
  Eigen::Matrix3d total = Eigen::Matrix3d::Zero();
  for (const Eigen::Matrix3d& charge : polar.born_charges) total += charge;
  return total;
}

Polar neutral(Polar polar) {
  const Eigen::Matrix3d total = total_charge(polar);
  if (!(total.cwiseAbs().maxCoeff() <= largest_total_charge)) {
    throw InputError{
        "the Born effective charges sum to {:.4f} |e| in one element (0 for a neutral crystal): they are of another "
        "structure, or the calculation is not converged; repeat it with more k points",
        total.cwiseAbs().maxCoeff()};
  }
  for (Eigen::Matrix3d& charge : polar.born_charges) charge -= total / static_cast<double>(polar.born_charges.size());
  return polar;
}

void check(const Polar& polar, int n_atoms) {
  if (static_cast<int>(polar.born_charges.size()) != n_atoms) {
    throw InputError{"{} Born effective charges for {} atoms: give one for every atom of the unit cell",
                     polar.born_charges.size(), n_atoms};
  }
  bool finite = polar.dielectric.allFinite();
  for (const Eigen::Matrix3d& charge : polar.born_charges) finite &= charge.allFinite();
  if (!finite) throw InputError{"the dielectric tensor or a Born effective charge is NaN or infinite"};
  const double smallest = dielectric_constants(polar.dielectric).minCoeff();
  if (!(smallest >= 1)) {
    throw InputError{
        "the dielectric tensor has an eigenvalue of {:.6g} (at least 1 in an insulator): remove it and the "
        "charges from the matrices, or repeat the calculation of the response",
        smallest};
  }
}

DipoleInteraction::DipoleInteraction(const Crystal& crystal, Polar polar, const DipoleOptions& options,
                                     const UnitSet& units)
    : crystal_(crystal), polar_(std::move(polar)), options_(options) {
  check(polar_, crystal.n_atoms());
  if (!(options.alpha >= 0 && options.cutoff > 0)) {
    throw InputError{"Ewald parameter {} 1/angstrom^2 and cutoff {}: both must be positive", options.alpha,
                     options.cutoff};
  }
  polar_.dielectric = (polar_.dielectric + polar_.dielectric.transpose()).eval() / 2;
  alpha_ = options.alpha > 0 ? options.alpha : default_alpha(crystal, polar_.dielectric, units);
  const double charge_squared = 2 * units.rydberg * units.bohr;  // e^2 = 2 in Rydberg units
  prefactor_ = 2 * two_pi * charge_squared / crystal.volume();
  // K.eps.K < 4 alpha cutoff bounds the component K.a_i/(2 pi) by the length of a_i in the inverse metric.
  const Eigen::Matrix3d inverse = polar_.dielectric.inverse();
  for (int i = 0; i < 3; ++i) {
    const Eigen::RowVector3d axis = crystal.cell.row(i);
    reach_[i] = std::sqrt(4 * alpha_ * options.cutoff * (axis * inverse).dot(axis)) / two_pi;
  }
  const Eigen::MatrixXcd gram = rows(terms(Eigen::Vector3d::Zero()));
  const Eigen::MatrixXcd at_gamma = gram.adjoint() * gram;
  for (int s = 0; s < crystal.n_atoms(); ++s) {
    Eigen::Matrix3d& self = self_.emplace_back(Eigen::Matrix3d::Zero());
    for (int t = 0; t < crystal.n_atoms(); ++t) self += at_gamma.block<3, 3>(3 * s, 3 * t).real();
    // The matrices are Hermitian: the antisymmetric part, which an axial site may have, would not be.
    self = (self + self.transpose()).eval() / 2;
  }
}

DipoleInteraction::Terms DipoleInteraction::terms(const Eigen::Vector3d& q) const {
  const Eigen::Matrix3d reciprocal = two_pi * crystal_.reciprocal();
  Eigen::Vector3i lowest, highest;
  for (int i = 0; i < 3; ++i) {
    const bool skipped = options_.skip_unit_direction && options_.divisions[i] == 1;
    lowest[i] = skipped ? 0 : static_cast<int>(std::ceil(-q[i] - reach_[i]));
    highest[i] = skipped ? 0 : static_cast<int>(std::floor(-q[i] + reach_[i]));
  }
  Terms result;
  for (int i = lowest[0]; i <= highest[0]; ++i) {
    for (int j = lowest[1]; j <= highest[1]; ++j) {
      for (int k = lowest[2]; k <= highest[2]; ++k) {
        const Eigen::RowVector3d vector = (q + Eigen::Vector3d(i, j, k)).transpose() * reciprocal;
        const double x = (vector * polar_.dielectric).dot(vector);
        if (!(x > 0) || x >= 4 * alpha_ * options_.cutoff) continue;
        result.vectors.push_back(vector);
        result.roots.push_back(std::sqrt(prefactor_ * std::exp(-x / (4 * alpha_)) / x));
      }
    }
  }
  return result;
}

Eigen::MatrixXcd DipoleInteraction::rows(const Terms& terms) const {
  Eigen::MatrixXcd result(static_cast<Eigen::Index>(terms.vectors.size()), 3 * crystal_.n_atoms());
  for (std::size_t g = 0; g < terms.vectors.size(); ++g) {
    const Eigen::RowVector3d& k = terms.vectors[g];
    for (int s = 0; s < crystal_.n_atoms(); ++s) {
      const std::complex<double> phase = std::polar(terms.roots[g], -k.dot(crystal_.positions.row(s)));
      result.block<1, 3>(static_cast<Eigen::Index>(g), 3 * s) =
          phase * (k * polar_.born_charges[s]).cast<std::complex<double>>();
    }
  }
  return result;
}

Eigen::MatrixXcd DipoleInteraction::operator()(const Eigen::Vector3d& q) const {
  // Periodic in q, except where axes are skipped.
  const Eigen::MatrixXcd gram = rows(terms(options_.skip_unit_direction ? q : folded(q)));
  Eigen::MatrixXcd result = gram.adjoint() * gram;
  for (int s = 0; s < crystal_.n_atoms(); ++s) {
    result.block<3, 3>(3 * s, 3 * s) -= self_[s].cast<std::complex<double>>();
  }
  return (result + result.adjoint()) / 2;
}

std::array<Eigen::MatrixXcd, 3> DipoleInteraction::gradient(const Eigen::Vector3d& q) const {
  const Terms terms_of_q = terms(options_.skip_unit_direction ? q : folded(q));
  const Eigen::MatrixXcd gram = rows(terms_of_q);
  std::array<Eigen::MatrixXcd, 3> result;
  for (int axis = 0; axis < 3; ++axis) {
    // Of sqrt(w) (K Z_s)_i exp(-iK.tau_s): its three factors in turn.
    Eigen::MatrixXcd change(gram.rows(), gram.cols());
    for (Eigen::Index g = 0; g < gram.rows(); ++g) {
      const Eigen::RowVector3d& k = terms_of_q.vectors[g];
      const Eigen::RowVector3d screened = k * polar_.dielectric;
      const double of_root = -screened[axis] * (1 / (4 * alpha_) + 1 / screened.dot(k));
      for (int s = 0; s < crystal_.n_atoms(); ++s) {
        const Eigen::RowVector3d tau = crystal_.positions.row(s);
        const std::complex<double> phase = std::polar(terms_of_q.roots[g], -k.dot(tau));
        change.block<1, 3>(g, 3 * s) = std::complex<double>(of_root, -tau[axis]) * gram.block<1, 3>(g, 3 * s) +
                                       phase * polar_.born_charges[s].row(axis).cast<std::complex<double>>();
      }
    }
    const Eigen::MatrixXcd half = change.adjoint() * gram;
    result[axis] = half + half.adjoint();
  }
  return result;
}

Eigen::MatrixXd DipoleInteraction::non_analytic(const Eigen::Vector3d& direction) const {
  if (!(direction.norm() > 0)) throw InputError{"the limit q -> 0 needs a direction, not the zero vector"};
  const Eigen::RowVector3d n = direction.normalized().transpose();
  Eigen::VectorXd charges(3 * crystal_.n_atoms());
  for (int s = 0; s < crystal_.n_atoms(); ++s) {
    charges.segment<3>(3 * s) = (n * polar_.born_charges[s]).transpose();
  }
  return prefactor_ / (n * polar_.dielectric).dot(n) * charges * charges.transpose();
}

}  // namespace zeropoint::phonons
