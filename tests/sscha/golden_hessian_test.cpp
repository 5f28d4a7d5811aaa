// Free-energy Hessians of the published ensembles. Third order and third with fourth order of ice, graphite and SnTe
// are those of python-sscha 1.6.1; rows with Hermite terms and of CsPbI3 are of an independent NumPy evaluation.
#include <ATen/TensorOperators.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/real.h>

#include <algorithm>
#include <complex>

#include "sscha/hessian.hpp"
#include "sscha/star_averages.hpp"
#include "tests/sscha/golden.hpp"

namespace zeropoint::test {
namespace {

using sscha::Hessian;
using sscha::HessianOptions;

std::vector<double> frequencies(const Golden& set, const Hessian& hessian, int iq) {
  std::vector<double> all;
  const phonons::Modes& modes = hessian.modes[iq];
  for (Eigen::Index mu = 0; mu < modes.frequencies.size(); ++mu) {
    if (!modes.acoustic[mu]) all.push_back(set.units.inverse_cm(modes.frequencies[mu]));
  }
  return all;
}

void expect_frequencies(const Golden& set, const Hessian& hessian, int iq, const std::vector<double>& expected,
                        double tolerance) {
  const std::vector<double> found = frequencies(set, hessian, iq);
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(found.at(i), expected[i], tolerance) << "q " << iq << " mode " << i;
}

int find_q(const Golden& set, const Eigen::Vector3d& q) { return set.generator.grid.find(q); }

/// Norm of the third-order force constants of the supercell, d3_xyz = sum E1*_{mu x} E2*_{nu y} D3_{mu nu, rho} E_{rho
/// z} of all modes, E = e^dagger m^1/2 / a: the Bloch transform keeps it. Ry/bohr^3. The reference takes the matrices
/// as they are stored: symmetrised ones, which the rounding of the files makes necessary elsewhere, change the norm by
/// 5e-9 of itself.
double third_order_norm(const Golden& set, const sscha::Population& population, const sscha::TrialDensity& density,
                        const SpaceGroup& group) {
  const sscha::Weights weights = reweight(population, density);
  const sscha::ModeSamples samples(population, weights, density);
  const sscha::ModeRows& rows = samples.rows();
  const sscha::ModeMoments moments = mode_moments(samples);
  const phonons::QGrid& grid = density.matrices().grid;
  std::vector<sscha::PairSpace> spaces;
  std::vector<at::Tensor> frames;
  for (int iq = 0; iq < grid.size(); ++iq) {
    spaces.emplace_back(rows, grid, iq, at::kCPU);
    const phonons::Modes& modes = density.modes()[iq];
    const std::int64_t n = rows.count(iq);
    const Eigen::MatrixXcd e = modes.polarisations.rightCols(n);
    at::Tensor frame = at::empty({n, e.rows()}, at::kComplexDouble);
    for (Eigen::Index mu = 0; mu < n; ++mu) {
      const double a2 =
          phonons::squared_amplitude(modes.frequencies[e.rows() - n + mu], density.temperature(), density.units());
      for (Eigen::Index x = 0; x < e.rows(); ++x) {
        reinterpret_cast<std::complex<double>*>(frame.data_ptr())[mu * e.rows() + x] =
            std::conj(e(x, mu)) * std::sqrt(density.matrices().crystal.masses[x / 3] / a2);
      }
    }
    frames.push_back(frame);
  }
  const sscha::ModeRotations rotations(density, group, rows, samples.options());
  double square = 0;
  for (const sscha::Star& star : find_stars(rotations, grid)) {
    const sscha::StarAverages averages(samples, moments, rotations, spaces, star);
    std::vector<at::Tensor> bare;
    int n_points = 0;  // a member stands for q and -q
    for (const sscha::StarMember& member : star.members) {
      bare.push_back(sscha::AnharmonicAverages(samples, moments, spaces[member.iq]).third());
      n_points += grid.minus(member.iq) == member.iq ? 1 : 2;
    }
    const at::Tensor third = averages.third(bare).to(at::kComplexDouble);
    for (const sscha::PairSpace::Block& block : averages.space().blocks()) {
      if (block.size == 0) continue;
      const auto frame = [&](int iq) { return frames[iq]; };
      const at::Tensor modes = averages.space().expanded(third, block);
      const at::Tensor cartesian =
          at::einsum("ax,by,abc,cz->xyz", {frame(block.q1).conj(), frame(block.q2).conj(), modes, frame(star.iq)});
      square += n_points * (block.q1 == block.q2 ? 1 : 2) * at::real(cartesian * cartesian.conj()).sum().item<double>();
    }
  }
  return std::sqrt(square) / set.units.rydberg_per_bohr3();
}

const std::vector<double> ice_third = {43.0192,   50.9664,   167.0931,  237.6123,  244.8441,  266.3475,  280.0949,
                                       375.7965,  377.399,   634.4211,  657.5576,  657.6524,  683.4157,  750.5423,
                                       783.0457,  961.2373,  972.1045,  1024.6911, 1036.6177, 1089.6593, 1179.3319,
                                       1499.4625, 1515.425,  1564.6944, 1586.6535, 2328.2244, 2363.1778, 2415.7914,
                                       2466.6699, 2596.2227, 2789.8592, 2848.587,  2863.8566};
const std::vector<double> ice_fourth = {39.034,    47.3056,   167.2376,  238.4899,  243.9261,  267.0335,  280.0807,
                                        375.2134,  377.2903,  620.2331,  638.3934,  647.8884,  674.4665,  739.963,
                                        765.6934,  951.5672,  962.6862,  1013.9913, 1030.465,  1077.1172, 1171.4165,
                                        1494.8592, 1512.8538, 1556.9759, 1582.3439, 2372.9446, 2425.4477, 2465.4317,
                                        2500.1457, 2633.7341, 2813.489,  2886.5216, 2886.889};

TEST(GoldenHessian, OfIceAtTheLaterSolution) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const Golden set = golden(data + "/ensembles/ice_xi", "dyn1", 2, 0, units::python_sscha, 1000);
  const sscha::Population population = set.population();
  const sscha::TrialDensity target = set.density(data + "/ensembles/ice_xi/dyn1_population2");
  const SpaceGroup group = find_space_group(target.matrices().crystal);
  ASSERT_EQ(group.operations.size(), 4u);
  const Hessian third = free_energy_hessian(population, target, group, {.order = 3, .errors = false});
  expect_frequencies(set, third, 0, ice_third, 1e-4);
  EXPECT_NEAR(third_order_norm(set, population, target, group), 21.0800047423, 1e-10 * 21);
  const Hessian fourth = free_energy_hessian(population, target, group, {.hermite_terms = false, .errors = false});
  expect_frequencies(set, fourth, 0, ice_fourth, 1e-4);
  EXPECT_GT(fourth.smallest_eigenvalue(), 0.5);
  const Hessian complete = free_energy_hessian(population, target, group, {.errors = false});
  expect_frequencies(set, complete, 0, {39.0347, 47.3057}, 1e-3);
}

TEST(GoldenHessian, OfIceAwayFromTheSolutionNeedsHermiteTerms) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const Golden set = golden(data + "/ensembles/ice_xi", "dyn1", 2, 0, units::python_sscha, 1000);
  const sscha::Population population = set.population();
  const SpaceGroup group = find_space_group(set.generator.crystal);
  const Hessian with = free_energy_hessian(population, population.generating(), group, {.errors = false});
  expect_frequencies(set, with, 0, {54.2676, 55.3800}, 1e-3);
  EXPECT_NEAR(with.smallest_eigenvalue(), 0.647, 1e-3);
  const Hessian without =
      free_energy_hessian(population, population.generating(), group, {.hermite_terms = false, .errors = false});
  expect_frequencies(set, without, 0, {54.2681, 57.8071}, 1e-3);
  EXPECT_NEAR(without.smallest_eigenvalue(), -0.187, 1e-3);
}

