#include "phonons/modes.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.hpp"
#include "phonons/displacements.hpp"
#include "phonons/symmetrizer.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sample_ensembles.hpp"

namespace zeropoint::phonons {
namespace {

const UnitSet& units = units::codata2022;

DynamicalMatrices with_sum_rule(DynamicalMatrices matrices) {
  impose_acoustic_sum_rule(matrices.blocks[matrices.grid.gamma()]);
  return matrices;
}

const DynamicalMatrices& triclinic() {
  static const DynamicalMatrices matrices =
      with_sum_rule(test::model_matrices(test::triclinic_crystal(), {3, 2, 1}, 1));
  return matrices;
}

Eigen::VectorXd root_masses(const Crystal& crystal) {
  Eigen::VectorXd result(3 * crystal.n_atoms());
  for (Eigen::Index x = 0; x < result.size(); ++x) result[x] = std::sqrt(crystal.masses[x / 3]);
  return result;
}

TEST(Modes, DiagonaliseTheMassScaledMatrices) {
  const std::vector<Modes> modes = diagonalise(triclinic());
  const Eigen::VectorXd roots = root_masses(triclinic().crystal);
  for (std::size_t iq = 0; iq < modes.size(); ++iq) {
    const Eigen::MatrixXcd& e = modes[iq].polarisations;
    EXPECT_TRUE((e.adjoint() * e).isIdentity(1e-13));
    const Eigen::MatrixXcd back =
        roots.asDiagonal() * e * modes[iq].frequencies.cwiseAbs2().asDiagonal() * e.adjoint() * roots.asDiagonal();
    EXPECT_LT((back - triclinic().blocks[iq]).cwiseAbs().maxCoeff(), 1e-12);
  }
}

TEST(Modes, DisplacementPatternsTurnMatricesIntoSquaredFrequencies) {
  const std::vector<Modes> modes = diagonalise(triclinic());
  for (std::size_t iq = 0; iq < modes.size(); ++iq) {
    const Eigen::MatrixXcd patterns = displacement_patterns(modes[iq], triclinic().crystal);
    Eigen::MatrixXcd in_modes = patterns.adjoint() * triclinic().blocks[iq] * patterns;
    for (Eigen::Index mu = 0; mu < in_modes.rows(); ++mu) {
      const double frequency = modes[iq].frequencies[mu];
      in_modes(mu, mu) -= std::copysign(frequency * frequency, frequency);
    }
    EXPECT_LT(in_modes.cwiseAbs().maxCoeff(), 1e-12);  // rounding of values near 1
  }
}

TEST(Modes, AtMinusQAreTheComplexConjugatesExactly) {
  const std::vector<Modes> modes = diagonalise(triclinic());
  for (int iq = 0; iq < triclinic().grid.size(); ++iq) {
    const Modes& here = modes[iq];
    const Modes& partner = modes[triclinic().grid.minus(iq)];
    EXPECT_EQ(partner.polarisations, here.polarisations.conjugate());
    EXPECT_EQ(partner.frequencies, here.frequencies);
    if (triclinic().grid.is_real(iq)) {
      EXPECT_EQ(here.polarisations.imag().cwiseAbs().maxCoeff(), 0.0);
    }
  }
}

TEST(Modes, AcousticOnesAreTheUniformTranslations) {
  const Modes gamma = diagonalise(triclinic())[triclinic().grid.gamma()];
  const Eigen::VectorXd roots = root_masses(triclinic().crystal);
  for (Eigen::Index mu = 0; mu < 9; ++mu) {
    EXPECT_EQ(gamma.acoustic[mu], mu < 3);
    // frequency^2 to rounding of the other squares (0.6 eV/A^2/amu): 1e-8 is its root
    if (mu < 3) {
      EXPECT_LT(std::abs(gamma.frequencies[mu]), 3e-8);
    }
    for (int axis = 0; axis < 3; ++axis) {
      Eigen::VectorXd translation = roots;
      for (Eigen::Index x = 0; x < 9; ++x) translation[x] *= x % 3 == axis;
      const double overlap = std::abs(gamma.polarisations.col(mu).real().dot(translation)) / translation.norm();
      if (mu >= 3) {
        EXPECT_LT(overlap, 1e-14);
      }
      if (mu < 3) {
        EXPECT_NEAR(overlap, mu == axis ? 1 : 0, 1e-14);
      }
    }
  }
}

TEST(Modes, ASoftOpticalModeBelowAcousticNoiseStaysOptical) {
  DynamicalMatrices matrices = triclinic();
  Eigen::MatrixXcd& gamma = matrices.blocks[matrices.grid.gamma()];
  const Modes before = diagonalise(matrices)[matrices.grid.gamma()];
  const Eigen::VectorXd roots = root_masses(matrices.crystal);
  const Eigen::VectorXd soft = roots.cwiseProduct(before.polarisations.col(3).real());
  const double w2 = std::pow(before.frequencies[3], 2);
  gamma -= ((w2 - 1e-8) * soft * soft.transpose()).cast<std::complex<double>>();  // 1e-4 of sqrt(eV/amu)/A: 0.05 cm^-1
  gamma += 1e-5 * Eigen::MatrixXcd::Ones(9, 9);                                   // breaks the sum rule by more
  const Modes after = diagonalise(matrices)[matrices.grid.gamma()];
  EXPECT_GT(std::abs(after.frequencies[0]), std::abs(after.frequencies[3]));
  EXPECT_FALSE(after.acoustic[3]);
  EXPECT_GT(std::abs(after.polarisations.col(3).real().dot(before.polarisations.col(3).real())), 0.999);
}

TEST(Modes, ImaginaryFrequenciesAreNegativeNumbers) {
  DynamicalMatrices matrices = triclinic();
  for (Eigen::MatrixXcd& block : matrices.blocks) block = -block;
  const std::vector<Modes> plus = diagonalise(triclinic()), minus = diagonalise(matrices);
  EXPECT_LT((minus[1].frequencies + plus[1].frequencies.reverse()).cwiseAbs().maxCoeff(), 1e-12);
  EXPECT_COMPLAINT(harmonic_free_energy(minus, 300, units), "a Gaussian density needs positive ones");
}

TEST(Modes, FreeEnergyHasItsLimits) {
  const std::vector<Modes> modes = diagonalise(triclinic());
  double zero_point = 0, logarithms = 0;
  int n = 0;
  for (const Modes& at_q : modes) {
    for (Eigen::Index mu = 0; mu < 9; ++mu) {
      if (at_q.acoustic[mu]) continue;
      zero_point += 0.5 * units.hbar * at_q.frequencies[mu];
      logarithms += std::log(units.hbar * at_q.frequencies[mu]);
      ++n;
    }
  }
  EXPECT_EQ(n, 51);
  EXPECT_DOUBLE_EQ(harmonic_free_energy(modes, 0, units), zero_point);
  EXPECT_DOUBLE_EQ(harmonic_free_energy(modes, 1e-3, units), zero_point);  // no overflow of exp(hbar w/kT)
  EXPECT_EQ(harmonic_entropy(modes, 0, units), 0);
  EXPECT_EQ(harmonic_entropy(modes, 1e-3, units), 0);
  // Classical limit: kT sum ln(hbar w/kT), the next term is (hbar w)^2/(24 kT).
  const double kt = units.kb_free_energy * 1e6;
  EXPECT_NEAR(harmonic_free_energy(modes, 1e6, units) / (kt * (logarithms - n * std::log(kt))), 1, 1e-8);
  EXPECT_NEAR(harmonic_entropy(modes, 1e6, units) / (units.kb_free_energy * (n + n * std::log(kt) - logarithms)), 1,
              1e-8);
}

TEST(Modes, EntropyIsMinusTheDerivativeOfTheFreeEnergy) {
  const std::vector<Modes> modes = diagonalise(triclinic());
  const auto f = [&](double t) { return harmonic_free_energy(modes, t, units); };
  for (const double t : {60.0, 300.0, 3000.0}) {
    const auto error = [&](double h) {
      return std::abs(-(f(t + h) - f(t - h)) / (2 * h) - harmonic_entropy(modes, t, units));
    };
    const double entropy = harmonic_entropy(modes, t, units);
    EXPECT_LT(error(0.01 * t), 1e-3 * entropy);
    EXPECT_NEAR(error(0.04 * t) / error(0.02 * t), 4, 0.1) << t;  // second order
  }
}

TEST(Modes, SquaredAmplitudesHaveTheirLimits) {
  const double w = 0.3;
  const double zero_point = units.hbar / (2 * w);
  EXPECT_DOUBLE_EQ(squared_amplitude(w, 0, units), zero_point);
  EXPECT_DOUBLE_EQ(squared_amplitude(w, 1, units), zero_point);
  const double t = 300, n = 1 / std::expm1(units.hbar * w / (units.kb_density * t));
  EXPECT_NEAR(squared_amplitude(w, t, units), zero_point * (1 + 2 * n), 1e-14);
  // Equipartition: <w^2 q^2> = kT, the next term is (hbar w/kT)^2/12.
  EXPECT_NEAR(squared_amplitude(w, 1e6, units) * w * w / (units.kb_density * 1e6), 1, 1e-6);
}

TEST(SoftModes, AreRaisedUntilAtomsStayNearTheirSites) {
  const DynamicalMatrices good = test::model_matrices(test::triclinic_crystal(), {2, 2, 1}, 4);
  EXPECT_EQ(lowest_frequency_for(good, 300, 2, units), 0);
  // The lowest mode at every q but Gamma turned over, one of them to nearly nothing.
  DynamicalMatrices matrices = good;
  const std::vector<Modes> modes = diagonalise(matrices);
  const Eigen::VectorXd roots = root_masses(matrices.crystal);
  for (std::size_t iq = 1; iq < modes.size(); ++iq) {
    const Eigen::VectorXcd e = roots.asDiagonal() * modes[iq].polarisations.col(0);
    const double square = std::pow(modes[iq].frequencies[0], 2);
    matrices.blocks[iq] -= (square + (iq == 1 ? 1e-8 : 0.5 * square)) * e * e.adjoint();
  }
  int n_turned = 0;
  const DynamicalMatrices absolute = with_absolute_squares(matrices, n_turned);
  EXPECT_EQ(n_turned, static_cast<int>(modes.size()) - 1);
  const double lowest = lowest_frequency_for(absolute, 300, 0.5, units);
  ASSERT_GT(lowest, 0);
  const DynamicalMatrices raised = with_lowest_frequency(absolute, lowest);
  double longest = 0;
  for (const Eigen::Matrix3d& u : mean_square_displacements(raised, 300, units))
    longest = std::max(longest, std::sqrt(u.trace()));
  EXPECT_LE(longest, 0.5);
  EXPECT_GT(longest, 0.48);
  const std::vector<Modes> before = diagonalise(absolute), after = diagonalise(raised);
  for (std::size_t iq = 0; iq < modes.size(); ++iq) {
    for (Eigen::Index mu = iq == 0 ? 3 : 0; mu < roots.size(); ++mu) {
      EXPECT_NEAR(after[iq].frequencies[mu], std::max(before[iq].frequencies[mu], lowest), 1e-10)
          << "q " << iq << ", mode " << mu;
    }
  }
}

}  // namespace
}  // namespace zeropoint::phonons
