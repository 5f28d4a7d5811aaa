#include "phonons/diagonal_supercell.hpp"

#include <Eigen/Dense>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <utility>

#include "core/error.hpp"

namespace zeropoint::phonons {
namespace {

/// Columns of `matrix` change with `basis`, so that matrix * basis stays what it is; rows are combined freely.
void subtract_column(Eigen::Matrix3i& matrix, Eigen::Matrix3i& basis, int from, int column, int times) {
  matrix.col(from) -= times * matrix.col(column);
  basis.row(column) += times * basis.row(from);
}

void swap_columns(Eigen::Matrix3i& matrix, Eigen::Matrix3i& basis, int i, int j) {
  matrix.col(i).swap(matrix.col(j));
  basis.row(i).swap(basis.row(j));
}

/// True when row and column `k` hold nothing but the diagonal element.
bool is_alone(const Eigen::Matrix3i& m, int k) {
  for (int i = k + 1; i < 3; ++i) {
    if (m(i, k) != 0 || m(k, i) != 0) return false;
  }
  return true;
}

/// Brings the smallest element at or below k, k to that place. The determinant is not 0: there is one.
void pivot(Eigen::Matrix3i& m, Eigen::Matrix3i& basis, int k) {
  int row = -1, column = -1;
  for (int i = k; i < 3; ++i) {
    for (int j = k; j < 3; ++j) {
      if (m(i, j) != 0 && (row < 0 || std::abs(m(i, j)) < std::abs(m(row, column)))) row = i, column = j;
    }
  }
  if (row != k) m.row(k).swap(m.row(row));
  if (column != k) swap_columns(m, basis, k, column);
}

/// Makes row and column k those of a diagonal matrix.
void clear(Eigen::Matrix3i& m, Eigen::Matrix3i& basis, int k) {
  for (pivot(m, basis, k); !is_alone(m, k); pivot(m, basis, k)) {
    for (int i = k + 1; i < 3; ++i) m.row(i) -= m(i, k) / m(k, k) * m.row(k);
    for (int j = k + 1; j < 3; ++j) subtract_column(m, basis, j, k, m(k, j) / m(k, k));
  }
}

/// Shorter vectors of the same kind: t_i + k t_j is one when d_j divides k d_i.
void shorten(DiagonalSupercell& diagonal, const Eigen::Matrix3d& cell) {
  for (bool changed = true; changed;) {
    changed = false;
    for (int i = 0; i < 3; ++i) {
      for (int j = 0; j < 3; ++j) {
        if (i == j) continue;
        const int step = diagonal.divisions[j] / std::gcd(diagonal.divisions[i], diagonal.divisions[j]);
        const Eigen::RowVector3d a = diagonal.basis.row(i).cast<double>() * cell,
                                 b = diagonal.basis.row(j).cast<double>() * cell;
        const int times = step * static_cast<int>(std::lround(-a.dot(b) / b.squaredNorm() / step));
        if (times == 0 || (a + times * b).norm() > a.norm() * (1 - 1e-9)) continue;
        diagonal.basis.row(i) += times * diagonal.basis.row(j);
        changed = true;
      }
    }
  }
}

bool spans(const Eigen::Matrix3i& supercell, const Eigen::Vector3i& divisions) {
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      if (supercell(i, j) % divisions[j] != 0) return false;
    }
  }
  return true;
}

}  // namespace

DiagonalSupercell diagonal_supercell(const Eigen::Matrix3i& supercell, const Eigen::Matrix3d& cell) {
  const int n_cells = static_cast<int>(std::lround(std::abs(supercell.cast<double>().determinant())));
  if (n_cells == 0) throw InputError{"the supercell matrix has determinant 0: its vectors lie in a plane"};
  DiagonalSupercell result{Eigen::Matrix3i::Identity(), Eigen::Vector3i::Ones()};
  for (int j = 0; j < 3; ++j) {
    result.divisions[j] = std::gcd(std::gcd(supercell(0, j), supercell(1, j)), supercell(2, j));
  }
  if (result.divisions.prod() == n_cells && spans(supercell, result.divisions)) return result;

  Eigen::Matrix3i m = supercell;
  result.basis.setIdentity();
  for (int k = 0; k < 3; ++k) clear(m, result.basis, k);
  result.divisions = m.diagonal().cwiseAbs();
  shorten(result, cell);
  if (result.basis.cast<double>().determinant() < 0) result.basis = -result.basis;
  return result;
}

}  // namespace zeropoint::phonons
