#include "phonons/wigner_seitz.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace zeropoint::phonons {
namespace {

constexpr double shorter = 1 - 1e-10;  // of the squared length: equal vectors must not be exchanged for ever
constexpr int reach = 2;               // a Minkowski cell needs 1; one more for coordinates folded at its faces

}  // namespace

Eigen::Matrix3d reduced_cell(Eigen::Matrix3d cell) {
  const auto replace_if_shorter = [&](int i, const Eigen::RowVector3d& candidate) {
    if (!(candidate.squaredNorm() < shorter * cell.row(i).squaredNorm())) return false;
    cell.row(i) = candidate;
    return true;
  };
  bool changed = true;
  while (changed) {
    changed = false;
    for (int i = 0; i < 3; ++i) {
      for (int j = 0; j < 3; ++j) {
        if (i == j) continue;
        const double steps = std::round(cell.row(i).dot(cell.row(j)) / cell.row(j).squaredNorm());
        changed |= replace_if_shorter(i, cell.row(i) - steps * cell.row(j));
      }
      for (const double s : {-1.0, 1.0}) {
        for (const double t : {-1.0, 1.0}) {
          changed |= replace_if_shorter(i, cell.row(i) + s * cell.row((i + 1) % 3) + t * cell.row((i + 2) % 3));
        }
      }
    }
  }
  return cell;
}

WignerSeitz::WignerSeitz(Supercell supercell, double tie) : supercell_(std::move(supercell)), tie_(tie) {
  const Eigen::Matrix3d& cell = supercell_.unit_cell().cell;
  reduced_ = reduced_cell(supercell_.divisions().cast<double>().asDiagonal() * cell);
  to_reduced_ = reduced_.inverse();
  const Eigen::Matrix3i in_unit_cells = (reduced_ * cell.inverse()).array().round().cast<int>();
  constexpr int width = 2 * reach + 1;
  around_.resize(width * width * width, 3);
  for (int i = 0; i < around_.rows(); ++i) {
    const Eigen::RowVector3i n(i / (width * width) - reach, i / width % width - reach, i % width - reach);
    around_.row(i) = n * in_unit_cells;
  }
  around_cartesian_ = around_.cast<double>() * cell;
}

NearestImages WignerSeitz::operator()(int cell, int s, int t) const {
  const Crystal& crystal = supercell_.unit_cell();
  const Eigen::Vector3i r = supercell_.lattice_vector(cell);
  const Eigen::RowVector3d vector =
      r.cast<double>().transpose() * crystal.cell + crystal.positions.row(s) - crystal.positions.row(t);
  const Eigen::RowVector3d turns = (vector * to_reduced_).array().round();
  const Eigen::RowVector3d folded = vector - turns * reduced_;
  const Eigen::RowVector3i subtracted = (turns * reduced_ * crystal.cell.inverse()).array().round().cast<int>();

  const Eigen::VectorXd lengths = (around_cartesian_.rowwise() + folded).rowwise().norm();
  const double limit = lengths.minCoeff() + tie_;
  NearestImages images;
  images.next = std::numeric_limits<double>::infinity();
  for (Eigen::Index i = 0; i < lengths.size(); ++i) {
    if (lengths[i] < limit) {
      images.lattice_vectors.emplace_back(r + (around_.row(i) - subtracted).transpose());
    } else {
      images.next = std::min(images.next, lengths[i] - (limit - tie_));
    }
  }
  return images;
}

}  // namespace zeropoint::phonons
