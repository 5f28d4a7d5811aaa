#include "superconductivity/coupling.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "core/error.hpp"
#include "phonons/atom_images.hpp"
#include "phonons/q_stars.hpp"

namespace zeropoint::superconductivity {
namespace {

constexpr double same_cell = 1e-4;  // of the longest cell vector: digits of files, not strain
constexpr double same_site = 0.5;   // angstrom: centroids move, other structures move further

std::string text(const Eigen::Vector3d& q) { return fmt::format("({:.6f}, {:.6f}, {:.6f})", q[0], q[1], q[2]); }

void refuse_other_crystal(const CouplingFiles& files, const phonons::DynamicalMatrices& matrices) {
  const Crystal &ours = matrices.crystal, &theirs = files.crystal;
  if (ours.species.size() != theirs.species.size()) {
    throw InputError{"the coupling is of {} atoms, the matrices are of {}: give both of one crystal",
                     theirs.species.size(), ours.species.size()};
  }
  if (ours.species_index() != theirs.species_index()) {
    throw InputError{
        "the coupling is of {}, the matrices are of {} (or the atoms stand in another order): give both of one crystal",
        theirs.formula(), ours.formula()};
  }
  const double length = ours.cell.rowwise().norm().maxCoeff(), strain = (ours.cell - theirs.cell).cwiseAbs().maxCoeff();
  if (!(strain <= same_cell * length)) {
    throw InputError{
        "the cell vectors of the coupling differ by {:.5f} angstrom from those of the matrices: compute the coupling "
        "in "
        "the same cell",
        strain};
  }
  const Eigen::Vector3i a = files.grid.divisions(), b = matrices.grid.divisions();
  if (a != b) {
    throw advised(InputError{"the coupling is on a {} x {} x {} grid, the matrices are on {} x {} x {}", a[0], a[1],
                             a[2], b[0], b[1], b[2]},
                  "interpolate the matrices to the grid of the coupling first");
  }
}

/// How many cells each atom of the coupling has to move to stand where that of the matrices does.
std::vector<Eigen::Vector3i> shifts_to(const Crystal& crystal, const Crystal& from) {
  std::vector<Eigen::Vector3i> shifts = phonons::image_shifts(from, crystal);
  for (int s = 0; s < crystal.n_atoms(); ++s) {
    const Eigen::RowVector3d moved = from.positions.row(s) + shifts[s].cast<double>().transpose() * from.cell;
    const double distance = (moved - crystal.positions.row(s)).norm();
    if (!(distance <= same_site)) {
      throw InputError{
          "atom {} ({}) of the coupling is {:.3f} angstrom away from that of the matrices (at most {} is a "
          "relaxation): "
          "give both of one structure",
          s + 1, crystal.species[s], distance, same_site};
    }
  }
  return shifts;
}

/// Rows of T_S at the image q' of q.
Eigen::MatrixXcd turned(const Eigen::MatrixXcd& gamma, const SymmetryOperation& operation,
                        const Eigen::Vector3d& image) {
  const Eigen::Index n = gamma.rows() / 3;
  std::vector<std::complex<double>> phase;
  for (const Eigen::Vector3i& shift : operation.shift)
    phase.push_back(std::polar(1.0, -2 * std::numbers::pi * image.dot(shift.cast<double>())));
  Eigen::MatrixXcd result(gamma.rows(), gamma.cols());
  for (Eigen::Index s = 0; s < n; ++s) {
    for (Eigen::Index t = 0; t < n; ++t) {
      const Eigen::Matrix3cd block =
          operation.cartesian * gamma.block<3, 3>(3 * s, 3 * t) * operation.cartesian.transpose();
      result.block<3, 3>(3 * operation.permutation[s], 3 * operation.permutation[t]) =
          phase[s] * std::conj(phase[t]) * block;
    }
  }
  return result;
}

/// Fills a grid point by point and remembers who did.
class Completion {
 public:
  Completion(const CouplingFiles& files, const phonons::DynamicalMatrices& matrices)
      : files_(files), shifts_(shifts_to(matrices.crystal, files.crystal)) {
    result_ = {matrices.crystal, matrices.grid, files.smearings, {}, 0, 0};
    result_.gamma.assign(files.smearings.size(), std::vector<Eigen::MatrixXcd>(matrices.grid.size()));
    known_.assign(static_cast<std::size_t>(matrices.grid.size()), 0);
    for (const CouplingPoint& point : files.points) {
      for (const Eigen::MatrixXcd& gamma : point.gamma) largest_ = std::max(largest_, gamma.cwiseAbs().maxCoeff());
    }
  }

