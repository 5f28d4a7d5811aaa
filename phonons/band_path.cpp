#include "phonons/band_path.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <sstream>

#include "core/error.hpp"
#include "core/standard_cell.hpp"
#include "phonons/band_path_table.hpp"
#include "phonons/path_setting.hpp"

namespace zeropoint::phonons {
namespace {

/// Extended Bravais symbol and the primitive vectors in terms of the conventional ones (rows).
struct Zone {
  std::string symbol;
  Eigen::Matrix3d primitive;
  std::string neighbour{};  // a symbol that a slightly other shape has
};

constexpr double nearby = 1e-4;  // of lengths and cosines: what relaxations of two people differ by

ConventionalShape shape_of(const Eigen::Matrix3d& cell) {
  const Eigen::Vector3d lengths = cell.rowwise().norm();
  const double cosine = cell.row(0).dot(cell.row(2)) / (lengths[0] * lengths[2]);
  return {lengths[0], lengths[1], lengths[2], cosine, std::sqrt(1 - cosine * cosine)};
}

/// 1, 2 or 3 after the letters of a Bravais lattice, 0 for triclinic ones.
int variant(const std::string& lattice, int number, const ConventionalShape& cell) {
  const double a = cell.a, b = cell.b, c = cell.c;
  if (lattice == "cP" || lattice == "cF") return number <= 206 ? 1 : 2;
  if (lattice == "tI") return c <= a ? 1 : 2;
  if (lattice == "oF") {
    const double x = 1 / (a * a), y = 1 / (b * b), z = 1 / (c * c);
    return x > y + z ? 1 : z > x + y ? 2 : 3;
  }
  if (lattice == "oI") return c >= a && c >= b ? 1 : a >= b ? 2 : 3;
  if (lattice == "oC") return a <= b ? 1 : 2;
  if (lattice == "oA") return b <= c ? 1 : 2;
  if (lattice == "hP") {
    static const std::array<int, 13> first = {143, 144, 145, 147, 149, 151, 153, 157, 159, 160, 161, 162, 163};
    return std::find(first.begin(), first.end(), number) != first.end() ? 1 : 2;
  }
  if (lattice == "hR") return std::sqrt(3) * a <= std::sqrt(2) * c ? 1 : 2;
  if (lattice == "mC") {
    if (b < a * cell.sin_beta) return 1;
    return -a * cell.cos_beta / c + std::pow(a * cell.sin_beta / b, 2) <= 1 ? 2 : 3;
  }
  return 1;
}

Eigen::Matrix3d primitive_of(const std::string& lattice) {
  // Primitive vectors in columns, as usually printed.
  Eigen::Matrix3d p = Eigen::Matrix3d::Identity();
  const char centring = lattice[1];
  if (centring == 'F') p << 0, 0.5, 0.5, 0.5, 0, 0.5, 0.5, 0.5, 0;
  if (centring == 'I') p << -0.5, 0.5, 0.5, 0.5, -0.5, 0.5, 0.5, 0.5, -0.5;
  if (centring == 'R') p << 2, -1, -1, 1, 1, -2, 1, 1, 1;
  if (centring == 'R') p /= 3;
  if (lattice == "oC") p << 0.5, 0.5, 0, -0.5, 0.5, 0, 0, 0, 1;
  if (lattice == "oA") p << 0, 0, 1, 0.5, 0.5, 0, -0.5, 0.5, 0;
  if (lattice == "mC") p << 0.5, -0.5, 0, 0.5, 0.5, 0, 0, 0, 1;
  return p.transpose();
}

/// The triclinic cell whose reciprocal vectors make angles all acute or all obtuse, of the reduced reciprocal lattice.
Zone triclinic_zone(const Eigen::Matrix3d& conventional) {
  const double two_pi = 2 * std::numbers::pi;
  const Eigen::Matrix3d reduced = niggli_cell(two_pi * conventional.inverse().transpose());
  Eigen::Matrix3d cell = two_pi * reduced.inverse().transpose();
  const auto products = [&] {
    const Eigen::Matrix3d k = cell.inverse().transpose();
    return Eigen::Vector3d(k.row(1).dot(k.row(2)), k.row(2).dot(k.row(0)), k.row(0).dot(k.row(1)));
  };
  Eigen::Index smallest = 0;
  products().cwiseAbs().minCoeff(&smallest);
  const Eigen::Matrix3d before = cell;
  for (Eigen::Index i = 0; i < 3; ++i) cell.row(i) = before.row((i + smallest + 1) % 3);  // the pair (1, 2) comes first
  const std::array<bool, 3> positive = {products()[0] > 0, products()[1] > 0, products()[2] > 0};
  for (std::size_t odd = 0; odd < 3; ++odd) {
    const std::size_t i = (odd + 1) % 3, j = (odd + 2) % 3;
    if (positive[i] != positive[j] || positive[odd] == positive[i]) continue;
    cell.row(static_cast<Eigen::Index>(i)) *= -1;
    cell.row(static_cast<Eigen::Index>(j)) *= -1;
  }
  const Eigen::Matrix3d integers = (cell * conventional.inverse()).array().round();
  const bool obtuse = products()[1] <= 0;
  const Eigen::Matrix3d k = cell.inverse().transpose().rowwise().normalized();
  const double cosine =
      std::min({std::abs(k.row(1).dot(k.row(2))), std::abs(k.row(2).dot(k.row(0))), std::abs(k.row(0).dot(k.row(1)))});
  return {obtuse ? "aP2" : "aP3", integers, cosine < nearby ? (obtuse ? "aP3" : "aP2") : ""};
}

/// A number that variant() gives for another shape close by; 0: none.
int neighbouring_variant(const std::string& lattice, int number, const ConventionalShape& cell) {
  const int here = variant(lattice, number, cell);
  for (const double change : {-nearby, nearby}) {
    std::array<ConventionalShape, 4> shapes{cell, cell, cell, cell};
    shapes[0].a *= 1 + change;
    shapes[1].b *= 1 + change;
    shapes[2].c *= 1 + change;
    shapes[3].cos_beta += change;
    shapes[3].sin_beta = std::sqrt(1 - shapes[3].cos_beta * shapes[3].cos_beta);
    for (const ConventionalShape& shape : shapes) {
      if (const int other = variant(lattice, number, shape); other != here) return other;
    }
  }
  return 0;
}

Zone zone_of(const StandardCell& standard) {
  const int number = standard.number;
  if (number < 3) return triclinic_zone(standard.cell);
  const char family = number < 16 ? 'm' : number < 75 ? 'o' : number < 143 ? 't' : number < 195 ? 'h' : 'c';
  const char centring = standard.symbol[0] == 'B' ? 'C' : standard.symbol[0];
  const std::string lattice{family, centring};
  const std::string symbol = lattice + std::to_string(variant(lattice, number, shape_of(standard.cell)));
  const int other = neighbouring_variant(lattice, number, shape_of(standard.cell));
  // One row of the table serves both kinds.
  return {lattice == "cI" ? "cI1" : symbol, primitive_of(lattice), other > 0 ? lattice + std::to_string(other) : ""};
}

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\n");
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

std::vector<std::string> trimmed_parts(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(trimmed(part));
  return parts;
}

}  // namespace

BandPath standard_path(const Crystal& crystal, double tolerance) {
  const StandardCell standard = find_standard_cell(crystal, tolerance);
  const Zone zone = zone_of(standard);
  const TabulatedPath table = tabulated_path(zone.symbol, shape_of(standard.cell));
  // f_i = k.p_i for primitive vectors p = primitive * conventional, q_i = k.a_i for the cell a = transformation *
  // conventional.
  const Eigen::Matrix3d to_conventional = zone.primitive.inverse();
  std::vector<Eigen::Vector3d> places;
  for (const std::vector<std::string>& piece : table.pieces) {
    for (std::size_t i = 0; i + 1 < piece.size(); ++i) {
      const Eigen::Vector3d from = to_conventional * table.points.at(piece[i]),
                            to = to_conventional * table.points.at(piece[i + 1]);
      for (const double share : {0.3, 1.0}) places.emplace_back((1 - share) * from + share * to);
    }
  }
  const SpaceGroup group = find_space_group(crystal, {.tolerance = tolerance});
  const Eigen::Matrix3d setting =
      path_setting(crystal, group, standard.cell, zone.primitive, standard.transformation, places);
  const Eigen::Matrix3d to_own = standard.transformation * setting * to_conventional;
  BandPath path{zone.symbol, {}, {}, zone.neighbour};
  for (const auto& [label, f] : table.points) {
    const Eigen::Vector3d q = to_own * f;
    path.points[label] = (q.array().abs() < 1e-12).select(0, q);
  }
  for (const std::vector<std::string>& labels : table.pieces) {
    std::vector<PathPoint>& piece = path.pieces.emplace_back();
    for (const std::string& label : labels) piece.push_back({label, path.points.at(label)});
  }
  return path;
}

BandPath path_of_text(const std::string& text, const BandPath& standard,
                      const std::map<std::string, Eigen::Vector3d>& own) {
  BandPath path{standard.symbol, {}, standard.points, standard.neighbour};
  for (const auto& [label, q] : own) path.points[label] = q;
  const auto find = [&](const std::string& label) {
    auto found = path.points.find(label);
    if (found == path.points.end() &&
        (label == "G" || label == "g" || label == "Gamma" || label == "gamma" || label == "Γ")) {
      found = path.points.find("GAMMA");
    }
    if (found == path.points.end()) {
      std::string known;
      for (const auto& [name, q] : path.points) known += (known.empty() ? "" : ", ") + name;
      throw InputError{"the band path has no point '{}': those of a zone {} are {}; give others as points", label,
                       standard.symbol, known};
    }
    return PathPoint{found->first, found->second};
  };
  for (const std::string& part : trimmed_parts(text, '|')) {
    const std::vector<std::string> labels = trimmed_parts(part, '-');
    if (labels.size() < 2)
      throw InputError{"the piece '{}' of the band path has fewer than two points: write it as G-X", part};
    std::vector<PathPoint>& piece = path.pieces.emplace_back();
    for (const std::string& label : labels) piece.push_back(find(label));
  }
  if (path.pieces.empty()) throw InputError{"the band path is empty: write it as G-X-W-G | X-L"};
  return path;
}

SampledPath sample(const BandPath& path, const Crystal& crystal, const PathSampling& sampling) {
  if (!(sampling.spacing > 0) || sampling.at_least < 1) {
    throw InputError{"a spacing of {} 1/angstrom and {} intervals a segment: both must be positive", sampling.spacing,
                     sampling.at_least};
  }
  const Eigen::Matrix3d to_cartesian = 2 * std::numbers::pi * crystal.reciprocal().transpose();
  SampledPath sampled;
  double distance = 0;
  for (std::size_t p = 0; p < path.pieces.size(); ++p) {
    const std::vector<PathPoint>& piece = path.pieces[p];
    if (p == 0) {
      sampled.ticks.push_back({0, piece.front().label});
    } else if (sampled.ticks.back().label != piece.front().label) {
      sampled.ticks.back().label += "|" + piece.front().label;
    }
    for (std::size_t i = 1; i < piece.size(); ++i) {
      const Eigen::Vector3d step = piece[i].q - piece[i - 1].q, cartesian = to_cartesian * step;
      const double length = cartesian.norm();
      if (!(length > 0))
        throw InputError{"the points {} and {} of the band path are the same", piece[i - 1].label, piece[i].label};
      const int n = std::max(sampling.at_least, static_cast<int>(std::ceil(length / sampling.spacing)));
      for (int k = 0; k <= n; ++k) {
        const double t = static_cast<double>(k) / n;
        sampled.points.emplace_back(k == n ? piece[i].q : piece[i - 1].q + t * step);
        sampled.directions.emplace_back(cartesian / length);
        sampled.distances.push_back(distance + t * length);
        sampled.piece.push_back(static_cast<int>(p));
      }
      distance += length;
      sampled.ticks.push_back({distance, piece[i].label});
    }
  }
  return sampled;
}

}  // namespace zeropoint::phonons
