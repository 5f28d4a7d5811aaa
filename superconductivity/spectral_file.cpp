#include "superconductivity/spectral_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iterator>

#include "core/error.hpp"
#include "core/number_text.hpp"
#include "files/text_scanner.hpp"

namespace zeropoint::superconductivity {
namespace {

namespace fs = std::filesystem;

constexpr const char* usual_units[] = {"meV", "THz", "Ry", "Ha", "eV", "cm-1"};
constexpr double not_small = 0.05;       // of the largest alpha2F/omega, in the first row: a tail that is cut off
constexpr double much_negative = 1e-2;   // of the largest alpha2F
constexpr double printed_step = 2.1e-6;  // Ry, of energies with six decimals

/// Text before the numbers, numbers line by line, text behind them.
struct Raw {
  std::string header, footer;
  std::vector<std::vector<double>> rows;
  std::vector<int> lines;
};

bool begins_with_number(std::string_view line) {
  const std::vector<std::string_view> words = split_words(line);
  double value = 0;
  return !words.empty() && (words[0].find('*') != std::string_view::npos ||
                            parse_number(words[0].data(), words[0].data() + words[0].size(), value) != nullptr);
}

Raw read_raw(const std::string& path) {
  TextScanner scan(path);
  Raw raw;
  while (scan.next_filled()) {
    const bool numbers = begins_with_number(scan.line());
    if (!numbers && !raw.rows.empty()) {
      raw.footer.append(scan.line()).append("\n");
      while (scan.next()) raw.footer.append(scan.line()).append("\n");
      break;
    }
    if (!numbers) {
      raw.header.append(scan.line()).append("\n");
      continue;
    }
    std::vector<double>& row = raw.rows.emplace_back();
    for (std::size_t word = 0; word < scan.words().size(); ++word) row.push_back(scan.number(word));
    raw.lines.push_back(scan.line_number());
  }
  if (raw.rows.size() < 2)
    throw InputError{"{}: {} rows of numbers: no spectral function of frequencies", path, raw.rows.size()};
  return raw;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// Records of a2F.dos, which wrap over lines: E, total, then three for each atom. Their length is the shortest at which
/// energies have equal distances.
std::vector<std::vector<double>> unwrapped(const Raw& raw, const std::string& path) {
  std::vector<double> all;
  for (const std::vector<double>& row : raw.rows) all.insert(all.end(), row.begin(), row.end());
  for (std::size_t length = 5; length <= all.size() / 2; length += 3) {
    if (all.size() % length != 0) continue;
    const std::size_t n = all.size() / length;
    const double step = (all[(n - 1) * length] - all[0]) / static_cast<double>(n - 1);
    bool even = step > 0;
    for (std::size_t i = 1; even && i < n; ++i)
      even = std::abs(all[i * length] - all[0] - static_cast<double>(i) * step) < printed_step;
    if (!even) continue;
    std::vector<std::vector<double>> rows;
    for (std::size_t i = 0; i < n; ++i)
      rows.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(i * length),
                        all.begin() + static_cast<std::ptrdiff_t>((i + 1) * length));
    return rows;
  }
  throw InputError{
      "{}: {} numbers form no records of energy, total and three modes for each atom at equal steps of energy: the "
      "file "
      "is truncated or damaged",
      path, all.size()};
}

/// Units that stand in the header between brackets or blanks.
std::vector<std::string> units_in(const std::string& header) {
  std::string text = header;
  for (char& c : text) {
    if (std::string_view("()[]{},;:=/#").find(c) != std::string_view::npos || c == '\n') c = ' ';
  }
  std::vector<std::string> found;
  const auto add = [&](const char* unit) {
    if (std::find(found.begin(), found.end(), unit) == found.end()) found.emplace_back(unit);
  };
  for (const std::string_view word : split_words(text)) {
    for (const char* unit : usual_units) {
      if (word == unit) add(unit);
    }
    if (word == "cm^-1") add("cm-1");
    if (word == "Hartree") add("Ha");
    if (word == "Rydberg" || word == "Rydbergs") add("Ry");
  }
  return found;
}

/// The unit of the frequencies. Headers of the programs that are known name no other one.
std::string unit_of(const Raw& raw, const std::string& path, const std::string& given) {
  std::vector<std::string> named = units_in(raw.header);
  if (has(raw.header, "w[meV]")) named = {"meV"};  // EPW
  if (named.empty() && fs::path(path).filename() == "ALPHA2F.OUT") named = {"Ha"};
  if (!given.empty()) {
    find_unit(given);
    if (named.size() == 1 && named[0] != given)
      throw InputError{"{}: its header says {}, {} was asked for: one of them is wrong", path, named[0], given};
    return given;
  }
  if (named.size() == 1) return named[0];
  throw InputError{
      "{}: {}: a spectral function whose frequencies may be in meV, THz, Ry, Ha, eV or cm-1 gives any Tc. Say which",
      path,
      named.empty() ? "nothing tells the unit of its frequencies"
                    : fmt::format("its header names several units ({})", fmt::join(named, ", "))};
}

/// Broadenings in a header such as "# E(THz) 0.005 0.010": one for each column.
std::vector<double> widths_in(const std::string& header, std::size_t n, const UnitSet& units) {
  std::vector<double> numbers;
  for (const std::string_view word : split_words(header)) {
    double value = 0;
    if (parse_number(word.data(), word.data() + word.size(), value) == word.data() + word.size() &&
        std::string_view("0123456789.").find(word[0]) != std::string_view::npos)
      numbers.push_back(value * units.rydberg);
  }
  return numbers.size() == n ? numbers : std::vector<double>{};
}

void add_curves(const std::vector<std::vector<double>>& rows, std::size_t n_curves, double factor, SpectralFile& file) {
  std::size_t first = 0;
  while (first < rows.size() && !(rows[first][0] > 0)) ++first;
  file.dropped = static_cast<int>(first);
  const auto n = static_cast<Eigen::Index>(rows.size() - first);
  for (std::size_t c = 0; c < n_curves; ++c) {
    SpectralFunction curve{Eigen::VectorXd(n), Eigen::VectorXd(n)};
    for (Eigen::Index i = 0; i < n; ++i) {
      const std::vector<double>& row = rows[first + static_cast<std::size_t>(i)];
      curve.energies[i] = factor * row[0];
      curve.values[i] = row[c + 1];
    }
    file.curves.push_back(std::move(curve));
  }
}

void judge(SpectralFile& file) {
  double tail = 0, negative = 0;
  for (const SpectralFunction& curve : file.curves) {
    const Eigen::ArrayXd ratio = curve.values.array() / curve.energies.array();
    tail = std::max(tail, std::abs(ratio[0]) / std::max(ratio.abs().maxCoeff(), 1e-300));
    negative = std::max(negative, -curve.values.minCoeff() / std::max(curve.values.maxCoeff(), 1e-300));
  }
  if (tail > not_small) {
    file.warnings.push_back(fmt::format(
        "alpha2F/omega in the first row is {:.0f} % of its largest value: lambda misses what lies below", 100 * tail));
  }
  if (negative > much_negative) {
    file.warnings.push_back(
        fmt::format("alpha2F falls to {:.0f} % of its height below zero: imaginary modes or a coarse interpolation",
                    -100 * negative));
  }
}

void refuse_wrong_rows(const std::vector<std::vector<double>>& rows, const std::vector<int>& lines,
                       const std::string& path) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Place place{path, i < lines.size() ? lines[i] : 0};
    if (rows[i].size() != rows[0].size()) {
      throw located(place,
                    InputError{"{} numbers, {} in the first row: the file is damaged", rows[i].size(), rows[0].size()});
    }
    if (i > 0 && !(rows[i][0] > rows[i - 1][0]))
      throw located(place, InputError{"frequencies must ascend, {} follows {}", rows[i][0], rows[i - 1][0]});
  }
  if (rows[0].size() < 2) throw InputError{"{}: one column, frequencies and alpha2F are needed", path};
  if (!(rows[rows.size() - 2][0] > 0)) throw InputError{"{}: less than two positive frequencies", path};
}

}  // namespace

