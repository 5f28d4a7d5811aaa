#include "phonons/displacement_fit.hpp"

#include <gtest/gtest.h>

#include <random>

#include "core/error.hpp"
#include "phonons/phonopy/text.hpp"
#include "phonons/symmetrizer.hpp"
#include "tests/phonons/dyn_text.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::phonons {
namespace {

/// Random constants with all the symmetry that the crystal and its grid have.
DynamicalMatrices symmetric_model(const Crystal& crystal, const Eigen::Vector3i& divisions) {
  DynamicalMatrices matrices = test::model_matrices(crystal, divisions, 7);
  const SpaceGroup group = keeping_grid(find_space_group(crystal), matrices.grid);
  Symmetrizer(group, crystal, matrices.grid).matrices(matrices.blocks);
  return matrices;
}

/// Harmonic forces of the supercell in the order of `cells`.
Vectors forces(const PhonopyForceConstants& full, const Vectors& u) {
  Vectors f = Vectors::Zero(u.rows(), 3);
  const auto n = static_cast<std::size_t>(u.rows());
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      f.row(static_cast<Eigen::Index>(i)) -=
          (full.elements[i * n + j] * u.row(static_cast<Eigen::Index>(j)).transpose()).transpose();
    }
  }
  return f;
}

DisplacedForces all_displaced(const PhonopyCells& cells, const DynamicalMatrices& matrices, int count) {
  const PhonopyForceConstants full = to_phonopy(cells, matrices, true);
  std::mt19937 random(11);
  std::normal_distribution<double> normal(0, 0.01);
  DisplacedForces data;
  for (int c = 0; c < count; ++c) {
    Vectors u(cells.supercell.n_atoms(), 3);
    for (Eigen::Index i = 0; i < u.size(); ++i) u.data()[i] = normal(random);
    data.forces.push_back(forces(full, u));
    data.displacements.push_back(std::move(u));
  }
  return data;
}

double relative_error(const DynamicalMatrices& a, const DynamicalMatrices& b) {
  double largest = 0, size = 0;
  for (int iq = 0; iq < a.grid.size(); ++iq) {
    const auto other = static_cast<std::size_t>(b.grid.find(a.grid.points()[iq]));
    largest = std::max(largest, (a.blocks[iq] - b.blocks[other]).cwiseAbs().maxCoeff());
    size = std::max(size, a.blocks[iq].cwiseAbs().maxCoeff());
  }
  return largest / size;
}

struct Case {
  const char* name;
  Crystal crystal;
  Eigen::Vector3i divisions;
};

std::vector<Case> cases() {
  return {{"diamond", test::diamond_crystal(), {2, 2, 2}},
          {"wurtzite", test::wurtzite_crystal(), {2, 2, 1}},
          {"monoclinic", test::p21c_crystal(), {2, 1, 1}},
          {"triclinic", test::triclinic_crystal(), {3, 2, 1}}};
}

TEST(DisplacementFit, FindsExactConstantsFromOneDisplacedAtomAtATime) {
  for (const Case& test : cases()) {
    SCOPED_TRACE(test.name);
    const DynamicalMatrices matrices = symmetric_model(test.crystal, test.divisions);
    const PhonopyCells cells = phonopy_cells(matrices);
    const PhonopyForceConstants full = to_phonopy(cells, matrices, true);
    DisplacedForces data;
    for (const int atom : cells.p2s) {  // three directions of each atom determine everything, whatever the symmetry
      for (int k = 0; k < 3; ++k) {
        Vectors u = Vectors::Zero(cells.supercell.n_atoms(), 3);
        u(atom, k) = 0.01;
        data.forces.push_back(forces(full, u));
        data.displacements.push_back(std::move(u));
      }
    }
    FitQuality quality;
    const DynamicalMatrices found = fit_force_constants({cells, data, "test"}, quality);
    EXPECT_LT(relative_error(matrices, found), 1e-9);  // conjugate gradients to 1e-13 of the gradient
    EXPECT_LT(quality.residual, 1e-9);
  }
}

TEST(DisplacementFit, FindsExactConstantsFromRandomDisplacements) {
  for (const Case& test : cases()) {
    SCOPED_TRACE(test.name);
    const DynamicalMatrices matrices = symmetric_model(test.crystal, test.divisions);
    const PhonopyCells cells = phonopy_cells(matrices);
    FitQuality quality;
    const DynamicalMatrices found = fit_force_constants({cells, all_displaced(cells, matrices, 12), "test"}, quality);
    EXPECT_LT(relative_error(matrices, found), 1e-8);
  }
}

