#include "phonons/phonopy/cells.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "core/error.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"

namespace zeropoint::phonons {
namespace {

TEST(PhonopyCells, OfADiagonalSupercellHaveTheAtomSlowestAndTheFirstAxisFastest) {
  const Crystal crystal = test::triclinic_crystal();
  const Eigen::Vector3i n(3, 2, 2);
  const Crystal supercell = phonopy_supercell(crystal, n.asDiagonal());
  ASSERT_EQ(supercell.n_atoms(), 36);
  for (int s = 0; s < 3; ++s) {
    for (int cell = 0; cell < 12; ++cell) {
      const Eigen::RowVector3d r(cell % 3, cell / 3 % 2, cell / 6);
      const Eigen::RowVector3d d = supercell.positions.row(12 * s + cell) - crystal.positions.row(s) - r * crystal.cell;
      const Eigen::RowVector3d whole = d * supercell.cell.inverse();
      EXPECT_LT((whole.array() - whole.array().round()).abs().maxCoeff(), 1e-12);
      EXPECT_EQ(supercell.masses[12 * s + cell], crystal.masses[s]);
    }
  }
}

TEST(PhonopyCells, OfACubicCellKnowTheFirstCopiesOfEachAtom) {
  // The example of the format: 8 atoms, M = diag(1 1 2), p2s = 0 8, 16 atoms.
  const double a = 5.64;
  Crystal cubic;
  cubic.cell = a * Eigen::Matrix3d::Identity();
  cubic.positions.resize(8, 3);
  cubic.positions << 0, 0, 0, 0, .5, .5, .5, 0, .5, .5, .5, 0, .5, .5, .5, .5, 0, 0, 0, .5, 0, 0, 0, .5;
  cubic.positions *= a;
  cubic.species = {"Na", "Na", "Na", "Na", "Cl", "Cl", "Cl", "Cl"};
  cubic.masses.resize(8);
  cubic.masses << 22.99, 22.99, 22.99, 22.99, 35.45, 35.45, 35.45, 35.45;
  Eigen::Matrix3d p;
  p << 0, .5, .5, .5, 0, .5, .5, .5, 0;
  const PhonopyCells cells = phonopy_cells(cubic, Eigen::Vector3i(1, 1, 2).asDiagonal(), p, {}, "test");
  EXPECT_EQ(cells.p2s, (std::vector<int>{0, 8}));
  EXPECT_EQ(cells.grid().n_cells(), 8);
  // Every atom of the supercell is its primitive atom in its cell, modulo the supercell.
  const Supercell grid = cells.grid();
  for (std::size_t i = 0; i < 16; ++i) {
    const Eigen::RowVector3d there =
        cells.primitive.positions.row(cells.site[i]) +
        grid.lattice_vector(cells.cell[i]).cast<double>().transpose() * cells.primitive.cell;
    const Eigen::RowVector3d d =
        (cells.supercell.positions.row(static_cast<Eigen::Index>(i)) - there) * cells.supercell.cell.inverse();
    EXPECT_LT((d.array() - d.array().round()).abs().maxCoeff(), 1e-9) << i;
  }
}

TEST(PhonopyCells, ArePermutedCopiesOfOurSupercell) {
  const DynamicalMatrices matrices = test::model_matrices(
      test::with_other_images(test::triclinic_crystal(), {{0, 1, -2}, {3, 0, 0}, {0, 0, 0}}), {3, 2, 1}, 5);
  const PhonopyCells cells = phonopy_cells(matrices);
  std::vector<int> seen;
  for (std::size_t i = 0; i < cells.site.size(); ++i)
    seen.push_back(matrices.supercell().atom_index(cells.cell[i], cells.site[i]));
  std::sort(seen.begin(), seen.end());
  for (int i = 0; i < 18; ++i) EXPECT_EQ(seen[i], i);
}

TEST(PhonopyCells, TurnForceConstantsIntoMatricesAndBack) {
  const Crystal moved = test::with_other_images(test::triclinic_crystal(), {{0, 1, -2}, {3, 0, 0}, {0, 0, 0}});
  for (const Eigen::Vector3i& n : {Eigen::Vector3i(2, 2, 2), Eigen::Vector3i(3, 2, 1)}) {
    const DynamicalMatrices matrices = test::model_matrices(moved, n, 5);
    const PhonopyCells cells = phonopy_cells(matrices);
    for (const bool full : {false, true}) {
      const DynamicalMatrices back = from_phonopy(cells, to_phonopy(cells, matrices, full), "test");
      for (int iq = 0; iq < matrices.grid.size(); ++iq) {
        const auto other = static_cast<std::size_t>(back.grid.find(matrices.grid.points()[iq]));
        EXPECT_LT((matrices.blocks[iq] - back.blocks[other]).cwiseAbs().maxCoeff(), 1e-13);
      }
    }
  }
}

/// The order of the file counts: a supercell listed in any order gives the same matrices.
TEST(PhonopyCells, MatchAtomsByPosition) {
  const DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {3, 2, 1}, 5);
  const PhonopyCells cells = phonopy_cells(matrices);
  const PhonopyForceConstants constants = to_phonopy(cells, matrices, true);
  std::vector<int> order(18);
  for (int i = 0; i < 18; ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), std::mt19937(4));
  const Crystal listed = test::reordered(cells.supercell, order);
  PhonopyForceConstants shuffled{constants.rows, {}};
  for (int i = 0; i < 18; ++i) {
    for (int j = 0; j < 18; ++j) {
      shuffled.elements.push_back(
          constants.elements[18 * order[static_cast<std::size_t>(i)] + order[static_cast<std::size_t>(j)]]);
    }
  }
  const PhonopyCells other = phonopy_cells(cells.unit, cells.supercell_matrix, cells.primitive_matrix, listed, "test");
  // Isotopes of one element: the masses come with the atoms that stand first.
  const DynamicalMatrices back = from_phonopy(other, shuffled, "test");
  std::vector<int> sites;
  for (int p = 0; p < 3; ++p) {
    const Crystal& c = matrices.crystal;
    for (int s = 0; s < 3; ++s) {
      const Eigen::RowVector3d d = (other.primitive.positions.row(p) - c.positions.row(s)) * c.cell.inverse();
      if ((d.array() - d.array().round()).abs().maxCoeff() < 1e-6) sites.push_back(s);
    }
  }
  const Eigen::MatrixXcd at_gamma = back.blocks[back.grid.gamma()];
  const Eigen::MatrixXcd& expected = matrices.blocks[matrices.grid.gamma()];
  for (int p = 0; p < 3; ++p) {
    for (int t = 0; t < 3; ++t) {
      const Eigen::Matrix3cd d = at_gamma.block<3, 3>(3 * p, 3 * t) - expected.block<3, 3>(3 * sites[p], 3 * sites[t]);
      EXPECT_LT(d.cwiseAbs().maxCoeff(), 1e-12);
    }
  }
  // In phonopy's own order instead of the listed one the same numbers are wrong, and that shows.
  EXPECT_THROW(from_phonopy(cells, shuffled, "test"), InputError);
}