SpectralFile read_spectral_file(const std::string& path, const std::string& unit, const UnitSet& units) {
  const Raw raw = read_raw(path);
  SpectralFile file;
  const bool matdyn = has(raw.header, "Eliashberg function a2F"), epw = has(raw.header, "integrated 2*a2f/w");
  file.unit = unit_of(raw, path, unit);
  const std::vector<std::vector<double>> rows = matdyn ? unwrapped(raw, path) : raw.rows;
  refuse_wrong_rows(rows, matdyn ? std::vector<int>{} : raw.lines, path);
  const std::size_t n_columns = rows[0].size() - 1;
  std::size_t n_curves = 1;
  if (matdyn) {
    file.kind = "a2F.dos of matdyn.x";
  } else if (epw) {
    file.kind = "a2f of EPW";
    n_curves = std::max<std::size_t>(n_columns / 2, 1);
  } else {
    file.widths = widths_in(raw.header, n_columns, units);
    if (!file.widths.empty()) n_curves = n_columns;
    file.kind = !file.widths.empty()                         ? "columns of broadenings, as of lambda.x"
                : fs::path(path).filename() == "ALPHA2F.OUT" ? "ALPHA2F.OUT of Elk"
                                                             : "columns";
  }
  add_curves(rows, n_curves, find_unit(file.unit).factor, file);
  judge(file);
  return file;
}

std::string qe_spectral_text(const SpectralFunction& curve, const Eigen::MatrixXd& modes, double lambda,
                             const UnitSet& units) {
  std::string text =
      "\n # Eliashberg function a2F (per both spin)\n #  frequencies in Rydberg  \n # DOS normalized to E in Rydberg: "
      "a2F_total, a2F(mode) \n\n";
  const auto put = [&](auto format, const auto&... arguments) {
    fmt::format_to(std::back_inserter(text), format, arguments...);
  };
  for (Eigen::Index i = 0; i < curve.energies.size(); ++i) {
    put(FMT_STRING("   {:14.8f}{:14.8f}\n"), curve.energies[i] / units.rydberg, curve.values[i]);
    for (Eigen::Index mode = 0; mode < modes.cols(); ++mode) {
      put(FMT_STRING("{:16.8f}"), modes(i, mode));
      if (mode % 6 == 5 || mode + 1 == modes.cols()) text += '\n';
    }
  }
  const double step = (curve.energies[1] - curve.energies[0]) / units.rydberg;
  put(FMT_STRING("  lambda = {:20.16f}         Delta = {:25.16E}\n"), lambda, step);
  return text;
}

std::string epw_spectral_text(const SpectralFunction& curve) {
  std::string text = " w[meV] a2f\n";
  for (Eigen::Index i = 0; i < curve.energies.size(); ++i)
    fmt::format_to(std::back_inserter(text), FMT_STRING("{:18.10f}{:20.12E}\n"), 1e3 * curve.energies[i],
                   curve.values[i]);
  return text;
}

}  // namespace zeropoint::superconductivity