/// P1 with n atoms in the cell needs 3 n configurations or, with the sum rule, a few less, whatever the supercell; more
/// equations than unknowns are not enough.
TEST(DisplacementFit, RefusesTooFewConfigurations) {
  const DynamicalMatrices matrices = symmetric_model(test::triclinic_crystal(), {3, 2, 1});
  const PhonopyCells cells = phonopy_cells(matrices);
  FitQuality quality;
  EXPECT_NO_THROW(fit_force_constants({cells, all_displaced(cells, matrices, 10), "test"}, quality));
  for (const int count : {1, 4}) {
    try {
      fit_force_constants({cells, all_displaced(cells, matrices, count), "FORCE_SETS"}, quality);
      FAIL() << count << " configurations were enough";
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find("do not determine the force constants"), std::string::npos)
          << error.what();
    }
  }
}

TEST(DisplacementFit, SaysHowMuchIsNotHarmonic) {
  const DynamicalMatrices matrices = symmetric_model(test::wurtzite_crystal(), {2, 2, 1});
  const PhonopyCells cells = phonopy_cells(matrices);
  DisplacedForces data = all_displaced(cells, matrices, 20);
  std::mt19937 random(2);
  std::normal_distribution<double> normal(0, 0.01);
  double noise = 0, size = 0;
  for (Vectors& f : data.forces) {
    size += f.squaredNorm();
    const Vectors extra = Vectors::NullaryExpr(f.rows(), 3, [&](Eigen::Index, Eigen::Index) { return normal(random); });
    noise += extra.squaredNorm();
    f += extra;
  }
  FitQuality quality;
  fit_force_constants({cells, data, "test"}, quality);
  // 126 constants or so of 960 numbers take their share of the noise.
  EXPECT_NEAR(quality.residual, std::sqrt(noise / size), 0.15 * std::sqrt(noise / size));
}

class ForceSetErrors : public testing::Test {
 protected:
  std::string complaint(const std::string& text) const {
    test::put_text(folder_ / "FORCE_SETS", text);
    try {
      read_force_sets(folder_ / "FORCE_SETS", cells_, PhonopyUnits{});
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  void expect(const std::string& text, const std::string& part) const {
    EXPECT_NE(complaint(text).find(part), std::string::npos) << complaint(text);
  }
  PhonopyCells cells_ = phonopy_cells(test::model_matrices(test::cubic_crystal(), {1, 1, 1}, 3));
  test::TemporaryFolder folder_;
};

TEST_F(ForceSetErrors, NameTheLineOfOneDisplacedAtom) {
  const std::string good = "2\n1\n\n1\n 0.01 0 0\n -0.1 0 0\n 0.1 0 0\n";
  expect(good, "no error");
  expect(good.substr(0, good.find(" 0.1 0")),
         "FORCE_SETS:6: the file ends here, but the force on atom 2 of displacement 1 of 1 should follow");
  expect(test::replaced(good, "2\n1", "3\n1"), "FORCE_SETS:1: 3 atoms, the supercell has 2");
  expect(test::replaced(good, "\n\n1\n", "\n\n5\n"),
         "FORCE_SETS:4: atom 5 is displaced: the supercell has atoms 1 to 2");
  expect(test::replaced(good, "-0.1", "NaN"), "FORCE_SETS:6:2: 'NaN' is not a finite number");
  expect(test::replaced(good, "-0.1 0 0", "-0.1 0"), "FORCE_SETS:6");
  expect(good + " 0 0 0\n", "behind the last force");
  expect(test::replaced(good, "2\n1", "2\n0"), "0 displacements");
  expect("1 2 3\n", "3 words in the first line");
}

TEST_F(ForceSetErrors, NameTheLineOfAllDisplacedAtoms) {
  const std::string good = "0.01 0 0 -0.1 0 0\n0 0 0 0.1 0 0\n";
  expect(good, "no error");
  expect(good + "0 0 0 0 0 0\n", "FORCE_SETS:3: 3 rows are no multiple of the 2 atoms");
  expect(good + "0 0 0 0 0\n", "FORCE_SETS:3");
  expect(test::replaced(good, "-0.1", "inf"), "FORCE_SETS:1:10: 'inf' is not a finite number");
}

}  // namespace
}  // namespace zeropoint::phonons
