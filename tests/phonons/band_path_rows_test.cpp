// Every row of the table of Hinuma et al. 2017, reached by a crystal of that kind in any cell, orientation and origin.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "phonons/band_path.hpp"
#include "phonons/interpolation.hpp"
#include "phonons/spectrum.hpp"
#include "phonons/symmetrizer.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"

namespace zeropoint::phonons {
namespace {

using Fractions = std::vector<Eigen::RowVector3d>;

Eigen::Matrix3d conventional(double a, double b, double c, double beta = 90) {
  Eigen::Matrix3d cell = Eigen::Vector3d(a, b, c).asDiagonal();
  const double radian = beta * std::numbers::pi / 180;
  if (beta != 90) cell.row(2) << c * std::cos(radian), 0, c * std::sin(radian);
  return cell;
}

Eigen::Matrix3d hexagonal(double a, double c) {
  Eigen::Matrix3d cell;
  cell << a, 0, 0, -a / 2, a * std::sqrt(3) / 2, 0, 0, 0, c;
  return cell;
}

/// The primitive vectors, rows, of a conventional cell.
Eigen::Matrix3d primitive(char centring, const Eigen::Matrix3d& cell) {
  Eigen::Matrix3d p;
  switch (centring) {
    case 'F':
      p << 0, 0.5, 0.5, 0.5, 0, 0.5, 0.5, 0.5, 0;
      break;
    case 'I':
      p << -0.5, 0.5, 0.5, 0.5, -0.5, 0.5, 0.5, 0.5, -0.5;
      break;
    case 'A':
      p << 1, 0, 0, 0, 0.5, 0.5, 0, -0.5, 0.5;
      break;
    case 'C':
      p << 0.5, 0.5, 0, -0.5, 0.5, 0, 0, 0, 1;
      break;
    case 'R':
      p << 2.0 / 3, 1.0 / 3, 1.0 / 3, -1.0 / 3, 1.0 / 3, 1.0 / 3, -1.0 / 3, -2.0 / 3, 1.0 / 3;
      break;
    default:
      p.setIdentity();
  }
  return p * cell;
}

/// Atoms at fractions of the conventional cell, one species a list.
Crystal crystal_of(char centring, const Eigen::Matrix3d& cell, const std::vector<Fractions>& atoms = {{{0, 0, 0}}}) {
  Crystal crystal;
  crystal.cell = primitive(centring, cell);
  std::vector<Eigen::RowVector3d> positions;
  std::vector<double> masses;
  for (std::size_t kind = 0; kind < atoms.size(); ++kind) {
    for (const Eigen::RowVector3d& x : atoms[kind]) {
      positions.emplace_back(x * cell);
      crystal.species.emplace_back(kind == 0 ? "Na" : "Cl");
      masses.push_back(kind == 0 ? 22.99 : 35.45);
    }
  }
  crystal.positions.resize(static_cast<Eigen::Index>(positions.size()), 3);
  for (std::size_t s = 0; s < positions.size(); ++s) crystal.positions.row(static_cast<Eigen::Index>(s)) = positions[s];
  crystal.masses = Eigen::Map<const Eigen::VectorXd>(masses.data(), static_cast<Eigen::Index>(masses.size()));
  return crystal;
}

Crystal triclinic(double alpha, double beta, double gamma) {
  const double f = std::numbers::pi / 180, ca = std::cos(alpha * f), cb = std::cos(beta * f), cg = std::cos(gamma * f),
               sg = std::sin(gamma * f);
  Eigen::Matrix3d cell;
  cell << 3, 0, 0, 4 * cg, 4 * sg, 0, 5 * cb, 5 * (ca - cb * cg) / sg,
      5 * std::sqrt(1 + 2 * ca * cb * cg - ca * ca - cb * cb - cg * cg) / sg;
  return crystal_of('P', cell);
}

/// Four equivalent atoms of P2_13.
Fractions p213(double x) { return {{x, x, x}, {0.5 - x, -x, x + 0.5}, {-x, x + 0.5, 0.5 - x}, {x + 0.5, 0.5 - x, -x}}; }
/// Twelve of Fm-3, a cell.
Fractions fm3(double y, double z) {
  Fractions all;
  for (const double s : {y, -y}) {
    for (const double t : {z, -z}) all.insert(all.end(), {{0, s, t}, {t, 0, s}, {s, t, 0}});
  }
  return all;
}
Fractions p3(double x, double y, double z) { return {{x, y, z}, {-y, x - y, z}, {y - x, -x, z}}; }

struct Row {
  const char* symbol;
  Crystal crystal;
};

/// Where axes can be exchanged without changing the group, the crystal has less symmetry: then each keeps its name.
std::vector<Row> rows() {
  const std::vector<Fractions> cmcm{{{0, 0.15, 0.25}, {0, -0.15, 0.75}}};
  const std::vector<Fractions> amm2{{{0.2, 0.13, 0}, {-0.2, -0.13, 0}, {0.2, -0.13, 0}, {-0.2, 0.13, 0}},
                                    {{0, 0, 0.31}}};
  const std::vector<Fractions> polar{{{0, 0, 0}}, {{0, 0, 0.2}}};
  const std::vector<Fractions> ima2{{{0.25, 0.1, 0}, {0.75, -0.1, 0}}, {{0, 0, 0.3}, {0.5, 0, 0.3}}};
  return {{"aP2", triclinic(80, 85, 75)},
          {"aP3", triclinic(100, 95, 105)},
          {"cF1", crystal_of('F', conventional(6, 6, 6), {fm3(0.15, 0.3)})},
          {"cF2", crystal_of('F', conventional(4, 4, 4))},
          {"cI1", crystal_of('I', conventional(3, 3, 3))},
          {"cP1", crystal_of('P', conventional(4.5, 4.5, 4.5), {p213(0.14), p213(0.84)})},
          {"cP2", crystal_of('P', conventional(3, 3, 3))},
          {"hP1", crystal_of('P', hexagonal(5, 6), {p3(0.1, 0.3, 0), p3(0.25, 0.6, 0.35)})},
          {"hP2", crystal_of('P', hexagonal(3, 5))},
          {"hR1", crystal_of('R', hexagonal(3, 7))},
          {"hR2", crystal_of('R', hexagonal(4, 3))},
          {"mC1", crystal_of('C', conventional(6, 3, 4, 105))},
          {"mC2", crystal_of('C', conventional(4, 6, 5, 100))},
          {"mC3", crystal_of('C', conventional(6, 6.1, 3.5, 110))},
          {"mP1", crystal_of('P', conventional(3, 4, 5, 105))},
          {"oA1", crystal_of('A', conventional(5, 5.5, 6.5), amm2)},
          {"oA2", crystal_of('A', conventional(5, 6.5, 5.5), amm2)},
          {"oC1", crystal_of('C', conventional(4, 5.2, 6), cmcm)},
          {"oC2", crystal_of('C', conventional(5.2, 4, 6), cmcm)},
          {"oF1", crystal_of('F', conventional(4, 7, 8), polar)},
          {"oF2", crystal_of('F', conventional(7, 8, 4), polar)},
          {"oF3", crystal_of('F', conventional(6, 6.6, 7.2), polar)},
          {"oI1", crystal_of('I', conventional(5, 5.6, 7), ima2)},
          {"oI2", crystal_of('I', conventional(7, 5.6, 5), ima2)},
          {"oI3", crystal_of('I', conventional(5, 7, 5.6), ima2)},
          {"oP1", crystal_of('P', conventional(3, 4, 5))},
          {"tI1", crystal_of('I', conventional(4, 4, 3))},
          {"tI2", crystal_of('I', conventional(3, 3, 5))},
          {"tP1", crystal_of('P', conventional(3, 3, 4))}};
}

std::vector<Eigen::Matrix3i> other_bases() {
  Eigen::Matrix3i a, b;
  a << 1, 2, 0, 0, 1, -1, 0, 0, 1;
  b << 0, 1, 1, 1, 0, 0, -2, 1, 2;
  return {a, b};
}

TEST(BandPathRows, AreAllReachedWithTheSameFrequenciesInEveryDescription) {
  std::vector<std::string> reached;
  for (const Row& row : rows()) {
    SCOPED_TRACE(row.symbol);
    const BandPath path = standard_path(row.crystal);
    ASSERT_EQ(path.symbol, row.symbol);
    reached.push_back(path.symbol);
    DynamicalMatrices matrices = test::model_matrices(row.crystal, {2, 2, 2}, 7);
    Symmetrizer(find_space_group(row.crystal), row.crystal, matrices.grid).matrices(matrices.blocks);
    const SampledPath sampled = sample(path, row.crystal, {.spacing = 0.1, .at_least = 4});
    const Eigen::MatrixXd expected = frequencies_at(Interpolation(matrices), sampled.points);
    const double scale = expected.maxCoeff();

    int n = 0;
    for (const Eigen::Matrix3i& basis : other_bases()) {
      const Eigen::Matrix3d turn =
          ++n == 1 ? test::some_rotation() : Eigen::Matrix3d(test::some_rotation().transpose());
      ASSERT_EQ(std::abs(basis.cast<double>().determinant()), 1);
      const DynamicalMatrices other = test::with_other_cell(
          test::rotated(test::with_origin_moved(matrices, Eigen::Vector3d(0.3, 0.1 * n, -0.7)), turn), basis);
      const BandPath found = standard_path(other.crystal);
      ASSERT_EQ(found.symbol, row.symbol);
      const SampledPath again = sample(found, other.crystal, {.spacing = 0.1, .at_least = 4});
      ASSERT_EQ(again.points.size(), sampled.points.size());
      for (std::size_t i = 0; i < again.ticks.size(); ++i) EXPECT_EQ(again.ticks[i].label, sampled.ticks[i].label);
      const Eigen::MatrixXd frequencies = frequencies_at(Interpolation(other), again.points);
      for (Eigen::Index i = 0; i < expected.rows(); ++i) {
        for (Eigen::Index mu = 0; mu < expected.cols(); ++mu) {
          // Roots of what vanishes at Gamma magnify rounding: there the squares count.
          const double w = expected(i, mu), v = frequencies(i, mu),
                       difference = std::abs(w) > 1e-3 * scale ? w - v : w * w - v * v;
          EXPECT_LT(std::abs(difference), 1e-8) << "point " << i << " mode " << mu;
        }
      }
    }
  }
  EXPECT_EQ(reached.size(), 29U);
}

}  // namespace
}  // namespace zeropoint::phonons
