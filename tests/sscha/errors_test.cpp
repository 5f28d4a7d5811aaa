// Are the quoted errors the true ones? chi^2 of (estimate - exact)/error over many populations.
#include <gtest/gtest.h>

#include <cmath>

#include "sscha/evaluation.hpp"
#include "tests/support/anharmonic_model.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sampled_ensemble.hpp"

namespace zeropoint::sscha {
namespace {

using phonons::DynamicalMatrices;
using test::BondModel;

constexpr unsigned n_seeds = 200;

struct Sum {
  double squares = 0;
  int n = 0;

  void add(double deviation, double error) {
    squares += deviation * deviation / (error * error);
    ++n;
  }
  double per_freedom() const { return squares / n; }
};

struct ChiSquared {
  Sum free_energy, free_energy_by_configuration, stress, forces, gradient;
};

/// Sum over the independent components of a gradient: real and imaginary parts of the upper triangle at one of (q, -q).
void add_gradient(Sum& sum, const Gradient& found, const std::vector<Eigen::MatrixXcd>& exact,
                  const phonons::QGrid& grid) {
  const double n_blocks = static_cast<double>(found.deviations.size());
  for (const int iq : grid.independent()) {
    const std::size_t i = static_cast<std::size_t>(iq);
    const Eigen::Index n = exact[i].rows();
    for (Eigen::Index x = 0; x < n; ++x) {
      for (Eigen::Index y = x; y < n; ++y) {
        for (const bool imaginary : {false, true}) {
          const auto part = [&](const Eigen::MatrixXcd& m) { return imaginary ? m(x, y).imag() : m(x, y).real(); };
          double variance = 0;
          for (const auto& deviation : found.deviations) variance += std::pow(part(deviation[i]), 2);
          if (variance < 1e-20) continue;  // zero by symmetry
          sum.add(part(found.matrices[i]) - part(exact[i]), std::sqrt(variance * n_blocks / (n_blocks - 1)));
        }
      }
    }
  }
}

/// Populations of `n` from `generating`, averages under `target`.
ChiSquared chi_squared(const BondModel& model, const TrialDensity& generating, const TrialDensity& target,
                       bool antithetic, int n) {
  ChiSquared chi;
  const test::ExactAverages exact = model.averages(target);
  const phonons::Symmetrizer none(find_space_group(target.matrices().crystal, {.enabled = false}),
                                  target.matrices().crystal, target.matrices().grid);
  for (unsigned seed = 0; seed < n_seeds; ++seed) {
    const Population population =
        test::sample(generating, model, {.n = n, .seed = 1000 + seed, .antithetic = antithetic});
    EXPECT_EQ(population.pairing().n_pairs, antithetic ? n / 2 : 0);
    const Evaluation found = evaluate(population, target, none);
    const double deviation = found.free_energy.total.value - exact.free_energy;
    chi.free_energy.add(deviation, found.free_energy.total.standard_error);
    chi.free_energy_by_configuration.add(deviation, found.free_energy.error_by_configuration);
    for (int a = 0; a < 3; ++a) {
      for (int b = 0; b <= a; ++b) {
        chi.stress.add(found.stress->value(a, b) - exact.stress(a, b), found.stress->standard_error(a, b));
      }
    }
    if (exact.forces.rows() > 1) {
      for (Eigen::Index i = 0; i < exact.forces.size(); ++i) {
        chi.forces.add(found.gradient.forces.data()[i] - exact.forces.data()[i], found.gradient.force_errors.data()[i]);
      }
    }
    add_gradient(chi.gradient, found.gradient, exact.gradient, target.matrices().grid);
  }
  return chi;
}

struct Crystals {
  const char* name;
  Crystal crystal;
  Eigen::Vector3i divisions;
};

std::vector<Crystals> crystals() {
  return {{"triclinic 3x1x1", test::triclinic_lattice(), {3, 1, 1}},
          {"isotopes 1x1x1", test::triclinic_crystal(), {1, 1, 1}}};
}

TrialDensity generating_density(const BondModel& model, const Crystal& crystal) {
  return {model.harmonic(crystal), 500, units::codata2022};
}

TrialDensity reweighted_density(const TrialDensity& from) {
  DynamicalMatrices matrices = from.matrices();
  const DynamicalMatrices other = test::model_matrices(matrices.crystal, matrices.grid.divisions(), 5);
  for (std::size_t i = 0; i < matrices.blocks.size(); ++i) {
    matrices.blocks[i] +=
        0.03 * (other.blocks[i] - 10 * Eigen::MatrixXcd::Identity(matrices.n_modes(), matrices.n_modes()));
    matrices.blocks[i] *= 1.1;
  }
  phonons::impose_acoustic_sum_rule(matrices.blocks[matrices.grid.gamma()]);
  for (Eigen::Index i = 0; i < matrices.crystal.positions.size(); ++i) {
    matrices.crystal.positions.data()[i] += 0.01 * std::sin(static_cast<double>(2 * i + 1));
  }
  return {std::move(matrices), from.temperature() + 20, from.units()};
}

void expect_honest(const Sum& sum, const std::string& what) {
  EXPECT_GE(sum.n, static_cast<int>(n_seeds)) << what;
  EXPECT_GT(sum.per_freedom(), 0.8) << what;
  EXPECT_LT(sum.per_freedom(), 1.25) << what;
}

TEST(Errors, AreHonestForIndependentAndAntitheticPopulationsReweightedOrNot) {
  for (const Crystals& c : crystals()) {
    const BondModel model = BondModel::of_neighbours(c.crystal, c.divisions, 4.6);
    const TrialDensity generating = generating_density(model, c.crystal);
    for (const bool reweighted : {false, true}) {
      const TrialDensity target = reweighted ? reweighted_density(generating) : generating;
      for (const bool antithetic : {false, true}) {
        const std::string what =
            std::string(c.name) + (reweighted ? ", reweighted" : "") + (antithetic ? ", antithetic" : "");
        const ChiSquared chi = chi_squared(model, generating, target, antithetic, 512);
        expect_honest(chi.free_energy, what + ": free energy");
        expect_honest(chi.stress, what + ": stress");
        expect_honest(chi.gradient, what + ": gradient");
        if (c.crystal.n_atoms() > 1) {
          expect_honest(chi.forces, what + ": forces");
        }
      }
    }
  }
}

TEST(Errors, WouldBeWrongIfPartnersCountedAsIndependent) {
  const Crystals c = crystals()[0];
  const BondModel model = BondModel::of_neighbours(c.crystal, c.divisions, 4.6);
  const auto ratio = [&](double stiffer) {
    DynamicalMatrices matrices = model.harmonic(c.crystal);
    for (Eigen::MatrixXcd& block : matrices.blocks) block *= stiffer;
    const TrialDensity density(std::move(matrices), 500, units::codata2022);
    const ChiSquared chi = chi_squared(model, density, density, true, 512);
    expect_honest(chi.free_energy, "by pairs");
    return chi.free_energy_by_configuration.per_freedom() / chi.free_energy.per_freedom();
  };
  EXPECT_LT(ratio(1.0), 0.6);  // V - V^Phi is odd in the main: it cancels in a pair, the naive error is too large
  EXPECT_GT(ratio(1.6), 1.6);  // even in the main: partners say the same twice, the naive error is too small
}

}  // namespace
}  // namespace zeropoint::sscha
