#include "files/extxyz_line.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstring>

#include "core/error.hpp"
#include "core/number_text.hpp"
#include "files/text_scanner.hpp"

namespace zeropoint::extxyz {
namespace {

constexpr double stress_agreement = 1e-5;  // eV/angstrom^3, between stress and virial; files have few decimals

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
  });
}

std::optional<std::array<double, 9>> tensor_of(std::string_view comment, std::string_view name, double scale,
                                               const Place& where) {
  const auto value = value_of(comment, name);
  if (!value) return std::nullopt;
  const auto v = numbers_in(*value);
  if (!v || (v->size() != 9 && v->size() != 6)) {
    throw located(where, InputError{"{} must be 9 numbers (3 x 3) or 6 (xx yy zz yz xz xy)", name});
  }
  std::array<double, 9> full;
  constexpr std::array<std::size_t, 9> voigt = {0, 5, 4, 5, 1, 3, 4, 3, 2};
  for (std::size_t k = 0; k < 9; ++k) full[k] = scale * (*v)[v->size() == 9 ? k : voigt[k]];
  return full;
}

}  // namespace

std::optional<std::string_view> value_of(std::string_view comment, std::string_view key) {
  for (std::size_t at = 0; at < comment.size();) {
    if (is_blank(comment[at])) {
      ++at;
      continue;
    }
    const std::size_t begin = at;
    while (at < comment.size() && comment[at] != '=' && !is_blank(comment[at])) ++at;
    const std::string_view name = comment.substr(begin, at - begin);
    if (at >= comment.size() || comment[at] != '=') continue;
    ++at;
    std::string_view value;
    const std::string_view open = "\"'{[", close = "\"'}]";
    if (const std::size_t kind = at < comment.size() ? open.find(comment[at]) : std::string_view::npos;
        kind != std::string_view::npos) {
      const std::size_t end = std::min(comment.find(close[kind], at + 1), comment.size());
      value = comment.substr(at + 1, end - at - 1);
      at = end + 1;
    } else {
      const std::size_t value_begin = at;
      while (at < comment.size() && !is_blank(comment[at])) ++at;
      value = comment.substr(value_begin, at - value_begin);
    }
    if (same_word(name, key)) return value;
  }
  return std::nullopt;
}

std::optional<std::vector<double>> numbers_in(std::string_view text) {
  std::string clean{text};
  for (char& c : clean) {
    if (std::strchr(",[](){}", c)) c = ' ';
  }
  std::vector<double> all;
  for (const std::string_view word : split_words(clean)) {
    double value;
    if (parse_number(word.data(), word.data() + word.size(), value) != word.data() + word.size()) return std::nullopt;
    all.push_back(value);
  }
  return all;
}

Columns columns_of(std::string_view comment, const Place& where, bool labelled) {
  const auto properties = value_of(comment, "Properties");
  if (!properties) {
    throw located(where, InputError{"no Properties=...: species:S:1:pos:R:3:forces:R:3 is needed to know the columns"});
  }
  Columns columns;
  bool has_species = false, has_positions = false, has_forces = false;
  std::string fields{*properties};
  std::replace(fields.begin(), fields.end(), ':', ' ');
  const auto parts = split_words(fields);
  if (parts.size() % 3 != 0)
    throw located(where, InputError{"Properties={} is not made of name:type:number", *properties});
  for (std::size_t k = 0; k < parts.size(); k += 3) {
    std::size_t width = 0;
    std::from_chars(parts[k + 2].data(), parts[k + 2].data() + parts[k + 2].size(), width);
    if (width == 0 || width > 1000)
      throw located(where, InputError{"Properties={}: '{}' is no number of columns", *properties, parts[k + 2]});
    const auto take = [&](bool& has, std::size_t& column) {
      has = true;
      column = columns.count;
    };
    if (same_word(parts[k], "species") && width == 1) take(has_species, columns.species);
    if (same_word(parts[k], "pos") && width == 3) take(has_positions, columns.positions);
    if ((same_word(parts[k], "forces") || same_word(parts[k], "force")) && width == 3) take(has_forces, columns.forces);
    if ((same_word(parts[k], "masses") || same_word(parts[k], "mass")) && width == 1) columns.masses = columns.count;
    columns.count += width;
  }
  if (!has_species || !has_positions || (labelled && !has_forces)) {
    throw located(where,
                  InputError{"Properties={} has no {}: species:S:1, pos:R:3 and forces:R:3 are needed", *properties,
                             !has_species     ? "species"
                             : !has_positions ? "pos"
                                              : "forces"});
  }
  return columns;
}

std::optional<Eigen::Matrix3d> lattice_of(std::string_view comment, const Place& where) {
  const auto lattice = value_of(comment, "Lattice");
  if (!lattice) return std::nullopt;
  const auto v = numbers_in(*lattice);
  if (!v || v->size() != 9) throw located(where, InputError{"Lattice must be 9 numbers"});
  return Eigen::Map<const Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(v->data());
}

std::optional<std::array<double, 9>> stress_of(std::string_view comment, double volume, const Place& where) {
  const auto stress = tensor_of(comment, "stress", 1.0, where);
  const auto virial = tensor_of(comment, "virial", -1.0 / volume, where);
  for (std::size_t k = 0; stress && virial && k < 9; ++k) {
    if (std::abs((*stress)[k] - (*virial)[k]) > stress_agreement + 1e-4 * std::abs((*stress)[k])) {
      throw located(
          where,
          InputError{
              "stress and virial disagree ({:.6g} and {:.6g} eV/angstrom^3 in element {}): the virial is -volume x "
              "stress; "
              "keep the one that is right",
              (*stress)[k], (*virial)[k], k + 1});
    }
  }
  return stress ? stress : virial;
}

}  // namespace zeropoint::extxyz
