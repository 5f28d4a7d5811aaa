#include "phonons/thermodynamics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "phonons/qe_dyn.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sample_ensembles.hpp"

namespace zeropoint::phonons {
namespace {

const UnitSet& units = units::codata2022;

MeshModes lih_mesh() {
  const DynamicalMatrices matrices = read_qe_dyn(ZEROPOINT_SOURCE_DIR "/examples/lih/a4.006/harmonic.dyn");
  return modes_on_mesh(Interpolation(matrices, {.ewald = {.alpha = std::pow(2 * std::numbers::pi / matrices.alat, 2)}}), {8, 8, 8});
}

TEST(Thermodynamics, OfLihAgreesWithPhonopy) {
  // phonopy 4.8.6 on an 8 x 8 x 8 mesh; frequencies of two runs of ph.x differ by 5e-5 of theirs.
  const MeshModes mesh = lih_mesh();
  const double kb = units.kb_free_energy;
  EXPECT_NEAR(thermodynamics(mesh, 0).free_energy, 0.2228496, 2e-5);
  const Thermodynamics room = thermodynamics(mesh, 300), hot = thermodynamics(mesh, 1000);
  EXPECT_NEAR(room.free_energy, 0.2018658, 2e-5);
  EXPECT_NEAR(room.entropy / kb, 2.274917, 3e-4);
  EXPECT_NEAR(room.heat_capacity / kb, 3.289893, 3e-4);
  EXPECT_NEAR(hot.free_energy, -0.1244890, 5e-5);
  EXPECT_NEAR(hot.entropy / kb, 7.884730, 4e-4);
  EXPECT_NEAR(hot.heat_capacity / kb, 5.569654, 1e-4);
}

TEST(Thermodynamics, ObeysItsRelations) {
  const MeshModes mesh = lih_mesh();
  for (const double t : {40.0, 300.0, 2000.0}) {
    const double h = 1e-3 * t;
    const Thermodynamics below = thermodynamics(mesh, t - h), here = thermodynamics(mesh, t), above = thermodynamics(mesh, t + h);
    EXPECT_NEAR(here.free_energy, here.internal_energy - t * here.entropy, 1e-14);
    EXPECT_NEAR(-(above.free_energy - below.free_energy) / (2 * h), here.entropy, 1e-4 * here.entropy);
    EXPECT_NEAR((above.internal_energy - below.internal_energy) / (2 * h), here.heat_capacity, 1e-4 * here.heat_capacity);
  }
}

TEST(Thermodynamics, HasItsLimits) {
  const MeshModes mesh = lih_mesh();
  const Thermodynamics cold = thermodynamics(mesh, 0), colder = thermodynamics(mesh, 1e-3);
  EXPECT_EQ(cold.entropy, 0);
  EXPECT_EQ(cold.heat_capacity, 0);
  EXPECT_EQ(cold.free_energy, cold.internal_energy);
  EXPECT_DOUBLE_EQ(colder.free_energy, cold.free_energy);
  EXPECT_EQ(colder.heat_capacity, 0);
  // Dulong and Petit, less the three translations of one of 512 points.
  EXPECT_NEAR(thermodynamics(mesh, 1e6).heat_capacity / units.kb_free_energy, 6 - 3.0 / 512, 1e-5);
  EXPECT_COMPLAINT(thermodynamics(mesh, -1), "must be 0 or more");
}

TEST(Thermodynamics, OfAnUnstableCrystalIsRefusedUnlessAsked) {
  MeshModes mesh = lih_mesh();
  mesh.frequencies(5, 0) = -0.1;
  const ImaginaryModes bad = imaginary_modes(mesh);
  EXPECT_EQ(bad.n_modes, mesh.counts[5]);
  EXPECT_EQ(bad.q, mesh.points[5]);
  EXPECT_EQ(bad.lowest, -0.1);
  EXPECT_COMPLAINT(thermodynamics(mesh, 300), "no positive frequency, the lowest -52.15 cm^-1");
  EXPECT_GT(thermodynamics(mesh, 300, true).entropy, 0);
}

}  // namespace
}  // namespace zeropoint::phonons
