#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "files/text_scanner.hpp"
#include "tests/phonons/dyn_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::test {

inline bool in_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (std::filesystem::exists(folder + "/" + program)) return true;
  }
  return false;
}

/// Runs q2r.x or matdyn.x in `folder` on the input of that name.
inline void run_qe(const TemporaryFolder& folder, const std::string& program, const std::string& input) {
  put_text(folder / (program + ".in"), input);
  const std::string command = "cd '" + folder.path() + "' && OMP_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 " +
                              "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 timeout 120 " + program + ".x < " + program + ".in > " +
                              program + ".out 2>&1";
  if (std::system(command.c_str()) != 0)
    throw InputError{"{}.x fails: {}", program, text_of(folder / (program + ".out"))};
}

/// Force constants x.fc that the real q2r.x makes of a set of dyn files in `folder`.
inline void run_q2r(const TemporaryFolder& folder, const std::string& fildyn = "x.dyn",
                    const std::string& zasr = "no") {
  run_qe(folder, "q2r", "&input\n fildyn='" + fildyn + "', zasr='" + zasr + "', flfrc='x.fc'\n/\n");
}

/// Frequencies that the real matdyn.x finds at `points` (crystal coordinates) from x.fc in `folder`, cm^-1, [n_q] x
/// [3n]; `asr` as in its input. It leaves x.dynout there.
inline std::vector<std::vector<double>> frequencies_of_force_constants(const TemporaryFolder& folder,
                                                                       const std::string& asr,
                                                                       const std::vector<Eigen::Vector3d>& points,
                                                                       const std::string& flfrc = "x.fc") {
  std::string input = "&input\n asr='" + asr + "', flfrc='" + flfrc +
                      "', flfrq='x.freq', fldyn='x.dynout', q_in_cryst_coord=.true.\n/\n" +
                      std::to_string(points.size()) + "\n";
  for (const Eigen::Vector3d& q : points) input += fmt::format("{:.12f} {:.12f} {:.12f}\n", q[0], q[1], q[2]);
  run_qe(folder, "matdyn", input);
  std::vector<std::vector<double>> all;
  TextScanner scan(folder / "x.freq");
  scan.require_next("the head of the file");
  const auto n_modes = static_cast<std::size_t>(std::stoi(text_of(folder / "x.freq").substr(12)));
  while (scan.next_filled()) {  // a line with q, then six frequencies a line; large ones may stand without blanks
    std::string digits;
    while (10 * n_modes > digits.size()) {
      scan.require_next("frequencies");
      digits += scan.line();
    }
    all.emplace_back();
    for (std::size_t i = 0; i < n_modes; ++i) all.back().push_back(std::stod(digits.substr(10 * i, 10)));
  }
  return all;
}

/// The same from the files x.dyn* by q2r.x and matdyn.x.
inline std::vector<std::vector<double>> frequencies_of_matdyn(const TemporaryFolder& folder, const std::string& asr,
                                                              const std::vector<Eigen::Vector3d>& points) {
  run_q2r(folder);
  return frequencies_of_force_constants(folder, asr, points);
}

}  // namespace zeropoint::test

/// Skips the test where Quantum ESPRESSO is not installed; fails where it is promised.
#define SKIP_WITHOUT_MATDYN()                                                                                \
  if (!zeropoint::test::in_path("q2r.x") || !zeropoint::test::in_path("matdyn.x")) {                         \
    if (std::getenv("ZEROPOINT_REQUIRE_DATA")) FAIL() << "q2r.x and matdyn.x are promised here but missing"; \
    GTEST_SKIP() << "no q2r.x or matdyn.x: install quantum-espresso";                                        \
  }                                                                                                          \
  static_assert(true)