TEST(PhonopyCells, RefuseWhatDoesNotFit) {
  const Crystal crystal = test::triclinic_crystal();
  const auto complaint = [&](const Eigen::Matrix3i& m, const Eigen::Matrix3d& p,
                             const std::optional<Crystal>& supercell) -> std::string {
    try {
      phonopy_cells(crystal, m, p, supercell, "phonopy.yaml");
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  };
  Eigen::Matrix3i m;
  m << 1, 2, 0, -1, 1, 1, 0, 0, 2;
  const Eigen::Matrix3d one = Eigen::Matrix3d::Identity();
  EXPECT_EQ(complaint(m, one, {}), "no error");
  EXPECT_EQ(complaint(m, one, phonopy_supercell(crystal, m)), "no error");
  EXPECT_NE(complaint(m, one, phonopy_supercell(crystal, m.transpose())).find("M is transposed"), std::string::npos);
  EXPECT_NE(complaint(-m, one, {}).find("must be positive"), std::string::npos);
  Eigen::Matrix3d centring;
  centring << 0, .5, .5, .5, 0, .5, .5, .5, 0;
  EXPECT_NE(complaint(m, centring, {}).find("primitive_matrix is not of this crystal"), std::string::npos);
  Crystal isotope = phonopy_supercell(crystal, m);
  isotope.masses[3] += 1;
  EXPECT_NE(complaint(m, one, isotope).find("keeps isotopes apart"), std::string::npos);
  Crystal moved = phonopy_supercell(crystal, m);
  moved.positions(4, 1) += 0.3;
  EXPECT_NE(complaint(m, one, moved).find("atom 5 (O) of the supercell is no copy"), std::string::npos);
}

TEST(PhonopyCells, NameForceConstantsInAnotherOrder) {
  const DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {3, 2, 1}, 5);
  const PhonopyCells cells = phonopy_cells(matrices);
  const auto complaint = [&](const PhonopyForceConstants& constants) -> std::string {
    try {
      from_phonopy(cells, constants, "FORCE_CONSTANTS");
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  };
  PhonopyForceConstants compact = to_phonopy(cells, matrices, false);
  EXPECT_EQ(complaint(compact), "no error");
  compact.rows = {0, 1, 2};  // 1 .. n_p instead of the atoms of the supercell
  EXPECT_NE(complaint(compact).find("rows are numbered by the atoms of the supercell"), std::string::npos)
      << complaint(compact);
  PhonopyForceConstants full = to_phonopy(cells, matrices, true);
  std::swap(full.elements[0], full.elements[6]);  // on-site constants of atom 1 with those between atoms 1 and 7
  EXPECT_NE(complaint(full).find("the force constants of the supercell atoms 1 and 1 differ"), std::string::npos)
      << complaint(full);
  compact = to_phonopy(cells, matrices, false);
  std::swap(compact.elements[1], compact.elements[6]);
  EXPECT_NE(complaint(compact).find("from those the other way round"), std::string::npos) << complaint(compact);
}

}  // namespace
}  // namespace zeropoint::phonons
