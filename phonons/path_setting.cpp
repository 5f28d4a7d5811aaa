#include "phonons/path_setting.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <numbers>

namespace zeropoint::phonons {
namespace {

constexpr double same_metric = 1e-5;  // of squared lengths: digits of files
constexpr double range = 3;           // of the distance between atoms: pairs that tell settings apart
constexpr double difference = 1e-6;   // of the sum of all pairs: below that both settings are the same crystal

using Rotations = std::vector<Eigen::Matrix3i>;

bool integer(const Eigen::Matrix3d& m) { return (m.array() - m.array().round()).abs().maxCoeff() < 1e-6; }

/// Proper rotations of the lattice, x -> W x.
Rotations rotations_of_lattice(const Eigen::Matrix3d& cell, const Eigen::Matrix3d& primitive) {
  const Eigen::Matrix3d metric = cell * cell.transpose(), back = primitive.inverse();
  Rotations all{Eigen::Matrix3i::Identity()};
  for (int code = 0; code < 19683; ++code) {  // 3^9
    Eigen::Matrix3i w;
    for (int k = 0, rest = code; k < 9; ++k, rest /= 3) w(k / 3, k % 3) = rest % 3 - 1;
    const Eigen::Matrix3d real = w.cast<double>();
    if (w == all.front() || std::lround(real.determinant()) != 1) continue;
    if (!((real * metric * real.transpose() - metric).cwiseAbs().maxCoeff() <
          same_metric * metric.diagonal().maxCoeff()))
      continue;
    if (integer(primitive * real * back)) all.push_back(w);
  }
  return all;
}

/// Of the crystal, with inversion turned into proper rotations: frequencies at k and -k are the same.
Rotations rotations_of_crystal(const SpaceGroup& group, const Eigen::Matrix3d& transformation) {
  Rotations all;
  for (const SymmetryOperation& operation : group.operations) {
    const Eigen::Matrix3d w = transformation.inverse() * operation.rotation.cast<double>().transpose() * transformation;
    if (!integer(w)) continue;  // of a supercell
    const Eigen::Matrix3i whole = w.array().round().cast<int>();
    const Eigen::Matrix3i proper = std::lround(w.determinant()) < 0 ? Eigen::Matrix3i(-whole) : whole;
    if (std::find(all.begin(), all.end(), proper) == all.end()) all.push_back(proper);
  }
  return all;
}

/// Vectors between atoms in crystal coordinates with weights that know masses and distance: a fingerprint that turns
/// with the crystal.
struct Pairs {
  std::vector<Eigen::Vector3d> vectors;
  std::vector<double> weights;
  double total = 0;

  double at(const Eigen::Vector3d& q) const {
    double sum = 0;
    for (std::size_t i = 0; i < vectors.size(); ++i)
      sum += weights[i] * std::cos(2 * std::numbers::pi * q.dot(vectors[i]));
    return sum;
  }
};

Pairs pairs_of(const Crystal& crystal) {
  const int n = crystal.n_atoms();
  const double distance = std::cbrt(crystal.volume() / n), reach = range * distance, mean = crystal.masses.mean();
  const Vectors x = crystal.fractional();
  const Eigen::Vector3d heights = crystal.reciprocal().rowwise().norm().cwiseInverse();
  Eigen::Vector3i steps;
  for (int i = 0; i < 3; ++i) steps[i] = static_cast<int>(std::ceil(reach / heights[i])) + 1;
  Pairs pairs;
  for (int s = 0; s < n; ++s) {
    for (int t = 0; t < n; ++t) {
      Eigen::Vector3d here = (x.row(s) - x.row(t)).transpose();
      here -= here.array().round().matrix().eval();
      for (int i = -steps[0]; i <= steps[0]; ++i) {
        for (int j = -steps[1]; j <= steps[1]; ++j) {
          for (int k = -steps[2]; k <= steps[2]; ++k) {
            const Eigen::Vector3d v = here + Eigen::Vector3d(i, j, k);
            const double length = (v.transpose() * crystal.cell).norm() / distance;
            if (length < 1e-6 || length > range) continue;
            pairs.vectors.push_back(v);
            pairs.weights.push_back(crystal.masses[s] * crystal.masses[t] / (mean * mean) * std::exp(-length * length) *
                                    std::pow(1 - length / range, 2));
            pairs.total += pairs.weights.back();
          }
        }
      }
    }
  }
  return pairs;
}

}  // namespace

Eigen::Matrix3d path_setting(const Crystal& crystal, const SpaceGroup& group, const Eigen::Matrix3d& conventional,
                             const Eigen::Matrix3d& primitive, const Eigen::Matrix3d& transformation,
                             const std::vector<Eigen::Vector3d>& points) {
  const Rotations lattice = rotations_of_lattice(conventional, primitive),
                  own = rotations_of_crystal(group, transformation);
  Rotations settled, settings;
  for (const Eigen::Matrix3i& rotation : lattice) {
    if (std::find(settled.begin(), settled.end(), rotation) != settled.end()) continue;
    settings.push_back(rotation);
    for (const Eigen::Matrix3i& operation : own) settled.emplace_back(operation * rotation);
  }
  Eigen::Matrix3d best = Eigen::Matrix3d::Identity();
  if (settings.size() < 2) return best;
  const Pairs pairs = pairs_of(crystal);
  double highest = 0;
  for (std::size_t i = 0; i < settings.size(); ++i) {
    const Eigen::Matrix3d turn = settings[i].cast<double>();
    double value = 0;
    // Each place counts differently, so that exchanged ones show.
    for (std::size_t p = 0; p < points.size(); ++p) {
      value +=
          std::fmod(0.5 + 0.6180339887 * static_cast<double>(p), 1.0) * pairs.at(transformation * turn * points[p]);
    }
    if (i > 0 && !(value > highest + difference * pairs.total)) continue;
    highest = value;
    best = turn;
  }
  return best;
}

}  // namespace zeropoint::phonons