  void from_files() {
    for (const CouplingPoint& point : files_.points) {
      const int iq = result_.grid.find(point.q);
      if (iq < 0) {
        const Eigen::Vector3i n = result_.grid.divisions();
        throw InputError{"{}: q = {} (crystal coordinates) is no point of the {} x {} x {} grid of the matrices",
                         point.where,
                         text(point.q),
                         n[0],
                         n[1],
                         n[2]};
      }
      for (std::size_t i = 0; i < point.gamma.size(); ++i)
        put(i, iq, at_sites(point.gamma[i], result_.grid.points()[iq]), point.where, 2);
      known_[iq] = 2;
      reversed(iq, 2);
    }
  }

  void by_symmetry(const SpaceGroup& group) {
    result_.n_operations = static_cast<int>(group.operations.size());
    std::vector<int> given;
    for (int iq = 0; iq < result_.grid.size(); ++iq) {
      if (known_[iq] == 2) given.push_back(iq);
    }
    for (const int iq : given) {
      for (const SymmetryOperation& operation : group.operations) {
        const Eigen::Vector3d image =
            operation.rotation.cast<double>().inverse().transpose() * result_.grid.points()[iq];
        const int to = result_.grid.find(image);
        if (to < 0) continue;
        const Eigen::Vector3d& exact = result_.grid.points()[to];
        for (std::size_t i = 0; i < result_.gamma.size(); ++i)
          put(i, to, turned(result_.gamma[i][iq], operation, exact), "", known_[to]);
        if (known_[to] == 0) {
          known_[to] = 1;
          reversed(to, 1);
        }
      }
    }
  }

  Coupling finish() {
    std::string missing;
    int count = 0;
    for (int iq = 0; iq < result_.grid.size(); ++iq) {
      if (known_[iq] == 0 && ++count <= 6) missing += (count > 1 ? ", " : "") + text(result_.grid.points()[iq]);
    }
    if (count > 0) {
      throw InputError{
          "the coupling is unknown at {} of {} q points, which symmetry does not lead to: {}{} (crystal coordinates): "
          "give the files of all stars, and matrices of a crystal with the symmetry of the calculation",
          count, result_.grid.size(), missing, count > 6 ? ", ..." : ""};
    }
    if (largest_ > 0) result_.asymmetry /= largest_;
    return std::move(result_);
  }

 private:
  /// D_st(q) turns by exp(2 pi i q.(shift_s - shift_t)) when atoms move by lattice vectors (phonons/atom_images.hpp).
  Eigen::MatrixXcd at_sites(const Eigen::MatrixXcd& gamma, const Eigen::Vector3d& q) const {
    Eigen::VectorXcd phase(gamma.rows());
    for (Eigen::Index s = 0; s < gamma.rows() / 3; ++s)
      phase.segment<3>(3 * s).setConstant(std::polar(1.0, 2 * std::numbers::pi * q.dot(shifts_[s].cast<double>())));
    return phase.asDiagonal() * gamma * phase.conjugate().asDiagonal();
  }

  /// `known`: 2 where a file said it, 1 where symmetry did, 0 where nothing is known.
  void put(std::size_t smearing, int iq, const Eigen::MatrixXcd& gamma, const std::string& where, int known) {
    Eigen::MatrixXcd& slot = result_.gamma[smearing][iq];
    if (slot.size() > 0) {
      const double change = (slot - gamma).cwiseAbs().maxCoeff();
      if (!where.empty() && change > 1e-2 * largest_) {
        throw InputError{"{}: another file holds other matrices at the same q = {}: the files are of two calculations",
                         where, text(result_.grid.points()[iq])};
      }
      if (known != 0) result_.asymmetry = std::max(result_.asymmetry, change);
      return;
    }
    slot = gamma;
    if (result_.grid.is_real(iq)) slot.imag().setZero();
  }

  void reversed(int iq, int how) {
    const int minus = result_.grid.minus(iq);
    if (known_[minus] != 0) return;
    for (std::vector<Eigen::MatrixXcd>& gamma : result_.gamma) gamma[minus] = gamma[iq].conjugate();
    known_[minus] = how;
  }

  const CouplingFiles& files_;
  std::vector<Eigen::Vector3i> shifts_;
  std::vector<int> known_;
  double largest_ = 0;
  Coupling result_{{}, phonons::QGrid(Eigen::Vector3i::Ones()), {}, {}, 0, 0};
};

}  // namespace

phonons::DynamicalMatrices Coupling::as_matrices(int smearing) const {
  return {crystal, grid, gamma.at(static_cast<std::size_t>(smearing)), {}, 0, "electron-phonon coupling"};
}

Coupling complete(const CouplingFiles& files, const phonons::DynamicalMatrices& matrices, const SpaceGroup& group) {
  refuse_other_crystal(files, matrices);
  Completion completion(files, matrices);
  completion.from_files();
  completion.by_symmetry(group);
  return completion.finish();
}

}  // namespace zeropoint::superconductivity
