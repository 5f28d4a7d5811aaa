#include "phonons/band_path.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "phonons/band_path_table.hpp"
#include "phonons/interpolation.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "phonons/spectrum.hpp"
#include "phonons/symmetrizer.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sample_ensembles.hpp"

namespace zeropoint::phonons {
namespace {

std::string text_of(const BandPath& path) {
  std::string text;
  for (const auto& piece : path.pieces) {
    if (!text.empty()) text += "|";
    for (std::size_t i = 0; i < piece.size(); ++i) text += (i > 0 ? "-" : "") + piece[i].label;
  }
  return text;
}

/// |k| of a labelled point, 1/angstrom without 2 pi.
double length(const BandPath& path, const std::string& label, const Crystal& crystal) {
  return (crystal.reciprocal().transpose() * path.points.at(label)).norm();
}

TEST(BandPath, OfRockSaltInTheCellOfQuantumEspresso) {
  const DynamicalMatrices lih = read_qe_dyn(ZEROPOINT_SOURCE_DIR "/examples/lih/a4.006/harmonic.dyn");
  const BandPath path = standard_path(lih.crystal);
  EXPECT_EQ(path.symbol, "cF2");
  EXPECT_EQ(text_of(path), "GAMMA-X-U|K-GAMMA-L-W-X");
  // In units of 2 pi/a: X (1 0 0), L (1/2 1/2 1/2), W (1 1/2 0), K (3/4 3/4 0), U (1 1/4 1/4).
  const double a = 4.006;
  EXPECT_NEAR(length(path, "X", lih.crystal) * a, 1, 1e-6);
  EXPECT_NEAR(length(path, "L", lih.crystal) * a, std::sqrt(0.75), 1e-6);
  EXPECT_NEAR(length(path, "W", lih.crystal) * a, std::sqrt(1.25), 1e-6);
  EXPECT_NEAR(length(path, "K", lih.crystal) * a, std::sqrt(1.125), 1e-6);
  EXPECT_NEAR(length(path, "U", lih.crystal) * a, std::sqrt(1.125), 1e-6);
  EXPECT_EQ(path.points.at("GAMMA"), Eigen::Vector3d::Zero());

  const Eigen::MatrixXd at =
      frequencies_at(Interpolation(lih), {path.points.at("X"), path.points.at("U"), path.points.at("K")});
  EXPECT_NEAR(units::codata2022.inverse_cm(at(0, 5)), 1031.8894, 0.05);  // matdyn.x at (1 0 0)
  EXPECT_LT((at.row(1) - at.row(2)).cwiseAbs().maxCoeff(), 1e-6);        // U = K + G, turned
}

TEST(BandPath, OfCrystalsOfFiveFamilies) {
  EXPECT_EQ(standard_path(test::diamond_crystal()).symbol, "cF2");
  EXPECT_EQ(standard_path(test::p21c_crystal()).symbol, "mP1");
  EXPECT_EQ(standard_path(test::cmc21_crystal()).symbol.substr(0, 2), "oC");
  const Crystal wurtzite = test::wurtzite_crystal();
  const BandPath path = standard_path(wurtzite);
  EXPECT_EQ(path.symbol, "hP2");
  EXPECT_EQ(text_of(path), "GAMMA-M-K-GAMMA-A-L-H-A|L-M|H-K");
  EXPECT_NEAR(length(path, "K", wurtzite), 2 / (3 * 3.25), 1e-9);
  EXPECT_NEAR(length(path, "M", wurtzite), 1 / (std::sqrt(3.0) * 3.25), 1e-9);
  EXPECT_NEAR(length(path, "A", wurtzite), 1 / (2 * 5.2), 1e-9);
  Crystal body = test::triclinic_lattice(), simple = body, tetragonal = body;
  body.cell << -1.5, 1.5, 1.5, 1.5, -1.5, 1.5, 1.5, 1.5, -1.5;
  simple.cell = 3 * Eigen::Matrix3d::Identity();
  tetragonal.cell = Eigen::Vector3d(3, 3, 4).asDiagonal();
  EXPECT_EQ(standard_path(body).symbol, "cI1");
  EXPECT_NEAR(length(standard_path(body), "H", body), 1.0 / 3, 1e-9);
  EXPECT_NEAR(length(standard_path(body), "P", body), std::sqrt(0.75) / 3, 1e-9);
  EXPECT_EQ(standard_path(simple).symbol, "cP2");
  EXPECT_EQ(standard_path(tetragonal).symbol, "tP1");
}

TEST(BandPath, NamesTheZoneThatASlightlyOtherCellHas) {
  // Body-centred tetragonal: tI1 while c <= a.
  const auto path_of = [](double c_over_a) {
    Crystal crystal = test::triclinic_lattice();
    const double a = 3, c = a * c_over_a;
    crystal.cell << -a / 2, a / 2, c / 2, a / 2, -a / 2, c / 2, a / 2, a / 2, -c / 2;
    return standard_path(crystal, 1e-6);
  };
  EXPECT_EQ(path_of(0.99995).symbol, "tI1");
  EXPECT_EQ(path_of(0.99995).neighbour, "tI2");
  EXPECT_EQ(path_of(1.00005).symbol, "tI2");
  EXPECT_EQ(path_of(1.00005).neighbour, "tI1");
  EXPECT_EQ(path_of(1.1).neighbour, "");
  EXPECT_EQ(standard_path(test::diamond_crystal()).neighbour, "");
  EXPECT_EQ(standard_path(test::wurtzite_crystal()).neighbour, "");
}

TEST(BandPath, IsTheSameInEveryDescriptionOfACrystal) {
  Eigen::Matrix3i unimodular;
  unimodular << 1, 2, 0, 0, 1, -1, 0, 0, 1;
  for (const Crystal& crystal : {test::diamond_crystal(), test::wurtzite_crystal(), test::cmc21_crystal(),
                                 test::p21c_crystal(), test::triclinic_crystal(), test::triclinic_lattice()}) {
    const BandPath path = standard_path(crystal);
    const Crystal other = test::with_other_cell(
        test::rotated(test::with_origin_moved(crystal, {0.3, 0.1, -0.7}), test::some_rotation()), unimodular);
    const BandPath found = standard_path(other);
    EXPECT_EQ(found.symbol, path.symbol);
    EXPECT_EQ(text_of(found), text_of(path));
    for (const auto& [label, q] : path.points) {
      EXPECT_NEAR(length(found, label, other), length(path, label, crystal), 1e-7) << path.symbol << " " << label;
    }
  }
}

TEST(BandPath, HasFrequenciesThatDoNotDependOnTheDescription) {
  for (const Crystal& crystal : {test::wurtzite_crystal(), test::cmc21_crystal()}) {
    DynamicalMatrices matrices = test::model_matrices(crystal, {2, 2, 2}, 12);
    const SpaceGroup group = find_space_group(crystal);
    Symmetrizer(group, crystal, matrices.grid).matrices(matrices.blocks);
    Eigen::Matrix3i unimodular;
    unimodular << 1, 2, 0, 0, 1, -1, 0, 0, 1;
    const DynamicalMatrices other = test::with_other_cell(test::rotated(matrices, test::some_rotation()), unimodular);
    const SampledPath path = sample(standard_path(crystal), crystal),
                      found = sample(standard_path(other.crystal), other.crystal);
    ASSERT_EQ(path.points.size(), found.points.size());
    const Eigen::MatrixXd a = frequencies_at(Interpolation(matrices), path.points),
                          b = frequencies_at(Interpolation(other), found.points);
    // Squares, since roots of the vanishing ones at Gamma magnify rounding.
    EXPECT_LT((a.cwiseAbs2() - b.cwiseAbs2()).cwiseAbs().maxCoeff(), 1e-8) << group.symbol;
  }
}

TEST(BandPath, TableHoldsEveryPointOfItsPaths) {
  const ConventionalShape shape{3.1, 4.2, 5.3, -0.3, std::sqrt(1 - 0.09)};
  int n = 0;
  for (const char* symbol :
       {"aP2", "aP3", "cF1", "cF2", "cI1", "cP1", "cP2", "hP1", "hP2", "hR1", "hR2", "mC1", "mC2", "mC3", "mP1",
        "oA1", "oA2", "oC1", "oC2", "oF1", "oF2", "oF3", "oI1", "oI2", "oI3", "oP1", "tI1", "tI2", "tP1"}) {
    const TabulatedPath path = tabulated_path(symbol, shape);
    ++n;
    for (const auto& piece : path.pieces) {
      ASSERT_GE(piece.size(), 2U) << symbol;
      for (const std::string& label : piece) EXPECT_TRUE(path.points.contains(label)) << symbol << " " << label;
    }
  }
  EXPECT_EQ(n, 29);
  // Parameters: mC1 has S = 3/4 - b^2/(4 a^2 s^2), P = S - (3/4 - S) a C/c and C = (1-S, 1-S, 0), D = (P-1, P, 1/2).
  const double s2 = 0.91, big_s = 0.75 - 4.2 * 4.2 / (4 * 3.1 * 3.1 * s2),
               p = big_s - (0.75 - big_s) * 3.1 * -0.3 / 5.3;
  const TabulatedPath path = tabulated_path("mC1", shape);
  EXPECT_LT((path.points.at("C") - Eigen::Vector3d(1 - big_s, 1 - big_s, 0)).norm(), 1e-14);
  EXPECT_LT((path.points.at("D") - Eigen::Vector3d(p - 1, p, 0.5)).norm(), 1e-14);
}

TEST(BandPath, IsReadAsTyped) {
  const Crystal crystal = test::diamond_crystal();
  const BandPath standard = standard_path(crystal);
  const BandPath path = path_of_text(" G-X - W-G | Q-L", standard, {{"Q", {0.1, 0.2, 0.3}}});
  EXPECT_EQ(text_of(path), "GAMMA-X-W-GAMMA|Q-L");
  EXPECT_EQ(path.pieces[1][0].q, Eigen::Vector3d(0.1, 0.2, 0.3));
  EXPECT_COMPLAINT(path_of_text("G-M", standard), "no point 'M': those of a zone cF2 are GAMMA, K, L, U, W, X");
  EXPECT_COMPLAINT(path_of_text("G-X | L", standard), "fewer than two points");
  EXPECT_COMPLAINT(path_of_text("", standard), "is empty");
  EXPECT_COMPLAINT(sample(path_of_text("G-GAMMA", standard), crystal), "are the same");
}

TEST(BandPath, IsSampledAtEqualDistancesWithBothEndsOfEachSegment) {
  const Crystal crystal = test::diamond_crystal();
  const SampledPath path = sample(standard_path(crystal), crystal, {.spacing = 0.05, .at_least = 10});
  ASSERT_EQ(path.ticks.size(), 7U);
  EXPECT_EQ(path.ticks[2].label, "U|K");
  EXPECT_EQ(path.ticks[3].label, "GAMMA");
  std::vector<std::size_t> gammas;
  for (std::size_t i = 0; i < path.points.size(); ++i) {
    if (path.points[i].isZero()) gammas.push_back(i);
  }
  ASSERT_EQ(gammas.size(), 3U);  // the start, and both sides of the one inside
  EXPECT_EQ(gammas[2], gammas[1] + 1);
  EXPECT_EQ(path.distances[gammas[1]], path.distances[gammas[2]]);
  EXPECT_LT(path.directions[gammas[1]].dot(path.directions[gammas[2]]), 0.99);
  for (std::size_t i = 1; i < path.points.size(); ++i) {
    const double step = path.distances[i] - path.distances[i - 1];
    EXPECT_GE(step, 0);
    EXPECT_LE(step, 0.05 + 1e-12);
  }
  EXPECT_EQ(path.piece.front(), 0);
  EXPECT_EQ(path.piece.back(), 1);
}

}  // namespace
}  // namespace zeropoint::phonons
