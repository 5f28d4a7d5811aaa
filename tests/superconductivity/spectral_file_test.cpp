#include <gtest/gtest.h>

#include <cmath>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "superconductivity/eliashberg_gap.hpp"
#include "superconductivity/eliashberg_linear.hpp"
#include "superconductivity/spectral_file.hpp"
#include "superconductivity/tc_formulas.hpp"
#include "tests/superconductivity/model_spectra.hpp"
#include "tests/support/reference_data.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::superconductivity {
namespace {

constexpr double kb = 0.08617333262e-3;  // eV/K, as the golden table has it

TEST(SpectralFile, G8Niobium) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const SpectralFile file = read_spectral_file(data + "/electron_phonon/nb/Nb.a2F");
  ASSERT_EQ(file.curves.size(), 20u);
  EXPECT_EQ(file.unit, "THz");
  EXPECT_EQ(file.dropped, 1);
  EXPECT_NEAR(file.widths[14] / units::codata2022.rydberg, 0.075, 1e-12);
  const SpectralFunction& curve = file.curves[14];
  const Moments m = moments(curve);
  EXPECT_NEAR(m.lambda, .937674, 6e-7);
  EXPECT_NEAR(1e3 * m.logarithmic, 13.50346, 6e-6);
  EXPECT_NEAR(1e3 * m.first, 14.88584, 6e-6);
  EXPECT_NEAR(1e3 * m.second, 15.94208, 6e-6);
  EXPECT_NEAR(mcmillan(m, 0.12).value, 8.8252, 6e-5);
  EXPECT_NEAR(allen_dynes(m, 0.12).value, 9.2995, 6e-5);
  EXPECT_NEAR(xie(m, 0.12).value, 9.2320, 6e-5);
  const DiscreteModes modes = discrete(curve);
  const std::tuple<double, double, double, double> golden[] = {
      {.135, 10.2446, 9.1539, 8.7384}, {.270, 10.5919, 9.1159, 8.6725}, {.540, 10.9287, 9.1054, 8.6682}};
  for (const auto& [cutoff, raw, isome, ad] : golden) {
    EXPECT_NEAR(linear_tc(modes, 0.12, 0, cutoff).tc, raw, 3e-3);
    for (const auto& [reference, tc] : {std::pair{27e-3, isome}, {m.second, ad}}) {
      EXPECT_NEAR(linear_tc(modes, at_cutoff(0.12, reference, cutoff).value, 0, cutoff).tc, tc, 2e-4);
      EXPECT_NEAR(linear_tc(modes, 0.12, reference, cutoff).tc / tc, 1, 2e-3);
    }
  }
  EXPECT_NEAR(linear_tc(modes, 0.12, 27e-3, 7).tc, 9.0999, 1e-3);
  const std::tuple<double, int, double, double> gaps[] = {
      {2, 249, 1.767817, 1.904421}, {5, 100, 1.714540, 0}, {9, 55, 1.136517, 0}, {10, 50, .727972, 0}};
  for (const auto& [t, n, delta, z] : gaps) {
    EXPECT_EQ(n_frequencies(.27, kb * t), n);
    const Gap gap = solve_gap(modes, 0.12, kb * t, n, nullptr, 1.76 * kb * 10.6);
    EXPECT_NEAR(1e3 * gap.delta[0], delta, 2e-6);
    if (z > 0) {
      EXPECT_NEAR(gap.z[0], z, 2e-6);
    }
  }
}

TEST(SpectralFile, ReadsWrappedRecordsOfMatdyn) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const SpectralFile file = read_spectral_file(data + "/electron_phonon/al_444/a2F.dos2");
  EXPECT_EQ(file.kind, "a2F.dos of matdyn.x");
  ASSERT_EQ(file.curves.size(), 1u);
  EXPECT_EQ(file.curves[0].energies.size(), 50);
  // Their sum is a plain one; six decimals.
  double lambda = 0;
  const SpectralFunction& curve = file.curves[0];
  const double step = curve.energies[1] - curve.energies[0];
  for (Eigen::Index i = 0; i < 50; ++i) lambda += 2 * step * curve.values[i] / curve.energies[i];
  EXPECT_NEAR(lambda, 0.4011, 4e-3);
}

