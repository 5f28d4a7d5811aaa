#include <gtest/gtest.h>

#include <filesystem>

#include "phonons/qe_dyn.hpp"
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

}  // namespace
}  // namespace zeropoint::phonons
