#include "sscha/weights.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include <cmath>

#include "phonons/symmetrizer.hpp"
#include "tests/support/anharmonic_model.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sample_ensembles.hpp"
#include "tests/support/sampled_ensemble.hpp"

namespace zeropoint::sscha {
namespace {

using phonons::DynamicalMatrices;

/// Forces and energies of no potential: weights look at displacements alone.
Configurations unlabelled(const Crystal&, const at::Tensor& u) {
  return {u, at::zeros_like(u.select(1, 0).select(1, 0)), at::zeros_like(u), {}};
}

DynamicalMatrices with_sum_rule(DynamicalMatrices matrices) {
  phonons::impose_acoustic_sum_rule(matrices.blocks[matrices.grid.gamma()]);
  return matrices;
}

TrialDensity triclinic(const Eigen::Vector3i& divisions, double temperature, unsigned seed = 1) {
  return {with_sum_rule(test::model_matrices(test::triclinic_crystal(), divisions, seed)), temperature,
          units::codata2022};
}

/// Another density of the same crystal: other force constants, other centroids, another temperature.
TrialDensity changed(const TrialDensity& density, double size, double temperature) {
  DynamicalMatrices matrices = density.matrices();
  const DynamicalMatrices other = with_sum_rule(test::model_matrices(matrices.crystal, matrices.grid.divisions(), 77));
  for (std::size_t i = 0; i < matrices.blocks.size(); ++i) {
    matrices.blocks[i] = (1 - size) * matrices.blocks[i] + size * other.blocks[i];
    matrices.blocks[i] *= 1 + 0.3 * size;
  }
  for (Eigen::Index i = 0; i < matrices.crystal.positions.size(); ++i) {
    matrices.crystal.positions.data()[i] += 0.02 * size * std::sin(static_cast<double>(3 * i + 1));
  }
  return {std::move(matrices), temperature, density.units()};
}

/// |mean w - 1| in units of its standard error, which must be in range itself.
double deviation_of_mean(const Weights& weights) {
  const double n = static_cast<double>(weights.values.size(0)), mean = weights.sum / n;
  const double error = std::sqrt((weights.values - mean).square().sum().item<double>() / (n - 1) / n);
  EXPECT_GT(error, 0.1 / std::sqrt(n));
  EXPECT_LT(error, 3 / std::sqrt(n));
  return std::abs(mean - 1) / error;
}

TEST(TrialDensity, FramesInvertEachOtherWithoutAcousticModes) {
  for (const double temperature : {0.0, 300.0}) {
    const TrialDensity density = triclinic({3, 2, 1}, temperature);
    const std::vector<Eigen::MatrixXcd> upsilon = density.inverse_covariance(), l = density.force_frame();
    const Eigen::VectorXd masses = density.matrices().crystal.masses;
    for (std::size_t iq = 0; iq < l.size(); ++iq) {
      const bool gamma = static_cast<int>(iq) == density.matrices().grid.gamma();
      // Upsilon Psi projects on displacements u without a uniform part in the masses' measure: P = 1 - t t^T m/sum m.
      Eigen::MatrixXd projector = Eigen::MatrixXd::Identity(9, 9);
      if (gamma) {
        for (Eigen::Index x = 0; x < 9; ++x) {
          for (Eigen::Index y = x % 3; y < 9; y += 3) projector(x, y) -= masses[x / 3] / masses.sum();
        }
        EXPECT_EQ(l[iq].topRows(3).cwiseAbs().maxCoeff(), 0.0);
      }
      const Eigen::MatrixXcd psi = l[iq].adjoint() * l[iq];
      EXPECT_LT((upsilon[iq] * psi - projector).cwiseAbs().maxCoeff(), 1e-12);
      // E L^dagger = 1 on non-acoustic modes, through the frames that populations use.
      const Eigen::MatrixXcd back = l[iq] * upsilon[iq] * l[iq].adjoint();
      Eigen::MatrixXd ones = Eigen::MatrixXd::Identity(9, 9);
      if (gamma) ones.topLeftCorner(3, 3).setZero();
      EXPECT_LT((back - ones).cwiseAbs().maxCoeff(), 1e-12);
    }
  }
}

TEST(TrialDensity, CovarianceIsThatOfTheDenseSupercell) {
  const TrialDensity density = triclinic({3, 2, 1}, 300);
  const DynamicalMatrices& matrices = density.matrices();
  const Eigen::MatrixXd w = test::amplitudes(density), dense = w * w.transpose();
  std::vector<Eigen::MatrixXcd> psi;
  for (const Eigen::MatrixXcd& l : density.force_frame()) psi.push_back(l.adjoint() * l);
  const std::vector<Eigen::MatrixXd> cells = phonons::to_real_space({matrices.crystal, matrices.grid, psi, {}, 0, ""});
  for (std::size_t cell = 0; cell < cells.size(); ++cell) {
    EXPECT_LT((cells[cell] - dense.block(static_cast<Eigen::Index>(9 * cell), 0, 9, 9)).cwiseAbs().maxCoeff(), 1e-14);
  }
}

TEST(TrialDensity, RefusesModesThatAreNotPositive) {
  DynamicalMatrices matrices = triclinic({2, 1, 1}, 0).matrices();
  matrices.blocks[1] -= 12 * Eigen::MatrixXcd::Identity(9, 9);
  EXPECT_COMPLAINT(TrialDensity(matrices, 0, units::codata2022), "at q = (0.5000 0.0000 0.0000) has frequency -");
  EXPECT_COMPLAINT(triclinic({1, 1, 1}, -1), "temperature -1 K");
}

TEST(Weights, AreExactlyOneUnderTheGeneratingDensity) {
  const TrialDensity density = triclinic({3, 2, 1}, 300);
  const Population population = test::sample(density, &unlabelled, {.n = 200});
  const Weights weights = reweight(population, density);
  EXPECT_TRUE(weights.values.eq(1).all().item<bool>());
  EXPECT_EQ(weights.effective_size, 200);
  EXPECT_EQ(weights.log_scale, 0);
}

TEST(Weights, AverageToOneWithinTheirError) {
  for (const double temperature : {0.0, 300.0}) {
    const TrialDensity density = triclinic({3, 1, 1}, temperature);
    const Population population = test::sample(density, &unlabelled, {.n = 20000, .seed = 2});
    const Weights weights = reweight(population, changed(density, 0.4, temperature + 30));
    EXPECT_LT(weights.kong_liu_ratio(), 0.9);
    EXPECT_LT(deviation_of_mean(weights), 4);
  }
}

TEST(Weights, AverageToOneBetweenIsotopes) {
  const TrialDensity density = triclinic({3, 1, 1}, 100);
  DynamicalMatrices matrices = density.matrices();
  matrices.crystal.masses = Eigen::Vector3d(17.999, 47.867, 15.2);
  const Population population = test::sample(density, &unlabelled, {.n = 40000, .seed = 3});
  EXPECT_LT(deviation_of_mean(reweight(population, {matrices, 100, units::codata2022})), 4);
}

TEST(Weights, AveragesUnderAnotherDensityAreItsOwn) {
  // <V^Phi> under any density is known: sum of w^2 a^2/2.
  const TrialDensity density = triclinic({3, 1, 1}, 300), other = changed(density, 0.2, 320);
  const Population population = test::sample(density, &unlabelled, {.n = 20000, .seed = 4});
  const Weights weights = reweight(population, other);
  double exact = 0;
  for (const phonons::Modes& modes : other.modes()) {
    for (Eigen::Index mu = 0; mu < 9; ++mu) {
      const double w = modes.frequencies[mu];
      if (!modes.acoustic[mu]) exact += 0.5 * w * w * phonons::squared_amplitude(w, 320, other.units());
    }
  }
  const Estimate found = average(weights, weights.auxiliary_energies, population.pairing());
  EXPECT_LT(std::abs(found.value - exact), 4 * found.standard_error);
  EXPECT_LT(found.standard_error, 0.01 * exact);
}

TEST(Weights, InvertWhenTheTwoDensitiesSwap) {
  const TrialDensity a = triclinic({3, 2, 1}, 300), b = changed(a, 0.2, 340);
  const Population from_a = test::sample(a, &unlabelled, {.n = 100});
  const Eigen::MatrixXd w = test::amplitudes(a);
  at::Tensor u = test::displacements(w, test::normal_coordinates(w.cols(), 100, 1, false));
  const Vectors shift = (a.matrices().crystal.positions - b.matrices().crystal.positions).replicate(6, 1);
  at::Tensor moved = at::empty({18, 3}, at::kDouble);
  std::copy(shift.data(), shift.data() + shift.size(), moved.mutable_data_ptr<double>());
  u = u + moved;
  const Population from_b(*ensemble_in_memory(unlabelled({}, u), "as seen from b"), b, {.check_generator = false});
  const at::Tensor product = reweight(from_a, b).values * reweight(from_b, a).values;
  EXPECT_LT((product - 1).abs().max().item<double>(), 1e-11);
}

TEST(Weights, DoNotSeeACommonTranslation) {
  const TrialDensity a = triclinic({3, 2, 1}, 300), b = changed(a, 0.2, 340);
  const TrialDensity b_moved(test::with_origin_moved(b.matrices(), {0.4, -0.2, 0.1}), 340, units::codata2022);
  const Population population = test::sample(a, &unlabelled, {.n = 100});
  const at::Tensor ratio = reweight(population, b_moved).values / reweight(population, b).values;
  EXPECT_LT((ratio - 1).abs().max().item<double>(), 1e-11);
}

/// Largest overlap of an eigenvector of `a` with another one of `b` that belongs to the same degenerate set.
double largest_mixing(const TrialDensity& a, const TrialDensity& b) {
  double largest = 0;
  for (std::size_t iq = 0; iq < a.modes().size(); ++iq) {
    const phonons::Modes& modes = a.modes()[iq];
    const Eigen::MatrixXcd overlap = modes.polarisations.adjoint() * b.modes()[iq].polarisations;
    for (Eigen::Index mu = 0; mu < overlap.rows(); ++mu) {
      for (Eigen::Index nu = 0; nu < overlap.cols(); ++nu) {
        const bool degenerate = std::abs(modes.frequencies[mu] - modes.frequencies[nu]) < 1e-6;
        if (mu != nu && degenerate) largest = std::max(largest, std::abs(overlap(mu, nu)));
      }
    }
  }
  return largest;
}

TEST(Weights, DoNotSeeTheBasisOfADegenerateSet) {
  // Rounding decides on the eigenvectors of a degenerate set: noise of 1e-14 turns them by large angles and nothing
  // else.
  const Crystal crystal = test::cubic_crystal();
  DynamicalMatrices matrices = with_sum_rule(test::model_matrices(crystal, {3, 3, 3}, 1));
  phonons::Symmetrizer(find_space_group(crystal), crystal, matrices.grid).matrices(matrices.blocks);
  const auto with_noise = [&](double factor, unsigned seed) {
    DynamicalMatrices result = matrices;
    const DynamicalMatrices noise = with_sum_rule(test::model_matrices(crystal, {3, 3, 3}, seed));
    for (std::size_t i = 0; i < result.blocks.size(); ++i)
      result.blocks[i] = factor * result.blocks[i] + 1e-14 * noise.blocks[i];
    return TrialDensity(std::move(result), 300, units::codata2022);
  };
  const TrialDensity generating = with_noise(1, 2), one = with_noise(1.1, 3), other = with_noise(1.1, 4);
  EXPECT_GT(largest_mixing(one, other), 0.1);
  const Population population = test::sample(generating, &unlabelled, {.n = 100});
  const Weights a = reweight(population, one), b = reweight(population, other);
  // 159 modes, each with a relative noise of 1e-14 in its square and rounding of the same size.
  EXPECT_LT((a.values / b.values - 1).abs().max().item<double>(), 1e-10);
  EXPECT_LT((a.auxiliary_energies / b.auxiliary_energies - 1).abs().max().item<double>(), 1e-12);
}

TEST(Weights, SurviveTenThousandModes) {  // a product instead of a sum of logarithms overflows
  const TrialDensity density = triclinic({12, 10, 10}, 0);
  const phonons::RealBlochBasis basis(density.matrices().grid, 9);
  ASSERT_EQ(basis.n_rows(), 10800);
  const Eigen::MatrixXd normal = test::normal_coordinates(10800, 6, 5, false);
  std::vector<at::Tensor> rows;
  std::vector<double> squares(6, 0.0);
  for (const phonons::RealBlochBasis::Slab& slab : basis.slabs()) {
    at::Tensor y = at::empty({slab.n_blocks, slab.block_size, 6}, at::kDouble);
    for (std::int64_t row = 0; row < slab.n_rows(); ++row) {
      for (int c = 0; c < 6; ++c) {
        const double value = slab.first_row + row < 3 ? 0 : normal(slab.first_row + row, c);  // acoustic
        y.mutable_data_ptr<double>()[6 * row + c] = value;
        squares[c] += value * value;
      }
    }
    rows.push_back(at::bmm(basis.real_blocks(density.force_frame(), slab).transpose(1, 2), y).view({-1, 6}));
  }
  const at::Tensor u = basis.inverse(at::cat(rows, 0)).view({6, 3600, 3});
  const Population population(*ensemble_in_memory(unlabelled({}, u), "large"), density, {});
  DynamicalMatrices stiff = density.matrices();
  for (Eigen::MatrixXcd& block : stiff.blocks) block *= 4;  // doubles w, halves a^2: ln w = n ln(2)/2 - |y|^2/2
  const Weights weights = reweight(population, {stiff, 0, units::codata2022});
  EXPECT_TRUE(weights.values.isfinite().all().item<bool>());
  EXPECT_GT(weights.sum, 0);
  EXPECT_GE(weights.effective_size, 1);
  EXPECT_LT(weights.effective_size, 6);
  for (int c = 0; c < 6; ++c) {
    const double expected = 0.5 * 10797 * std::log(2.0) - 0.5 * squares[c];
    const double found = std::log(weights.values[c].item<double>()) + weights.log_scale;
    if (weights.values[c].item<double>() > 0) {
      EXPECT_NEAR(found, expected, 1e-7);
    }
  }
}

TEST(Weights, RefuseAnotherCrystal) {
  const TrialDensity density = triclinic({3, 2, 1}, 300);
  const Population population = test::sample(density, &unlabelled, {.n = 10});
  const TrialDensity other(with_sum_rule(test::model_matrices(test::cubic_crystal(), {3, 2, 1}, 1)), 300,
                           units::codata2022);
  EXPECT_COMPLAINT(reweight(population, other), "cannot reweight from 9 modes (3 acoustic) to 6 (3 acoustic)");
}

TEST(Averages, KnowThatPartnersOfAPairAreNotIndependent) {
  // +-u with an even and an odd sample: the even one is the same twice, the odd one cancels.
  const TrialDensity density = triclinic({1, 1, 1}, 300);
  const Population population = test::sample(density, &unlabelled, {.n = 400, .antithetic = true});
  ASSERT_EQ(population.pairing().n_pairs, 200);
  const Weights ones = reweight(population, density);
  const at::Tensor odd = population.folded_displacements().select(1, 0);
  const Estimate odd_mean = average(ones, odd, population.pairing());
  EXPECT_LT(std::abs(odd_mean.value), 1e-16);
  EXPECT_LT(odd_mean.standard_error, 1e-16);
  const Estimate even = average(ones, odd.square(), population.pairing());
  const Estimate naive = average(ones, odd.square(), population.pairing(), Samples::configurations);
  EXPECT_NEAR(even.standard_error / naive.standard_error, std::sqrt(2.0 * 399 / 400 * 200 / 199), 1e-12);
}

}  // namespace
}  // namespace zeropoint::sscha
