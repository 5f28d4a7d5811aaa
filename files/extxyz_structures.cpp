#include "files/extxyz_structures.hpp"

#include "core/elements.hpp"
#include "core/error.hpp"
#include "files/extxyz_line.hpp"
#include "files/text_scanner.hpp"

namespace zeropoint {
namespace {

bool is_extxyz(const FileContent& file) {
  TextScanner scan(file.path(), file.text());
  if (!scan.next_filled() || scan.words().size() != 1) return false;
  const auto count = extxyz::numbers_in(scan.words()[0]);
  return count && count->size() == 1 && scan.peek().find('=') != std::string_view::npos;
}

std::vector<FoundStructure> read_extxyz(const FileContent& file) {
  TextScanner scan(file.path(), file.text());
  std::vector<FoundStructure> all;
  while (scan.next_filled()) {
    const int n_atoms = scan.integer(0);
    if (n_atoms < 1 || scan.words().size() != 1) scan.fail("'{}' where the number of atoms is expected", scan.line());
    scan.require_next("a line of keys");
    const std::string comment{scan.line()}, where = fmt::format("{}, frame {}", file.path(), all.size() + 1);
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
      for (std::size_t k = 0; k < 3; ++k) positions(s, k) = scan.number(columns.positions + k);
      if (columns.masses) masses[s] = scan.number(*columns.masses);
    }
    all.push_back({columns.masses ? Crystal{*cell, positions, std::move(species), masses}
                                  : with_standard_masses(*cell, positions, std::move(species)),
                   where});
  }
  return all;
}

std::string extxyz_text(const Crystal& crystal, const std::string& comment,
                        const std::vector<Eigen::Matrix3d>& displacements) {
  std::string lattice;
  for (int i = 0; i < 9; ++i)
    lattice += fmt::format("{}{}", i > 0 ? " " : "", twelve_decimals(crystal.cell(i / 3, i % 3)));
  std::string text =
      fmt::format("{}\nLattice=\"{}\" Properties=species:S:1:pos:R:3:masses:R:1{} pbc=\"T T T\" comment=\"{}\"\n",
                  crystal.n_atoms(), lattice, displacements.empty() ? "" : ":U:R:9", on_one_line(comment));
  for (int s = 0; s < crystal.n_atoms(); ++s) {
    text += fmt::format("{:<3} {:>20} {:>20} {:>20} {:>18}", element_symbol(crystal.species[s]),
                        twelve_decimals(crystal.positions(s, 0)), twelve_decimals(crystal.positions(s, 1)),
                        twelve_decimals(crystal.positions(s, 2)), twelve_decimals(crystal.masses[s]));
    for (int i = 0; i < 9 && !displacements.empty(); ++i) {
      text += fmt::format(" {}", twelve_decimals(displacements[s](i / 3, i % 3)));
    }
    text += '\n';
  }
  return text;
}

}  // namespace

StructureFormat extxyz_structures_format() {
  return {.description = "extended XYZ",
          .recognises = is_extxyz,
          .read = read_extxyz,
          .ending = ".extxyz",
          .text = extxyz_text};
}

}  // namespace zeropoint