TEST(SpectralFile, OurTextsComeBack) {
  const test::TemporaryFolder folder;
  const SpectralFunction curve = test::syn1();
  for (const int n_modes : {3, 6, 9, 12}) {
    const Eigen::MatrixXd modes = curve.values * Eigen::RowVectorXd::Constant(n_modes, 1.0 / n_modes);
    write_file(folder / "a2F.dos1", qe_spectral_text(curve, modes, 2));
    const SpectralFile back = read_spectral_file(folder / "a2F.dos1");
    EXPECT_LT((back.curves.at(0).values - curve.values).cwiseAbs().maxCoeff(), 6e-9);
    EXPECT_LT((back.curves.at(0).energies - curve.energies).cwiseAbs().maxCoeff(), 1e-7);
  }
  write_file(folder / "x.a2f", epw_spectral_text(curve));
  const SpectralFile back = read_spectral_file(folder / "x.a2f");
  EXPECT_EQ(back.unit, "meV");
  EXPECT_LT((back.curves.at(0).values - curve.values).cwiseAbs().maxCoeff(), 1e-11);
}

std::string complaint(const std::string& path, const std::string& unit = "") {
  try {
    read_spectral_file(path, unit);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(SpectralFile, RefusesUnitsThatNobodyNames) {
  const test::TemporaryFolder folder;
  const std::string rows = "0.0 0.0\n1.0 0.1\n2.0 0.4\n3.0 0.2\n";
  write_file(folder / "a.dat", rows);
  EXPECT_NE(complaint(folder / "a.dat").find("may be in meV, THz"), std::string::npos);
  const std::pair<const char*, double> factors[] = {
      {"meV", 1e-3},           {"THz", 4.135667696e-3}, {"eV", 1},
      {"Ry", 13.605693122994}, {"Ha", 27.211386245988}, {"cm-1", 1.239841984e-4}};
  for (const auto& [unit, factor] : factors)
    EXPECT_NEAR(read_spectral_file(folder / "a.dat", unit).curves.at(0).energies[0], factor, 1e-9 * factor);
  write_file(folder / "ALPHA2F.OUT", rows);
  EXPECT_EQ(read_spectral_file(folder / "ALPHA2F.OUT").unit, "Ha");
  write_file(folder / "b.dat", "# omega (THz)  alpha2F\n" + rows);
  EXPECT_EQ(read_spectral_file(folder / "b.dat").unit, "THz");
  EXPECT_NE(complaint(folder / "b.dat", "meV").find("header says THz"), std::string::npos);
  write_file(folder / "c.dat", "# omega (THz or meV)\n" + rows);
  EXPECT_NE(complaint(folder / "c.dat").find("several units"), std::string::npos);
}

TEST(SpectralFile, DropsRowsAtAndBelowZeroAndSaysWhatIsCutOff) {
  const test::TemporaryFolder folder;
  write_file(folder / "a.dat", "# meV\n-1 0.3\n0 0.0\n1 0.1\n2 0.1\n");
  const SpectralFile file = read_spectral_file(folder / "a.dat");
  EXPECT_EQ(file.dropped, 2);
  EXPECT_EQ(file.curves[0].energies.size(), 2);
  ASSERT_EQ(file.warnings.size(), 1u);  // alpha2F/omega is largest in the first row
  write_file(folder / "b.dat", "# meV\n1 0.0\n2 0.5\n3 -0.2\n");
  EXPECT_NE(read_spectral_file(folder / "b.dat").warnings.at(0).find("below zero"), std::string::npos);
}

TEST(SpectralFile, NamesTheLineThatIsWrong) {
  const test::TemporaryFolder folder;
  write_file(folder / "a.dat", "# meV\n1 0.1\n2 0.1 7\n");
  EXPECT_NE(complaint(folder / "a.dat").find("a.dat:3"), std::string::npos);
  write_file(folder / "b.dat", "# meV\n1 0.1\n1 0.1\n");
  EXPECT_NE(complaint(folder / "b.dat").find("must ascend"), std::string::npos);
  write_file(folder / "c.dat", "# meV\n1 0.1\n2 ****\n");
  EXPECT_NE(complaint(folder / "c.dat").find("c.dat:3"), std::string::npos);
  // Fortran's exponents, without the letter, too.
  write_file(folder / "d.dat", "# meV\n1 1.0D-3\n2 1.0-100\n");
  EXPECT_DOUBLE_EQ(read_spectral_file(folder / "d.dat").curves[0].values[0], 1e-3);
  EXPECT_DOUBLE_EQ(read_spectral_file(folder / "d.dat").curves[0].values[1], 1e-100);
}

}  // namespace
}  // namespace zeropoint::superconductivity
