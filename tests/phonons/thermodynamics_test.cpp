#include "phonons/thermodynamics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "phonons/quantum_espresso/dyn.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sample_ensembles.hpp"

namespace zeropoint::phonons {
namespace {

const UnitSet& units = units::codata2022;

MeshModes lih_mesh() {
  const DynamicalMatrices matrices = read_qe_dyn(ZEROPOINT_SOURCE_DIR "/examples/lih/a4.006/harmonic.dyn");
  return modes_on_mesh(Interpolation(matrices, {.ewald = {.alpha = std::pow(2 * std::numbers::pi / matrices.alat, 2)}}),
                       {8, 8, 8});
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
    const Thermodynamics below = thermodynamics(mesh, t - h), here = thermodynamics(mesh, t),
                         above = thermodynamics(mesh, t + h);
    EXPECT_NEAR(here.free_energy, here.internal_energy - t * here.entropy, 1e-14);
    EXPECT_NEAR(-(above.free_energy - below.free_energy) / (2 * h), here.entropy, 1e-4 * here.entropy);
    EXPECT_NEAR((above.internal_energy - below.internal_energy) / (2 * h), here.heat_capacity,
                1e-4 * here.heat_capacity);
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

/// `frequency` of q for three equal branches of one atom on a cubic mesh.
MeshModes one_atom(int n, double (*frequency)(const Eigen::Vector3d& q)) {
  MeshModes mesh;
  mesh.crystal.species = {"Po"};
  mesh.divisions = Eigen::Vector3i::Constant(n);
  mesh.counts = Eigen::VectorXi::Ones(n * n * n);
  mesh.frequencies.resize(n * n * n, 3);
  mesh.acoustic = {true, true, true};
  for (int i = 0; i < n * n * n; ++i) {
    mesh.row.push_back(i);
    mesh.points.emplace_back(Eigen::Vector3d(i / (n * n), i / n % n, i % n) / n);
    mesh.frequencies.row(i).setConstant(frequency(mesh.points.back()));
  }
  return mesh;
}

TEST(Thermodynamics, OfEqualFrequenciesAreEinsteins) {
  const MeshModes mesh = one_atom(4, [](const Eigen::Vector3d&) { return 0.3; });
  const double modes = 3 * 63.0 / 64, kb = units.kb_free_energy;  // without the translations of one point
  for (const double t : {50.0, 300.0}) {
    const double x = units.hbar * 0.3 / (kb * t);
    const Thermodynamics found = thermodynamics(mesh, t);
    EXPECT_NEAR(found.heat_capacity, modes * kb * std::pow(x / 2 / std::sinh(x / 2), 2), 1e-12 * kb);
    EXPECT_NEAR(found.free_energy, modes * kb * t * std::log(2 * std::sinh(x / 2)), 1e-12);
    EXPECT_NEAR(found.internal_energy, modes * units.hbar * 0.3 / 2 / std::tanh(x / 2), 1e-12);
  }
}

TEST(Thermodynamics, OfSoundAreDebyesAtLowTemperature) {
  // omega = c |k| near Gamma: C = (12 pi^4/5)(T/T_D)^3 kB of an atom, T_D = hbar c (6 pi^2)^(1/3)/kB for a cell of 1
  // angstrom^3.
  const MeshModes mesh = one_atom(60, [](const Eigen::Vector3d& q) {
    return 2 * std::sqrt((std::numbers::pi * q).array().sin().square().sum());  // c = 1
  });
  const double debye = units.hbar * std::cbrt(6 * std::numbers::pi * std::numbers::pi) / units.kb_free_energy,
               t = debye / 40;
  const double expected = 12 * std::pow(std::numbers::pi, 4) / 5 * std::pow(t / debye, 3);
  // The mesh still resolves waves of this temperature, and the band is still straight: a few per cent each.
  EXPECT_NEAR(thermodynamics(mesh, t).heat_capacity / units.kb_free_energy, expected, 0.06 * expected);
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