TEST(GoldenHessian, OfGraphiteWhereMostPointsAreComplex) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const Golden set = golden(data + "/ensembles/graphite_6x6x1", "dyn_gen_pop1_", 1, 0, units::python_sscha);
  const sscha::Population population = set.population();
  const SpaceGroup group = find_space_group(set.generator.crystal, {.tolerance = 1e-5});
  ASSERT_EQ(group.operations.size(), 4u);
  const Hessian third = free_energy_hessian(population, population.generating(), group, {.order = 3, .errors = false});
  EXPECT_EQ(third.reports.size(), 13u);
  EXPECT_NEAR(third_order_norm(set, population, population.generating(), group), 103.89692063922585, 1e-10 * 104);
  expect_frequencies(set, third, 0,
                     {18.2658, 37.8891, 75.6141, 864.9399, 865.8374, 1533.6198, 1535.6733, 1538.1667, 1542.3476}, 1e-4);
  expect_frequencies(set, third, 1,
                     {75.8037, 103.1669, 321.8131, 324.4199, 516.7366, 519.0301, 836.2362, 836.8253, 1483.4161,
                      1485.3079, 1535.3704, 1537.5756},
                     1e-4);
  expect_frequencies(set, third, 3,
                     {268.1953, 277.9158, 536.2923, 537.4595, 738.8314, 740.2455, 970.153, 974.0729, 1367.0954,
                      1370.0691, 1474.3762, 1478.2667},
                     1e-4);
  expect_frequencies(set, third, 5,
                     {433.9612, 441.9492, 600.5394, 601.654, 620.4822, 622.0759, 1296.7559, 1298.9635, 1303.9228,
                      1308.0316, 1315.8595, 1322.3465},
                     1e-4);
}

