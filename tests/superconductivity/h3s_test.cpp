#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "phonons/modes.hpp"
#include "phonons/quantum_espresso/dyn_read.hpp"
#include "superconductivity/coupled_modes.hpp"
#include "superconductivity/coupling_files.hpp"
#include "superconductivity/eliashberg_gap.hpp"
#include "superconductivity/eliashberg_linear.hpp"
#include "superconductivity/printed_lambda.hpp"
#include "superconductivity/tc_formulas.hpp"
#include "tests/support/reference_data.hpp"

namespace zeropoint::superconductivity {
namespace {

constexpr double kb = 0.08617333262e-3;  // eV/K, as the golden table has it
constexpr int usual = 3;                 // the smearing of 0.008 Ry

struct H3s {
  explicit H3s(const std::string& data)
      : folder(data + "/electron_phonon/h3s"),
        matrices(phonons::read_qe_dyn(folder + "/sscha_dense.dyn")),
        group(find_space_group(matrices.crystal, {.tolerance = 1e-5})),
        files(read_coupling(folder + "/H3S.dyn", folder + "/H3S.dyn")),
        coupling(complete(files, matrices, group)) {}
  std::string folder;
  phonons::DynamicalMatrices matrices;
  SpaceGroup group;
  CouplingFiles files;
  Coupling coupling;
};

const H3s& h3s(const std::string& data) {
  static const H3s loaded(data);
  return loaded;
}

struct Row {
  int smearing;
  double n_fermi, lambda, logarithmic, first, second, formulas[6];
};

TEST(H3S, G1MomentsAndFormulas) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const H3s& set = h3s(data);
  const CoupledModes modes = couple(set.matrices, set.coupling, {.gamma = GammaPolicy::skip});
  EXPECT_EQ(set.coupling.n_operations, 48);
  EXPECT_LT(modes.residual, 1e-12);
  EXPECT_EQ(modes.n_imaginary, 0);
  EXPECT_NEAR(1e3 * modes.energies.maxCoeff(), 210.1182, 6e-5);
  const Row rows[] = {
      {0, 5.31561, 1.942726, 130.2931, 141.2082, 148.3096, {213.127, 248.539, 270.407, 183.840, 207.913, 224.952}},
      {1, 4.20924, 1.667829, 131.8024, 142.2312, 149.0110, {191.664, 217.009, 230.362, 161.337, 178.089, 186.029}},
      {3, 3.80293, 1.598104, 130.3394, 141.2155, 148.2378, {182.700, 205.613, 217.266, 152.559, 167.548, 173.718}},
      {9, 3.65060, 1.535890, 129.2215, 140.4564, 147.7627, {174.762, 195.605, 205.787, 144.763, 158.262, 162.902}},
      {11, 3.65542, 1.500308, 129.1304, 140.3835, 147.7138, {170.853, 190.551, 199.776, 140.817, 153.503, 157.158}}};
  for (const Row& row : rows) {
    const Moments m = moments(modes, row.smearing);
    EXPECT_NEAR(modes.smearings[row.smearing].density_of_states * units::codata2022.rydberg, row.n_fermi, 6e-6);
    EXPECT_NEAR(m.lambda, row.lambda, 6e-7);
    EXPECT_NEAR(1e3 * m.logarithmic, row.logarithmic, 1e-4);
    EXPECT_NEAR(1e3 * m.first, row.first, 1e-4);
    EXPECT_NEAR(1e3 * m.second, row.second, 1e-4);
    const double found[] = {mcmillan(m, 0.10).value, allen_dynes(m, 0.10).value, xie(m, 0.10).value,
                            mcmillan(m, 0.16).value, allen_dynes(m, 0.16).value, xie(m, 0.16).value};
    for (int i = 0; i < 6; ++i) EXPECT_NEAR(found[i], row.formulas[i], 1e-3) << row.smearing << " " << i;
  }
  const double others[] = {1.639945, 1.572384, 1.564556, 1.562122, 1.557725, 1.548964, 1.535890, 1.519350};
  const int which[] = {2, 4, 5, 6, 7, 8, 9, 10};
  for (int i = 0; i < 8; ++i) EXPECT_NEAR(modes.totals[which[i]], others[i], 6e-7);
}

TEST(H3S, G1NamesWhatGammaAndTheDivisorAreWorth) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const H3s& set = h3s(data);
  const CoupledModes without = couple(set.matrices, set.coupling, {.gamma = GammaPolicy::skip});
  const CoupledModes optical = couple(set.matrices, set.coupling, {});
  EXPECT_NEAR(without.totals_elsewise[usual], 1.590705, 6e-7);
  EXPECT_NEAR(optical.totals[usual], 1.591248, 6e-7);
  EXPECT_NEAR(optical.totals_elsewise[usual], 1.591248 * 216 / 215, 6e-7);
  // Atoms and pairs add up to the whole.
  double atoms = 0;
  for (const Eigen::MatrixXd& atom : optical.atoms[usual]) atoms += optical.weights.dot(atom.rowwise().sum());
  EXPECT_NEAR(atoms, optical.totals[usual], 1e-12);
  EXPECT_NEAR(optical.pairs[usual].sum(), optical.totals[usual], 1e-12);
}

