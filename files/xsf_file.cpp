#include "files/xsf_file.hpp"

#include <filesystem>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/number_text.hpp"
#include "files/text_scanner.hpp"

namespace zeropoint {
namespace {

/// Element symbol, or its atomic number.
std::string element(const TextScanner& scan) {
  const std::string_view word = scan.words()[0];
  if (word.find_first_not_of("0123456789") != std::string_view::npos) return std::string{word};
  const int number = scan.integer(0);
  if (number < 1 || number > 118) scan.fail("{} is no atomic number", number);
  return chemical_symbol(number);
}

/// "# total energy = -123.4 eV"
std::optional<double> energy_in(const TextScanner& scan) {
  const std::string_view line = scan.line();
  const std::size_t found = line.find("total energy");
  if (found == std::string_view::npos) return std::nullopt;
  const std::size_t equals = line.find('=', found);
  if (equals == std::string_view::npos) scan.fail("'# total energy = NUMBER eV' is expected");
  const auto words = split_words(line.substr(equals + 1));
  if (words.empty() || (words.size() > 1 && words[1] != "eV")) scan.fail("'# total energy = NUMBER eV' is expected");
  return scan.numbers_in(words[0])[0];
}

/// 9 numbers, behind the word VIRIAL or in the lines below.
Eigen::Matrix3d virial_in(TextScanner& scan) {
  std::vector<double> v;
  for (std::size_t k = 1; k < scan.words().size(); ++k) v.push_back(scan.number(k));
  while (v.size() < 9) {
    scan.require_filled("9 numbers of the virial");
    for (std::size_t k = 0; k < scan.words().size(); ++k) v.push_back(scan.number(k));
  }
  if (v.size() != 9) scan.fail("the virial must be 9 numbers (3 x 3, eV), here are {}", v.size());
  return Eigen::Map<const Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(v.data());
}

Eigen::Matrix3d vectors_in(TextScanner& scan) {
  Eigen::Matrix3d cell;
  for (int i = 0; i < 3; ++i) {
    scan.require_filled("3 cell vectors");
    if (scan.words().size() != 3) scan.fail("a cell vector of {} numbers", scan.words().size());
    for (int k = 0; k < 3; ++k) cell(i, k) = scan.number(static_cast<std::size_t>(k));
  }
  return cell;
}

void read_atoms(TextScanner& scan, LabelledStructure& structure) {
  scan.require_filled("the number of atoms");
  const int n_atoms = scan.integer(0);
  if (n_atoms < 1) scan.fail("{} atoms", n_atoms);
  std::vector<double> positions, forces;
  for (int atom = 0; atom < n_atoms; ++atom) {
    scan.require_filled(fmt::format("atom {} of {}", atom + 1, n_atoms));
    if (scan.words().size() == 4) scan.fail("atom {} has no force: element x y z fx fy fz is expected", atom + 1);
    if (scan.words().size() != 7) scan.fail("{} columns, element x y z fx fy fz is expected", scan.words().size());
    structure.species.push_back(element(scan));
    for (std::size_t k = 0; k < 3; ++k) {
      positions.push_back(scan.number(1 + k));
      forces.push_back(scan.number(4 + k));
    }
  }
  structure.positions = Eigen::Map<const Vectors>(positions.data(), n_atoms, 3);
  structure.forces = Eigen::Map<const Vectors>(forces.data(), n_atoms, 3);
}

std::string xsf_text(const LabelledStructure& structure) {
  std::string text = "# total energy = ";
  append_number(text, structure.energy);
  text += " eV\n\n";
  const auto append_rows = [&](const auto& rows) {
    for (Eigen::Index row = 0; row < rows.rows(); ++row) {
      for (Eigen::Index k = 0; k < 3; ++k) {
        append_number(text, rows(row, k));
        text += k < 2 ? ' ' : '\n';
      }
    }
  };
  if (structure.stress) {
    text += "VIRIAL\n";
    append_rows(Eigen::Matrix3d(-*structure.stress * std::abs(structure.cell.determinant())));
  }
  text += "CRYSTAL\nPRIMVEC\n";
  append_rows(structure.cell);
  text += fmt::format("PRIMCOORD\n{} 1\n", structure.n_atoms());
  for (Eigen::Index atom = 0; atom < structure.n_atoms(); ++atom) {
    text += structure.species[atom];
    for (const auto& row : {structure.positions.row(atom), structure.forces.row(atom)}) {
      for (Eigen::Index k = 0; k < 3; ++k) {
        text += ' ';
        append_number(text, row[k]);
      }
    }
    text += '\n';
  }
  return text;
}

}  // namespace

LabelledStructure read_xsf(const FileContent& file) {
  TextScanner scan{file.path(), file.text()};
  LabelledStructure found;
  std::optional<double> energy;
  std::optional<Eigen::Matrix3d> cell, virial;
  while (scan.next_filled()) {
    const std::string_view word = scan.words()[0];
    if (word.starts_with('#')) {
      if (const auto here = energy_in(scan)) {
        if (energy) scan.fail("a second total energy");
        energy = here;
      }
    } else if (word == "VIRIAL") {
      virial = virial_in(scan);
    } else if (word == "PRIMVEC") {
      cell = vectors_in(scan);
    } else if (word == "CONVVEC") {
      vectors_in(scan);
    } else if (word == "PRIMCOORD") {
      if (!found.species.empty()) scan.fail("a second list of atoms: one structure a file is read");
      read_atoms(scan, found);
    } else if (word == "ANIMSTEPS") {
      scan.fail("an animation: one structure a file is read");
    } else if (word == "ATOMS" || word == "MOLECULE" || word == "POLYMER" || word == "SLAB") {
      scan.fail("{}: the structure is not periodic in three directions", word);
    } else if (word != "CRYSTAL") {
      scan.fail("'{}' is not known here: more atoms than the number above them, or no XSF file with labels", word);
    }
  }
  if (!file.text().ends_with('\n')) scan.fail_without_line_end();
  if (!energy) throw InputError{"no '# total energy = NUMBER eV' in it: a structure without labels"};
  if (!cell) throw InputError{"no PRIMVEC in it: the cell is not known"};
  if (found.species.empty()) throw InputError{"no PRIMCOORD in it: the file is truncated"};
  found.energy = *energy;
  found.cell = *cell;
  if (virial) found.stress = -*virial / std::abs(cell->determinant());  // the virial is positive under compression
  return found;
}

void write_xsf(const std::vector<LabelledStructure>& structures, const std::string& path) {
  const std::filesystem::path folder{path};
  if (std::filesystem::exists(folder / "000001.xsf"))
    throw InputError{"{} holds 000001.xsf already: two sets would mix, write into another folder", path};
  for (std::size_t i = 0; i < structures.size(); ++i) {
    AtomicFile file((folder / fmt::format("{:06}.xsf", i + 1)).string());
    file.write(xsf_text(structures[i]));
    file.commit(false);
  }
  if (!structures.empty()) sync_folder(path);
}

LabelledFormat xsf_format() {
  return {.name = "xsf",
          .description = "XSF",
          .recognises =
              [](const FileContent& file) {
                return file.has_line("PRIMVEC") || file.has_line("PRIMCOORD") || file.has_line("# total energy");
              },
          .read = one_structure(read_xsf),
          .write =
              [](const std::vector<LabelledStructure>& structures, const std::string& path) {
                write_xsf(structures, path);
                return std::vector<std::string>{path};
              }};
}

}  // namespace zeropoint
