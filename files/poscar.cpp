#include "files/poscar.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/elements.hpp"
#include "files/extxyz_line.hpp"
#include "files/text_scanner.hpp"

namespace zeropoint {
namespace {

bool is_number(std::string_view word) {
  const auto numbers = extxyz::numbers_in(word);
  return numbers && numbers->size() == 1;
}

bool all_numbers(const std::vector<std::string_view>& words, std::size_t count) {
  return words.size() >= count &&
         std::all_of(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(count), is_number);
}

/// A title, a scale, and three rows of three numbers.
bool is_poscar(const FileContent& file) {
  TextScanner scan(file.path(), file.text());
  if (!scan.next() || !scan.next() || !(scan.words().size() == 1 || scan.words().size() == 3)) return false;
  if (!all_numbers(scan.words(), scan.words().size())) return false;
  for (int i = 0; i < 3; ++i) {
    if (!scan.next() || !all_numbers(scan.words(), 3)) return false;
  }
  return true;
}

/// The cell, and what each Cartesian coordinate is multiplied with.
std::pair<Eigen::Matrix3d, Eigen::Vector3d> read_cell(TextScanner& scan) {
  scan.require_next("the scale");
  std::vector<double> scale;
  for (std::size_t k = 0; k < scan.words().size(); ++k) scale.push_back(scan.number(k));
  Eigen::Matrix3d cell;
  for (int i = 0; i < 3; ++i) {
    scan.require_next("a cell vector");
    for (int k = 0; k < 3; ++k) cell(i, k) = scan.number(k);
  }
  Eigen::Vector3d factors;
  if (scale.size() == 3) {
    factors << scale[0], scale[1], scale[2];
  } else {
    // A negative one is the volume.
    factors.setConstant(scale[0] > 0 ? scale[0] : std::cbrt(-scale[0] / std::abs(cell.determinant())));
  }
  return {cell * factors.asDiagonal(), factors};
}

std::vector<std::string> read_species(TextScanner& scan) {
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
  return species;
}

std::vector<FoundStructure> read_poscar(const FileContent& file) {
  TextScanner scan(file.path(), file.text());
  scan.require_next("a title");
  const auto [cell, factors] = read_cell(scan);
  std::vector<std::string> species = read_species(scan);
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
    for (int k = 0; k < 3; ++k) positions(s, k) = scan.number(k);
  }
  positions = cartesian ? Vectors(positions * factors.asDiagonal()) : Vectors(positions * cell);
  return {{with_standard_masses(cell, positions, std::move(species)), file.path()}};
}

}  // namespace

std::string poscar_text(const Crystal& crystal, const std::string& comment) {
  std::string text = on_one_line(comment) + "\n1.0\n";
  for (int i = 0; i < 3; ++i) {
    for (int k = 0; k < 3; ++k) text += fmt::format(" {:20.14f}", crystal.cell(i, k));
    text += '\n';
  }
  std::vector<std::string> elements;
  for (const std::string& label : crystal.species) {
    const std::string element = element_symbol(label);
    if (std::find(elements.begin(), elements.end(), element) == elements.end()) elements.push_back(element);
  }
  std::string labels, counts, rows;
  for (const std::string& element : elements) {
    int count = 0;
    for (int s = 0; s < crystal.n_atoms(); ++s) {
      if (element_symbol(crystal.species[s]) != element) continue;
      ++count;
      for (int k = 0; k < 3; ++k) rows += fmt::format(" {:20.14f}", crystal.positions(s, k));
      rows += '\n';
    }
    labels += fmt::format(" {:>4}", element);
    counts += fmt::format(" {:>4}", count);
  }
  return text + labels + '\n' + counts + "\nCartesian\n" + rows;
}

StructureFormat poscar_format() { return {.description = "POSCAR", .recognises = is_poscar, .read = read_poscar}; }

}  // namespace zeropoint