TEST(H3S, G1ReproducesWhatPhPrinted) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const H3s& set = h3s(data);
  const phonons::DynamicalMatrices harmonic = phonons::read_qe_dyn(set.folder + "/H3S.dyn");
  const std::vector<PrintedLambda> printed = read_printed_lambdas(set.folder + "/H3S.dyn");
  ASSERT_EQ(printed.size(), 16u);
  const Coupling coupling = complete(set.files, harmonic, set.group);
  // By hand: |omega| < 20 cm^-1 and imaginary modes count here as they do in ph.x.
  const std::vector<phonons::Modes> modes = phonons::diagonalise(harmonic);
  const std::vector<int> firsts = harmonic.grid.representatives();
  double lambda_off = 0, width_off = 0, group_off = 0;
  for (std::size_t star = 1; star < printed.size(); ++star) {  // at Gamma ph.x has translations of its own
    const int iq = firsts[star];
    const Eigen::MatrixXcd z = phonons::displacement_patterns(modes[iq], harmonic.crystal);
    for (std::size_t i = 0; i < printed[star].smearings.size(); ++i) {
      const auto row = static_cast<Eigen::Index>(i);
      const double states = coupling.smearings[i].density_of_states;
      const Eigen::VectorXd widths = (z.adjoint() * coupling.gamma[i][iq] * z).diagonal().real();
      const Eigen::ArrayXd squares = modes[iq].frequencies.array() * modes[iq].frequencies.array().abs();
      const double sum = (widths.array() / squares).sum() / (2 * states);
      lambda_off = std::max(lambda_off, std::abs(sum - printed[star].lambda.row(row).sum()));
      const Eigen::VectorXd ours = M_PI / 2 * std::pow(units::codata2022.hbar, 2) * widths;
      const Eigen::VectorXd theirs = printed[star].linewidth.row(row);
      width_off = std::max(width_off, std::abs(ours.sum() / theirs.sum() - 1));
      // Mode by mode, degenerate ones together: this tells Gamma from its transpose, sums over all modes do not.
      for (Eigen::Index first = 0; first < 12;) {
        Eigen::Index next = first + 1;
        while (next < 12 && std::abs(squares[next] - squares[first]) < 2e-3 * squares.abs().maxCoeff()) ++next;
        const double difference = ours.segment(first, next - first).sum() - theirs.segment(first, next - first).sum();
        group_off = std::max(group_off, std::abs(difference) / theirs.sum());
        first = next;
      }
    }
  }
  EXPECT_LT(lambda_off, 3.1e-4);
  EXPECT_LT(width_off, 3.8e-4);
  EXPECT_LT(group_off, 1e-3);
}

