#pragma once

#include <gtest/gtest.h>

#include <Eigen/Core>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <numbers>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "files/text_scanner.hpp"
#include "phonons/interpolation.hpp"
#include "phonons/spectrum.hpp"
#include "tests/phonons/dyn_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::test {

/// The Python that tools/peers/phonopy has set up, empty where it has not.
inline std::string python_with_phonopy() {
  const char *const cache = std::getenv("XDG_CACHE_HOME"), *const home = std::getenv("HOME");
  const std::filesystem::path folder =
      std::filesystem::path(cache ? cache : std::string(home ? home : "") + "/.cache") / "zeropoint";
  std::error_code code;
  for (const auto& entry : std::filesystem::directory_iterator(folder, code)) {
    if (entry.path().filename().string().starts_with("phonopy-") &&
        std::filesystem::exists(entry.path() / "complete")) {
      return (entry.path() / "bin/python").string();
    }
  }
  return "";
}

/// Runs driver.py with these arguments. @throws InputError with what it says when it fails.
inline void run_phonopy(const TemporaryFolder& folder, const std::string& arguments) {
  const std::string log = folder / "phonopy.log";
  const std::string command = "cd '" + folder.path() + "' && OMP_NUM_THREADS=1 timeout 300 '" + python_with_phonopy() +
                              "' -B '" + ZEROPOINT_SOURCE_DIR + "/tests/phonons/phonopy/driver.py' " + arguments +
                              " > " + log + " 2>&1";
  if (std::system(command.c_str()) != 0) throw InputError{"phonopy fails: {}", text_of(log)};
}

/// Largest difference at the points of a grid, whatever their order.
inline double difference(const phonons::DynamicalMatrices& a, const phonons::DynamicalMatrices& b) {
  double largest = 0;
  for (int iq = 0; iq < a.grid.size(); ++iq) {
    const int other = b.grid.find(a.grid.points()[iq]);
    const Eigen::MatrixXcd d = a.blocks[iq] - b.blocks[other];
    largest = std::max(largest, d.cwiseAbs().maxCoeff());
  }
  return largest;
}

/// Frequencies of phonopy, and the parameter of its Ewald sum.
struct PhonopyFrequencies {
  double lambda = 0;                        ///< 1/angstrom
  std::vector<std::vector<double>> values;  ///< [n_q][3n] cm^-1
};

inline PhonopyFrequencies read_phonopy_frequencies(const std::string& path) {
  TextScanner scan(path);
  scan.require_next("Lambda");
  PhonopyFrequencies result{scan.number(0), {}};
  while (scan.next_filled()) {
    result.values.emplace_back();
    for (std::size_t i = 0; i < scan.words().size(); ++i) result.values.back().push_back(scan.number(i));
  }
  return result;
}

inline void put_points(const std::string& path, const std::vector<Eigen::Vector3d>& points) {
  std::string text;
  for (const Eigen::Vector3d& q : points) text += fmt::format("{:.15f} {:.15f} {:.15f}\n", q[0], q[1], q[2]);
  put_text(path, text);
}

/// Our interpolation at `points`, with phonopy's Ewald parameter and cutoff, cm^-1.
inline Eigen::MatrixXd frequencies_as_phonopy(const phonons::DynamicalMatrices& matrices, double lambda,
                                              const std::vector<Eigen::Vector3d>& points) {
  const phonons::Interpolation interpolation(
      matrices, {.sum_rule = phonons::SumRule::none,
                 .neutral_charges = false,
                 .ewald = {.alpha = std::pow(2 * std::numbers::pi * lambda, 2), .cutoff = std::log(1e10)}});
  return phonons::frequencies_at(interpolation, points).unaryExpr([](double w) {
    return units::codata2022.inverse_cm(w);
  });
}

inline void expect_near(const Eigen::MatrixXd& ours, const std::vector<std::vector<double>>& theirs, double tolerance) {
  ASSERT_EQ(static_cast<std::size_t>(ours.rows()), theirs.size());
  double largest = 0;
  for (Eigen::Index iq = 0; iq < ours.rows(); ++iq) {
    ASSERT_EQ(static_cast<std::size_t>(ours.cols()), theirs[iq].size());
    for (Eigen::Index mu = 0; mu < ours.cols(); ++mu) {
      const double value = theirs[iq][mu];
      EXPECT_NEAR(ours(iq, mu), value, tolerance) << iq << " " << mu;
      largest = std::max(largest, std::abs(ours(iq, mu) - value));
    }
  }
  testing::Test::RecordProperty("largest_deviation", std::to_string(largest));
}

}  // namespace zeropoint::test

#define SKIP_WITHOUT_PHONOPY() \
  if (zeropoint::test::python_with_phonopy().empty()) GTEST_SKIP() << "no phonopy: tools/peers/phonopy installs it"
