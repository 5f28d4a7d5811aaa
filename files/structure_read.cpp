#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "files/extxyz_line.hpp"
#include "files/labelled_formats.hpp"
#include "files/structure_file.hpp"
#include "files/text_scanner.hpp"

namespace zeropoint {
namespace {

Crystal with_standard_masses(const Eigen::Matrix3d& cell, const Vectors& positions, std::vector<std::string> species) {
  Crystal crystal{cell, positions, std::move(species), {}};
  crystal.masses.resize(crystal.n_atoms());
  for (int s = 0; s < crystal.n_atoms(); ++s) crystal.masses[s] = standard_mass(crystal.species[s]);
  return crystal;
}

bool is_number(std::string_view word) {
  const auto numbers = extxyz::numbers_in(word);
  return numbers && numbers->size() == 1;
}

bool all_numbers(const std::vector<std::string_view>& words, std::size_t count) {
  return words.size() >= count &&
         std::all_of(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(count), is_number);
}

/// A title, a scale, and three rows of three numbers.
bool is_poscar(const std::string& path, const std::string& text) {
  TextScanner scan(path, text);
  if (!scan.next() || !scan.next() || !(scan.words().size() == 1 || scan.words().size() == 3)) return false;
  if (!all_numbers(scan.words(), scan.words().size())) return false;
  for (int i = 0; i < 3; ++i) {
    if (!scan.next() || !all_numbers(scan.words(), 3)) return false;
  }
  return true;
}

bool is_extxyz(const std::string& path, const std::string& text) {
  TextScanner scan(path, text);
  return scan.next_filled() && scan.words().size() == 1 && is_number(scan.words()[0]) &&
         scan.peek().find('=') != std::string_view::npos;
}

Crystal read_poscar(const std::string& path, const std::string& text) {
  TextScanner scan(path, text);
  scan.require_next("a title");
  scan.require_next("the scale");
  std::vector<double> scale;
  for (std::size_t k = 0; k < scan.words().size(); ++k) scale.push_back(scan.number(k));
  Eigen::Matrix3d cell;
  for (int i = 0; i < 3; ++i) {
    scan.require_next("a cell vector");
    for (int k = 0; k < 3; ++k) cell(i, k) = scan.number(static_cast<std::size_t>(k));
  }
  Eigen::Vector3d factors;
  if (scale.size() == 3) {
    factors << scale[0], scale[1], scale[2];
  } else {
    // A negative one is the volume.
    factors.setConstant(scale[0] > 0 ? scale[0] : std::cbrt(-scale[0] / std::abs(cell.determinant())));
  }
  cell = (cell * factors.asDiagonal()).eval();
  scan.require_next("the elements");
  if (scan.words().empty() || is_number(scan.words()[0])) {
    scan.fail(
        "'{}' where the elements are expected: a POSCAR of VASP 4 does not say them, add a line such as 'Cs Pb I'",
        scan.line());
  }
  std::vector<std::string> elements, species;
  for (const std::string_view word : scan.words()) elements.emplace_back(word.substr(0, word.find_first_of("_/")));
  scan.require_next("the number of atoms of each element");
  if (scan.words().size() != elements.size()) {
    scan.fail("{} numbers of atoms for {} elements", scan.words().size(), elements.size());
  }
  for (std::size_t k = 0; k < elements.size(); ++k) {
    const int count = scan.integer(k);
    if (count < 1) scan.fail("{} atoms of {}", count, elements[k]);
    species.insert(species.end(), static_cast<std::size_t>(count), elements[k]);
  }
  const auto begins_with = [&](std::string_view letters) {
    return !scan.words().empty() && letters.find(scan.words()[0][0]) != std::string_view::npos;
  };
  scan.require_next("Direct or Cartesian");
  if (begins_with("sS")) scan.require_next("Direct or Cartesian");
  const bool cartesian = begins_with("cCkK");
  if (!cartesian && !begins_with("dD")) scan.fail("'{}' where Direct or Cartesian is expected", scan.line());
  Vectors positions(static_cast<Eigen::Index>(species.size()), 3);
  for (Eigen::Index s = 0; s < positions.rows(); ++s) {
    scan.require_next(fmt::format("atom {} of {}", s + 1, positions.rows()));
    for (int k = 0; k < 3; ++k) positions(s, k) = scan.number(static_cast<std::size_t>(k));
  }
  positions = cartesian ? Vectors(positions * factors.asDiagonal()) : Vectors(positions * cell);
  return with_standard_masses(cell, positions, std::move(species));
}

std::vector<Crystal> read_extxyz(const std::string& path, const std::string& text) {
  TextScanner scan(path, text);
  std::vector<Crystal> all;
  while (scan.next_filled()) {
    const int n_atoms = scan.integer(0);
    if (n_atoms < 1 || scan.words().size() != 1) scan.fail("'{}' where the number of atoms is expected", scan.line());
    scan.require_next("a line of keys");
    const std::string comment{scan.line()}, where = fmt::format("{}, frame {}", path, all.size() + 1);
    const auto cell = extxyz::lattice_of(comment, {where});
    if (!cell) throw InputError{"{}: no Lattice=\"9 numbers\": the cell is not known", where};
    if (const auto pbc = extxyz::value_of(comment, "pbc"); pbc && pbc->find_first_of("Ff0") != std::string_view::npos) {
      throw InputError{"{}: pbc=\"{}\": the structure is not periodic in three directions", where, *pbc};
    }
    const extxyz::Columns columns = extxyz::columns_of(comment, {where}, false);
    Vectors positions(n_atoms, 3);
    std::vector<std::string> species;
    Eigen::VectorXd masses(columns.masses ? n_atoms : 0);
    for (int s = 0; s < n_atoms; ++s) {
      scan.require_next(fmt::format("atom {} of {}", s + 1, n_atoms));
      scan.require_words(columns.count, "as Properties says");
      species.emplace_back(scan.words()[columns.species]);
      for (std::size_t k = 0; k < 3; ++k)
        positions(s, static_cast<Eigen::Index>(k)) = scan.number(columns.positions + k);
      if (columns.masses) masses[s] = scan.number(*columns.masses);
    }
    all.push_back(columns.masses ? Crystal{*cell, positions, std::move(species), masses}
                                 : with_standard_masses(*cell, positions, std::move(species)));
    check(all.back(), where);
  }
  return all;
}

}  // namespace

std::vector<Crystal> read_structures(const std::string& path) {
  if (!std::filesystem::is_directory(path)) {
    const std::string text = read_file(path);
    if (text.find('\0') == std::string::npos) {
      if (text.find("_cell_length_a") != std::string::npos) {
        throw InputError{"{}: CIF is not read: turn it into POSCAR or extended XYZ, with ASE for instance", path};
      }
      if (is_extxyz(path, text)) return read_extxyz(path, text);
      if (is_poscar(path, text)) {
        std::vector<Crystal> one{read_poscar(path, text)};
        check(one.front(), path);
        return one;
      }
    }
  }
  const LabelledStructures labelled = read_labelled_structures(path);
  if (!labelled.refused.empty()) {
    const RefusedOutput& refused = labelled.refused.front();
    throw InputError{"{}: {}. Structures are also read from POSCAR and extended XYZ without labels", refused.source,
                     refused.reason};
  }
  std::vector<Crystal> all;
  for (const LabelledStructure& structure : labelled.accepted) {
    all.push_back(with_standard_masses(structure.cell, structure.positions, structure.species));
    check(all.back(), structure.source);
  }
  return all;
}

Crystal read_structure(const std::string& path) {
  std::vector<Crystal> all = read_structures(path);
  if (all.size() != 1)
    throw InputError{"{}: {} structures where one is needed: keep the one that you want", path, all.size()};
  return std::move(all.front());
}

}  // namespace zeropoint
