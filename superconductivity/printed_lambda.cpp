#include "superconductivity/printed_lambda.hpp"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <iterator>
#include <limits>

#include "core/error.hpp"
#include "core/quantity.hpp"
#include "files/text_scanner.hpp"
#include "superconductivity/coupling_readers.hpp"

namespace zeropoint::superconductivity {
namespace {

namespace fs = std::filesystem;

constexpr int most = 100000;  // modes or smearings: more is damage

double gigahertz() { return 1e-3 * find_unit("THz").factor; }

/// A number behind `mark`, NaN where it did not fit its field.
double number_behind(const TextScanner& scan, std::string_view mark) {
  const std::string_view line = scan.line();
  const std::size_t at = line.find(mark);
  if (at == std::string_view::npos) scan.fail("'{}' where '{}' is expected", trimmed(line).substr(0, 60), mark);
  const std::vector<std::string_view> words = split_words(line.substr(at + mark.size()));
  if (words.empty()) scan.fail("nothing behind '{}'", mark);
  if (is_overflow(words[0])) return std::numeric_limits<double>::quiet_NaN();
  return scan.numbers_in(line.substr(static_cast<std::size_t>(words[0].data() - line.data()), words[0].size())).at(0);
}

int count_in(const TextScanner& scan, std::size_t word, const char* what) {
  const int n = scan.integer(word);
  if (n < 1 || n > most) scan.fail("{} {}: the file is damaged", n, what);
  return n;
}

void read_squares(TextScanner& scan, int n_modes, double unit, Eigen::VectorXd& squares) {
  squares.resize(n_modes);
  for (int mode = 0; mode < n_modes;) {
    scan.require_filled("squares of the frequencies");
    for (std::size_t word = 0; word < scan.words().size(); ++word) {
      if (mode == n_modes) scan.fail("more than {} squares of frequencies", n_modes);
      squares[mode++] = unit * scan.number(word);
    }
  }
}

Smearing read_smearing(TextScanner& scan, const UnitSet& units) {
  scan.require_filled("'Gaussian Broadening:' or 'Tetrahedron method'");
  Smearing smearing;
  if (scan.line().find("etrahedr") == std::string_view::npos) {
    smearing.width = number_behind(scan, "Broadening:") * units.rydberg;
    scan.require_filled("'DOS ='");
  } else if (scan.peek().find("DOS") != std::string_view::npos) {
    scan.require_filled("'DOS ='");
  }
  smearing.density_of_states = number_behind(scan, "DOS =") / units.rydberg;
  smearing.fermi_energy = number_behind(scan, "Ef=");
  return smearing;
}

std::string inside(const std::string& path, int number) {
  return fs::is_directory(path) ? (fs::path(path) / fmt::format("elph.inp_lambda.{}", number)).string()
                                : fmt::format("{0}{1}.elph.{1}", path, number);
}

/// A number in the eight columns of Quantum ESPRESSO's field, with all decimals that fit: its point counts when it is
/// read, not the place of the point.
std::string in_eight(double value) {
  for (int decimals = 6; decimals >= 0; --decimals) {
    std::string text = fmt::format("{:8.{}f}", value, decimals);
    if (text.size() <= 8) return text;
  }
  return std::string(8, '*');
}

}  // namespace

PrintedLambda read_printed_lambda(const std::string& path, const UnitSet& units) {
  TextScanner scan(path);
  scan.require_filled("q, number of broadenings, number of modes");
  scan.require_words(5, "q, number of broadenings, number of modes");
  PrintedLambda printed;
  for (int i = 0; i < 3; ++i) printed.q[i] = scan.number(static_cast<std::size_t>(i));
  const int n_smearings = count_in(scan, 3, "broadenings"), n_modes = count_in(scan, 4, "modes");
  if (1.0 * n_smearings * n_modes > static_cast<double>(scan.n_bytes()))
    scan.fail("{} broadenings of {} modes: more than the file holds, it is damaged", n_smearings, n_modes);
  read_squares(scan, n_modes, units.rydberg * units.rydberg, printed.squares);
  printed.lambda.resize(n_smearings, n_modes);
  printed.linewidth.resize(n_smearings, n_modes);
  for (int i = 0; i < n_smearings; ++i) {
    printed.smearings.push_back(read_smearing(scan, units));
    for (int mode = 0; mode < n_modes; ++mode) {
      scan.require_filled(fmt::format("lambda of mode {}", mode + 1));
      printed.lambda(i, mode) = number_behind(scan, ")=");
      printed.linewidth(i, mode) = number_behind(scan, "gamma=") * gigahertz();
    }
  }
  return printed;
}

bool has_printed_lambda(const std::string& path) { return fs::exists(inside(path, 1)); }

std::vector<PrintedLambda> read_printed_lambdas(const std::string& path, const UnitSet& units) {
  std::vector<PrintedLambda> all;
  for (int number = 1; fs::exists(inside(path, number)); ++number)
    all.push_back(read_printed_lambda(inside(path, number), units));
  if (all.empty()) throw InputError{"{}: no {}", path, inside(path, 1)};
  return all;
}

std::string printed_lambda_text(const PrintedLambda& printed, const UnitSet& units) {
  std::string text;
  const auto put = [&](auto format, const auto&... arguments) {
    fmt::format_to(std::back_inserter(text), format, arguments...);
  };
  const Eigen::Index n_modes = printed.squares.size();
  put(FMT_STRING("     {:14.6f}{:14.6f}{:14.6f}{:6d}{:6d}\n"), printed.q[0], printed.q[1], printed.q[2],
      printed.smearings.size(), n_modes);
  for (Eigen::Index mode = 0; mode < n_modes; ++mode) {
    put(FMT_STRING("{:14.6E}"), printed.squares[mode] / (units.rydberg * units.rydberg));
    if (mode % 6 == 5 || mode + 1 == n_modes) text += '\n';
  }
  for (std::size_t i = 0; i < printed.smearings.size(); ++i) {
    const Smearing& smearing = printed.smearings[i];
    const auto row = static_cast<Eigen::Index>(i);
    put(FMT_STRING("     Gaussian Broadening: {:7.3f} Ry, ngauss={:4d}\n"), smearing.width / units.rydberg, 0);
    put(FMT_STRING("     DOS ={:10.6f} states/spin/Ry/Unit Cell at Ef={:10.6f} eV\n"),
        smearing.density_of_states * units.rydberg, smearing.fermi_energy);
    for (Eigen::Index mode = 0; mode < n_modes; ++mode) {
      put(FMT_STRING("     lambda({:5d})={}   gamma={} GHz\n"), mode + 1, in_eight(printed.lambda(row, mode)),
          in_eight(printed.linewidth(row, mode) / gigahertz()));
    }
  }
  return text;
}

}  // namespace zeropoint::superconductivity
