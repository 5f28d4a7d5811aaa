// 100 outputs of pw.x 6.7 for CsSnI3, 2 x 2 x 2 (40 atoms), published with python-sscha: antithetic pairs (2k, 2k + 1).
// Numbers from the files themselves, found once with an independent program; to the digits that the files have.
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/units.hpp"
#include "files/configuration_match.hpp"
#include "files/labelled_formats.hpp"
#include "tests/support/reference_data.hpp"

namespace zeropoint {
namespace {

const UnitSet& unit_set = units::codata2022;

/// In the units of the files: Ry, bohr, and stresses that are positive under compression.
struct InRydberg {
  explicit InRydberg(const LabelledStructure& s)
      : energy(s.energy / unit_set.rydberg),
        positions(s.positions / unit_set.bohr),
        forces(s.forces / unit_set.rydberg_per_bohr()),
        stress(-s.stress.value() / unit_set.rydberg_per_bohr3()) {}
  double energy;
  Vectors positions, forces;
  Eigen::Matrix3d stress;
};

std::vector<LabelledStructure> read_all(const std::string& data) {
  std::vector<LabelledStructure> all;
  for (int k = 0; k < 100; ++k) {
    LabelledStructures one = read_labelled_structures(fmt::format("{}/ensembles/cssni3_2x2x2_pwo/ESP_{}.pwo", data, k));
    if (one.accepted.size() != 1) throw std::runtime_error(one.refused.at(0).reason);
    all.push_back(std::move(one.accepted.front()));
  }
  return all;
}

/// The perovskite that the atoms move about: five atoms at (a/2)(1,1,1), 0, (a/2)(1,0,0), (a/2)(0,0,1), (a/2)(0,1,0).
Supercell cubic_supercell() {
  const double half = 5.939625 * unit_set.bohr;
  Crystal cell;
  cell.cell = 2 * half * Eigen::Matrix3d::Identity();
  cell.positions.resize(5, 3);
  cell.positions << half, half, half, 0, 0, 0, half, 0, 0, 0, 0, half, 0, half, 0;
  cell.species = {"Cs", "Sn", "I", "I", "I"};
  cell.masses = Eigen::VectorXd::Constant(5, 100.0);
  return Supercell{cell, {2, 2, 2}};
}

TEST(GoldenPwxOutputs, GiveThePublishedNumbers) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const auto structures = read_all(data);
  std::vector<InRydberg> all(structures.begin(), structures.end());
  constexpr double e = 0.6e-8;  // the files have 8 decimals
  for (const auto& [k, energy] : {std::pair{0, -2256.30195529},
                                  {1, -2256.30597541},
                                  {74, -2256.27891799},
                                  {90, -2256.29862546},
                                  {99, -2256.30458366},
                                  {29, -2256.32813568},
                                  {88, -2256.24942073}}) {
    EXPECT_NEAR(all[k].energy, energy, e) << k;
  }
  double mean = 0, square = 0, forces = 0;
  Eigen::Vector3d diagonal = Eigen::Vector3d::Zero();
  for (const InRydberg& s : all) {
    mean += s.energy / 100;
    forces += s.forces.squaredNorm();
    diagonal += s.stress.diagonal() / 100;
    EXPECT_GE(s.energy, all[29].energy);
    EXPECT_LE(s.energy, all[88].energy);
  }
  for (const InRydberg& s : all) square += (s.energy - mean) * (s.energy - mean) / 99;
  EXPECT_NEAR(mean, -2256.2953069968, 1e-9);
  EXPECT_NEAR(std::sqrt(square), 0.0157915005, 1e-9);
  EXPECT_NEAR(forces, 0.9375083167, 1e-9);
  EXPECT_NEAR(std::sqrt(forces / 12000), 0.00883887397, 1e-10);
  Eigen::Matrix3d first;
  first << -4.599e-5, 8.7e-7, -3.92e-6, 8.7e-7, -6.503e-5, -1.25e-6, -3.92e-6, -1.25e-6, -5.028e-5;
  EXPECT_LT((all[0].stress - first).cwiseAbs().maxCoeff(), 1e-12);
  EXPECT_LT((all[74].stress.diagonal() - Eigen::Vector3d{-4.191e-5, -3.862e-5, -4.149e-5}).cwiseAbs().maxCoeff(),
            1e-12);
  EXPECT_LT((all[90].stress.diagonal() - Eigen::Vector3d{-5.707e-5, -5.420e-5, -5.953e-5}).cwiseAbs().maxCoeff(),
            1e-12);
  EXPECT_LT((diagonal - Eigen::Vector3d{-4.89045e-5, -4.83017e-5, -4.93666e-5}).cwiseAbs().maxCoeff(), 1e-10);
  EXPECT_NEAR(diagonal.sum() / 3, -4.88576e-5, 1e-10);
  EXPECT_LT((all[0].forces.row(0) - Eigen::RowVector3d{-0.00064251, 0.00168653, -0.00073824}).cwiseAbs().maxCoeff(),
            1e-12);
  EXPECT_LT((all[0].positions.row(0) - Eigen::RowVector3d{5.53823465, 5.8819845, 5.40777672}).cwiseAbs().maxCoeff(),
            1e-7);
  for (const LabelledStructure& s : structures) {
    EXPECT_NEAR(s.cell(0, 0) / unit_set.bohr, 23.7585, 1e-9);
    EXPECT_NEAR(std::abs(s.cell.determinant()) / std::pow(unit_set.bohr, 3), 13410.8736, 1e-3);  // alat has 6 decimals
    EXPECT_EQ(s.species, cubic_supercell().crystal().species);
  }
}

TEST(GoldenPwxOutputs, AreAntitheticPairsAboutTheCubicCrystal) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const auto all = read_all(data);
  const Crystal crystal = cubic_supercell().crystal();
  for (std::size_t k = 0; k < 100; k += 2) {
    const Vectors mean = (all[k].positions + all[k + 1].positions) / 2;
    EXPECT_LT((mean - crystal.positions).cwiseAbs().maxCoeff(), 1.3e-6 * unit_set.bohr) << k;  // 7 decimals of alat
  }
}

TEST(GoldenPwxOutputs, MatchTheConfigurationsTheyWereMadeFrom) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const auto all = read_all(data);
  const Supercell reference = cubic_supercell();
  const Vectors sites = reference.crystal().positions;
  // The positions that were written for the first of each pair are known only through the second: its mirror image.
  at::Tensor displacements = at::empty({100, 40, 3}, at::kDouble);
  for (std::size_t k = 0; k < 100; ++k) {
    Eigen::Map<Vectors>{displacements.mutable_data_ptr<double>() + 120 * k, 40, 3} = sites - all[k ^ 1U].positions;
  }
  const ConfigurationIndex index{reference, displacements};
  for (std::size_t k = 0; k < 100; ++k) {
    const Match match = index.find(all[k]);
    const auto expected = static_cast<std::int64_t>(k);
    EXPECT_EQ(match.configuration, expected) << match.reason;
  }
}

}  // namespace
}  // namespace zeropoint
