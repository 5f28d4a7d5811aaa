#include <gtest/gtest.h>

#include "phonons/quantum_espresso/dyn_read.hpp"
#include "superconductivity/coupled_modes.hpp"
#include "superconductivity/coupling_files.hpp"
#include "superconductivity/moments.hpp"
#include "superconductivity/printed_lambda.hpp"
#include "tests/support/reference_data.hpp"

namespace zeropoint::superconductivity {
namespace {

struct H3s {
  explicit H3s(const std::string& data)
      : folder(data + "/electron_phonon/h3s"),
        matrices(phonons::read_qe_dyn(folder + "/sscha_dense.dyn")),
        files(read_coupling(folder + "/H3S.dyn", folder + "/H3S.dyn")),
        coupling(complete(files, matrices, find_space_group(matrices.crystal, {.tolerance = 1e-5}))) {}
  std::string folder;
  phonons::DynamicalMatrices matrices;
  CouplingFiles files;
  Coupling coupling;
};

TEST(H3S, G1LambdaAndMomentsOfAllSmearings) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const H3s h3s(data);
  const CoupledModes modes = couple(h3s.matrices, h3s.coupling, {.gamma = GammaPolicy::skip});
  const Moments m = moments(modes, 3);
  EXPECT_NEAR(m.lambda, 1.598104, 6e-7);
  EXPECT_NEAR(1e3 * m.logarithmic, 130.3394, 6e-5);
}

}  // namespace
}  // namespace zeropoint::superconductivity
