#include <gtest/gtest.h>

#include <cmath>

#include "core/decompositions.hpp"
#include "files/text_scanner.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "tests/support/reference_data.hpp"

namespace zeropoint::phonons {
namespace {

struct Set {
  const char* prefix;
  Eigen::Vector3i divisions;
  const char* formula;
  std::vector<int> stars;
};

TEST(QeDyn, ReadsEveryPublishedSet) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  for (const Set& set : std::vector<Set>{
           {"ensembles/ice_xi/dyn", {1, 1, 1}, "O4H8", {1}},
           {"ensembles/ice_xi/dyn1_population2", {1, 1, 1}, "O4H8", {1}},
           {"ensembles/ice_xi/text/dyn", {1, 1, 1}, "O4H8", {1}},
           {"ensembles/graphite_6x6x1/dyn_gen_pop1_", {6, 6, 1}, "C4", {}},
           {"ensembles/cspbi3_2x2x2_450K/dyn_gen_pop100_", {2, 2, 2}, "CsPbI3", {}},
           {"ensembles/cspbi3_2x2x2_450K/sscha_converged_dyn_", {2, 2, 2}, "CsPbI3", {}},
           {"ensembles/cspbi3_2x2x2_450K/CsPbI3_cubic_harmonic_", {2, 2, 2}, "CsPbI3", {}},
           {"ensembles/snte_2x2x2_N10/dyn_gen_pop1_", {2, 2, 2}, "TeSn", {}},
           {"toy/snte/ffield_dynq", {2, 2, 2}, "TeSn", {}},
           {"toy/snte/final_sscha_T0_", {2, 2, 2}, "TeSn", {}},
           {"toy/snte/final_sscha_T50_", {2, 2, 2}, "TeSn", {}},
           {"toy/snte/final_sscha_T100_", {2, 2, 2}, "TeSn", {}},
           {"toy/snte/final_sscha_T150_", {2, 2, 2}, "TeSn", {}},
           {"toy/snte/final_sscha_T200_", {2, 2, 2}, "TeSn", {}},
           {"toy/snte/final_sscha_T250_", {2, 2, 2}, "TeSn", {}},
           {"toy/snte/final_sscha_T300_", {2, 2, 2}, "TeSn", {}},
           {"toy/snte/hessian", {2, 2, 2}, "TeSn", {}},
           {"toy/snte/hessian_T50_", {2, 2, 2}, "TeSn", {}},
           {"toy/snte/hessian_T100_", {2, 2, 2}, "TeSn", {}},
           {"toy/snte/hessian_T150_", {2, 2, 2}, "TeSn", {}},
           {"toy/snte/hessian_T200_", {2, 2, 2}, "TeSn", {}},
           {"toy/snte/hessian_T250_", {2, 2, 2}, "TeSn", {}},
           {"toy/snte/hessian_T300_", {2, 2, 2}, "TeSn", {}},
           {"electron_phonon/h3s/H3S.dyn", {6, 6, 6}, "SH3", {}},
           {"electron_phonon/h3s/sscha_dense.dyn", {6, 6, 6}, "SH3", {}},
           {"electron_phonon/al_444/al.dyn", {4, 4, 4}, "Al", {1, 8, 4, 6, 24, 12, 3, 6}},
       }) {
    SCOPED_TRACE(set.prefix);
    const DynamicalMatrices matrices = read_qe_dyn(data + "/" + set.prefix);
    EXPECT_EQ(matrices.grid.divisions(), set.divisions);
    EXPECT_EQ(matrices.crystal.formula(), set.formula);
    EXPECT_EQ(static_cast<int>(matrices.blocks.size()), set.divisions.prod());
    if (!set.stars.empty()) {
      EXPECT_EQ(matrices.grid.stars(), set.stars);
    }
  }
}

/// Frequencies that a dyn file prints below its matrices, cm^-1.
std::vector<double> printed_frequencies(const std::string& path) {
  TextScanner scan(path);
  std::vector<double> all;
  while (scan.next()) {
    const std::string_view line = scan.line();
    const std::size_t unit = line.find("[cm-1]"), equals = line.rfind('=');
    if (unit != std::string_view::npos)
      all.push_back(scan.numbers_in(line.substr(equals + 1, unit - equals - 1)).at(0));
  }
  return all;
}

TEST(QeDyn, HasTheFrequenciesThatTheFilesPrint) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  for (const std::string prefix :
       {"ensembles/ice_xi/dyn", "ensembles/graphite_6x6x1/dyn_gen_pop1_", "ensembles/cspbi3_2x2x2_450K/dyn_gen_pop100_",
        "ensembles/cspbi3_2x2x2_450K/CsPbI3_cubic_harmonic_", "ensembles/snte_2x2x2_N10/dyn_gen_pop1_",
        "toy/snte/ffield_dynq", "toy/snte/hessian_T100_", "electron_phonon/h3s/H3S.dyn",
        "electron_phonon/al_444/al.dyn"}) {
    SCOPED_TRACE(prefix);
    const UnitSet& units = units::codata2022;
    const DynamicalMatrices matrices = read_qe_dyn(data + "/" + prefix, units);
    // Eight decimals of D in Ry/bohr^2, as a matrix norm; the programs' constants differ by up to 5e-7.
    const double lightest = matrices.crystal.masses.minCoeff() / units.rydberg_mass;
    const double rounding = 0.5e-8 * matrices.n_modes() / lightest * std::pow(units.inverse_cm_rydberg, 2);
    int first = 0;
    for (std::size_t star = 0; star < matrices.grid.stars().size(); ++star) {
      const std::vector<double> printed = printed_frequencies(data + "/" + prefix + std::to_string(star + 1));
      ASSERT_EQ(static_cast<int>(printed.size()), matrices.n_modes());
      Eigen::VectorXd scale(matrices.n_modes());
      for (int x = 0; x < matrices.n_modes(); ++x) scale[x] = 1 / std::sqrt(matrices.crystal.masses[x / 3]);
      const Eigen::MatrixXcd scaled = scale.asDiagonal() * matrices.blocks[first] * scale.asDiagonal();
      const Eigen::VectorXd squared = hermitian_eigenvalues(scaled);
      for (int mode = 0; mode < matrices.n_modes(); ++mode) {
        const double theirs = printed[mode] * std::abs(printed[mode]);
        const double ours = squared[mode] * std::pow(units.inverse_cm(1), 2);
        EXPECT_NEAR(ours, theirs, rounding + 2e-6 * std::abs(theirs)) << "star " << star + 1 << " mode " << mode + 1;
      }
      first += matrices.grid.stars()[star];
    }
  }
}

}  // namespace
}  // namespace zeropoint::phonons