TEST(GoldenHessian, OfTinTellurideWithEachBoltzmannConstant) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const Golden set = golden(data + "/ensembles/snte_2x2x2_N10", "dyn_gen_pop1_", 1, 250, units::python_sscha);
  const auto hessian = [&](double kb, int order, HessianOptions::Method method) {
    const Golden with_kb =
        golden(data + "/ensembles/snte_2x2x2_N10", "dyn_gen_pop1_", 1, 250, units::python_sscha.with_kb_rydberg(kb));
    const sscha::Population population = with_kb.population();
    return free_energy_hessian(
        population, population.generating(), find_space_group(set.generator.crystal),
        {.order = order, .method = method, .tolerance = 1e-12, .hermite_terms = false, .errors = false});
  };
  constexpr double kb = 6.3336306e-6, kb_of_sampling = 6.336857346553283e-6;
  {
    const Hessian third = hessian(kb, 3, HessianOptions::Method::automatic);
    ASSERT_EQ(third.reports.size(), 3u);
    const int l = find_q(set, {0.5, 0, 0}), x = find_q(set, {0.5, 0.5, 0});
    expect_frequencies(set, third, 0, {-43.695, -43.695, -43.695}, 1e-4);
    expect_frequencies(set, third, l, {-65.7897, -63.017, -63.017, -8.2462, -8.2462, 76.4938}, 1e-4);
    expect_frequencies(set, third, x, {-5.9468, -5.9468, 41.2539, 41.2539, 42.665, 65.8497}, 1e-4);
  }
  for (const auto method : {HessianOptions::Method::dense, HessianOptions::Method::krylov}) {
    const Hessian fourth = hessian(kb, 4, method);
    const int l = find_q(set, {0.5, 0, 0}), x = find_q(set, {0.5, 0.5, 0});
    expect_frequencies(set, fourth, 0, {-36.9321, -36.9321, -36.9321}, 1e-4);
    expect_frequencies(set, fourth, l, {-51.5437, -51.5437, 58.1109, 58.1109, 77.272, 81.1745}, 1e-4);
    expect_frequencies(set, fourth, x, {16.9205, 16.9205, 41.9224, 41.9224, 42.6934, 67.4256}, 1e-4);
    EXPECT_LT(fourth.largest_residual(), 1e-10);
    if (method == HessianOptions::Method::krylov) {
      for (const sscha::HessianReport& report : fourth.reports)
        EXPECT_LE(report.n_vectors, 4);  // one of each irreducible set
    }
  }
  expect_frequencies(set, hessian(kb_of_sampling, 3, HessianOptions::Method::automatic), 0, {-43.6195}, 1e-4);
  expect_frequencies(set, hessian(kb_of_sampling, 4, HessianOptions::Method::automatic), 0, {-36.8585}, 1e-4);
}

TEST(GoldenHessian, TakesItsOwnBoltzmannConstantInCompatibleUnits) {
  // python-sscha samples with one constant and takes the Hessian with another.
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const Golden set = golden(data + "/ensembles/snte_2x2x2_N10", "dyn_gen_pop1_", 1, 250, units::python_sscha);
  const sscha::Population population = set.population();
  const Hessian hessian =
      free_energy_hessian(population, population.generating(), find_space_group(set.generator.crystal),
                          {.hermite_terms = false, .errors = false});
  expect_frequencies(set, hessian, 0, {-36.9321, -36.9321, -36.9321}, 1e-4);
}

std::vector<double> repeated(const std::vector<std::pair<double, int>>& levels) {
  std::vector<double> all;
  for (const auto& [value, times] : levels) all.insert(all.end(), static_cast<std::size_t>(times), value);
  return all;
}

TEST(GoldenHessian, OfCubicPerovskiteAtThePublishedSolution) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const std::string folder = data + "/ensembles/cspbi3_2x2x2_450K";
  const Golden set = golden(folder, "dyn_gen_pop100_", 100, 450, units::python_sscha.with_kb_rydberg(6.33363e-6));
  const sscha::Population population = set.population();
  const sscha::TrialDensity released = set.density(folder + "/sscha_converged_dyn_");
  const SpaceGroup group = find_space_group(set.generator.crystal);
  ASSERT_EQ(group.operations.size(), 48u);
  const Hessian hessian = free_energy_hessian(population, released, group, {.hermite_terms = false, .errors = false});
  const int r = find_q(set, {0.5, 0.5, 0.5});
  expect_frequencies(set, hessian, 0, repeated({{25.1506, 3}, {27.1495, 3}, {34.5084, 3}, {89.3384, 3}}), 1e-3);
  expect_frequencies(set, hessian, r,
                     repeated({{-10.8368, 3}, {25.9107, 3}, {42.5424, 3}, {68.8408, 3}, {100.2215, 2}, {120.3276, 1}}),
                     1e-3);
  const Hessian third = free_energy_hessian(population, released, group, {.order = 3, .errors = false});
  expect_frequencies(set, third, 0, repeated({{21.6048, 3}, {23.5045, 3}, {34.3855, 3}, {89.2948, 3}}), 1e-3);
  expect_frequencies(set, third, r,
                     repeated({{-16.2711, 3}, {23.7439, 3}, {41.7832, 3}, {67.2569, 3}, {99.4304, 2}, {120.0867, 1}}),
                     1e-3);
}

}  // namespace
}  // namespace zeropoint::test