TEST(H3S, G1WrongWaysGiveOtherNumbers) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const H3s& set = h3s(data);
  CouplingFiles transposed = set.files;
  for (CouplingPoint& point : transposed.points) {
    for (Eigen::MatrixXcd& block : point.gamma) block = block.transpose().eval();
  }
  EXPECT_NEAR(
      couple(set.matrices, complete(transposed, set.matrices, set.group), {.gamma = GammaPolicy::skip}).totals[usual],
      1.868429, 1e-5);
  // Frequencies of the SSCHA with harmonic eigenvectors.
  const phonons::DynamicalMatrices harmonic = phonons::read_qe_dyn(set.folder + "/H3S.dyn");
  const std::vector<phonons::Modes> old = phonons::diagonalise(harmonic), now = phonons::diagonalise(set.matrices);
  phonons::DynamicalMatrices mixed = set.matrices;
  const Eigen::VectorXd roots = set.matrices.crystal.masses.cwiseSqrt();
  for (int iq = 0; iq < mixed.grid.size(); ++iq) {
    const int other = harmonic.grid.find(mixed.grid.points()[iq]);
    Eigen::MatrixXcd e = old[other].polarisations;
    for (Eigen::Index x = 0; x < e.rows(); ++x) e.row(x) *= roots[x / 3];
    mixed.blocks[iq] = e * now[iq].frequencies.cwiseAbs2().asDiagonal() * e.adjoint();
  }
  EXPECT_NEAR(couple(mixed, set.coupling, {.gamma = GammaPolicy::skip}).totals[usual], 4.4881, 2e-3);
}

TEST(H3S, StarsAreMatchedByQNotByTheNumberOfTheFile) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const H3s& set = h3s(data);
  // 15 of 16 files of the same number hold another star in the two sets.
  const std::vector<int> firsts = set.matrices.grid.representatives();
  const std::vector<int> theirs = set.files.grid.representatives();
  int same = 0;
  for (std::size_t i = 0; i < firsts.size(); ++i) {
    const int at = set.matrices.grid.find(set.files.grid.points()[theirs[i]]);
    const auto star = std::upper_bound(firsts.begin(), firsts.end(), at) - firsts.begin() - 1;
    if (star == static_cast<std::ptrdiff_t>(i)) ++same;
  }
  EXPECT_EQ(same, 1);
  // Points moved by reciprocal lattice vectors and noise of printing are the same points.
  CouplingFiles moved = set.files;
  for (CouplingPoint& point : moved.points) point.q += Eigen::Vector3d(1 + 3e-5, -2, 2e-5);
  const Coupling again = complete(moved, set.matrices, set.group);
  EXPECT_NEAR(couple(set.matrices, again, {.gamma = GammaPolicy::skip}).totals[usual], 1.598104, 6e-7);
  // A point off the grid, and a crystal with less symmetry than the stars were reduced by, are refused.
  moved.points[3].q[0] += 0.05;
  EXPECT_THROW(complete(moved, set.matrices, set.group), InputError);
  EXPECT_THROW(complete(set.files, set.matrices, find_space_group(set.matrices.crystal, {.enabled = false})),
               InputError);
}

TEST(H3S, ImaginaryModesAreRefusedCountedOrTurned) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const H3s& set = h3s(data);
  const phonons::DynamicalMatrices harmonic = phonons::read_qe_dyn(set.folder + "/H3S.dyn");
  const Coupling coupling = complete(set.files, harmonic, set.group);
  EXPECT_THROW(couple(harmonic, coupling, {}), InputError);
  const CoupledModes skipped = couple(harmonic, coupling, {.imaginary = ImaginaryPolicy::skip});
  const CoupledModes turned = couple(harmonic, coupling, {.imaginary = ImaginaryPolicy::abs});
  EXPECT_NEAR(skipped.n_imaginary, 60, 3);  // translations at Gamma are told apart by projection
  EXPECT_EQ(turned.n_imaginary, skipped.n_imaginary);
  EXPECT_GT(turned.totals[usual], skipped.totals[usual]);
  EXPECT_GT(turned.imaginary_share[usual], 0.05);
  for (const Eigen::MatrixXd& lambda : turned.lambda) EXPECT_GE(lambda.minCoeff(), -1e-9);
}

TEST(H3S, G1EliashbergTcAndGap) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const H3s& set = h3s(data);
  const CoupledModes all = couple(set.matrices, set.coupling, {.gamma = GammaPolicy::skip});
  const DiscreteModes modes = discrete(all, usual), wide = discrete(all, 9);
  const double omega_2 = moments(all, usual).second, highest = all.energies.maxCoeff(), cutoff = 10 * highest;
  const std::tuple<double, double, double, double> golden[] = {{.10, 224.290, 208.145, 210.466},
                                                               {.13, 210.428, 185.337, 189.303},
                                                               {.15, 202.323, 170.844, 176.040},
                                                               {.16, 198.779, 163.701, 169.625},
                                                               {.20, 184.787, 136.165, 144.937}};
  EXPECT_NEAR(linear_tc(modes, 0, 0, cutoff).tc, 289.049, 2e-3);
  for (const auto& [mu, raw, ad, edge] : golden) {
    EXPECT_NEAR(linear_tc(modes, mu, 0, cutoff).tc, raw, 2e-3);
    for (const auto& [reference, tc] : {std::pair{omega_2, ad}, {highest, edge}}) {
      // The table has mu* at the cutoff by name; ours counts at the edge of the sum, so that it does not jump with N.
      EXPECT_NEAR(linear_tc(modes, at_cutoff(mu, reference, cutoff).value, 0, cutoff).tc, tc, 2e-3);
      EXPECT_NEAR(linear_tc(modes, mu, reference, cutoff).tc / tc, 1, 2e-3);
    }
  }
  EXPECT_NEAR(linear_tc(wide, 0, 0, cutoff).tc, 277.379, 2e-3);
  EXPECT_NEAR(linear_tc(wide, 0.16, 0, cutoff).tc, 188.202, 2e-3);
  const double repulsion = at_cutoff(0.16, moments(all, 9).second, cutoff).value;
  EXPECT_NEAR(linear_tc(wide, repulsion, 0, cutoff).tc, 153.373, 2e-3);

  const struct {
    double t;
    int n;
    double delta, z;
  } gaps[] = {{10, 388, 37.171185, 2.452274},
              {50, 78, 37.040485, 2.448363},
              {100, 39, 35.629126, 2.453330},
              {150, 26, 29.243214, 2.499267}};
  Gap last;
  for (const auto& [t, n, delta, z] : gaps) {
    EXPECT_EQ(n_frequencies(cutoff, kb * t), n);
    last = solve_gap(modes, 0.16, kb * t, n, last.is_open() ? &last : nullptr, 1.76 * kb * 198);
    EXPECT_NEAR(1e3 * last.delta[0], delta, 2e-6);
    EXPECT_NEAR(last.z[0], z, 2e-6);
  }
}

TEST(H3S, CurvesKeepLambda) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const H3s& set = h3s(data);
  const CoupledModes all = couple(set.matrices, set.coupling, {.gamma = GammaPolicy::skip});
  const auto curve = [&](double width, double step) {
    SpectralFunction f;
    f.energies = Eigen::VectorXd::LinSpaced(static_cast<Eigen::Index>(0.26 / step), step, 0.26);
    f.values = by_gaussians(all, {alpha2f_weights(all, all.lambda[usual])}, f.energies, width).col(0);
    return moments(f);
  };
  const Moments narrow = curve(1.24e-3, 1e-4), wide = curve(5e-3, 1e-4);
  EXPECT_NEAR(narrow.lambda, 1.598389, 2e-5);
  EXPECT_NEAR(1e3 * narrow.logarithmic, 130.286, 2e-2);
  EXPECT_NEAR(wide.lambda, 1.603030, 3e-4);
  EXPECT_NEAR(1e3 * wide.logarithmic, 129.385, 1e-1);
  EXPECT_NEAR(curve(0.6e-3, 5e-5).lambda, 1.598104, 1e-4);  // G15
}

}  // namespace
}  // namespace zeropoint::superconductivity
