#include "files/extxyz_frames.hpp"

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/number_text.hpp"
#include "files/extxyz_line.hpp"
#include "files/text_scanner.hpp"

namespace zeropoint {
namespace {

bool is_count(std::string_view line) {
  const auto words = split_words(line);
  return words.size() == 1 && words[0].find_first_not_of("0123456789") == std::string_view::npos;
}

/// Walks from frame to frame; a damaged one costs only itself.
class Frames {
 public:
  explicit Frames(const FileContent& file)
      : scan_(file.path(), file.text()), has_last_newline_(file.text().ends_with('\n')) {}

  std::vector<LabelledEntry> read() {
    std::vector<LabelledEntry> all;
    bool more = scan_.next_filled();
    while (more) {
      first_line_ = scan_.line_number();
      all.push_back(labelled_entry(fmt::format("{}, frame {}", scan_.path(), all.size() + 1), scan_.path(),
                                   [&] { return read_frame(); }));
      more = std::holds_alternative<LabelledStructure>(all.back()) ? scan_.next_filled() : find_next_frame();
    }
    return all;
  }

 private:
  /// Moves to the next number of atoms that a line of keys follows; where a damaged frame ends is not known otherwise.
  bool find_next_frame() {
    do {
      const bool is_later = scan_.line_number() > first_line_;
      if (is_later && is_count(scan_.line()) && scan_.peek().find('=') != std::string_view::npos) return true;
    } while (scan_.next());
    return false;
  }

  double energy_of(std::string_view comment) const {
    // ASE writes both; the forces are derivatives of the free one.
    const auto text = extxyz::value_of(comment, "free_energy") ? extxyz::value_of(comment, "free_energy")
                                                               : extxyz::value_of(comment, "energy");
    if (!text) scan_.fail("no energy=... (eV) in it: a frame without labels");
    const auto numbers = extxyz::numbers_in(*text);
    if (!numbers || numbers->size() != 1) scan_.fail("energy={} is not a number", *text);
    return numbers->front();
  }

  void require_periodic(std::string_view comment) const {
    const auto pbc = extxyz::value_of(comment, "pbc");
    if (pbc && pbc->find_first_of("Ff0") != std::string_view::npos) {
      scan_.fail("pbc=\"{}\": the structure is not periodic in three directions", *pbc);
    }
  }

  LabelledStructure read_frame() {
    if (!is_count(scan_.line())) scan_.fail("'{}' instead of the number of atoms", scan_.line().substr(0, 60));
    const int n_atoms = scan_.integer(0);
    scan_.require_next("a line of keys");
    const std::string comment{scan_.line()};
    const Place here = scan_.place();
    LabelledStructure found;
    const auto lattice = extxyz::lattice_of(comment, here);
    if (!lattice) scan_.fail("no Lattice=\"9 numbers\" in it: the cell is not known");
    found.cell = *lattice;
    require_periodic(comment);
    const extxyz::Columns columns = extxyz::columns_of(comment, here);
    found.energy = energy_of(comment);
    if (const auto stress = extxyz::stress_of(comment, std::abs(found.cell.determinant()), here)) {
      found.stress = Eigen::Map<const Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(stress->data());
    }
    std::vector<double> positions, forces;
    for (int atom = 0; atom < n_atoms; ++atom) {
      scan_.require_next(fmt::format("atom {} of {}", atom + 1, n_atoms));
      if (scan_.words().size() != columns.count) {
        scan_.fail("atom {} of {} has {} columns, {} expected from Properties (rows missing or cut?)", atom + 1,
                   n_atoms, scan_.words().size(), columns.count);
      }
      found.species.emplace_back(scan_.words()[columns.species]);
      for (std::size_t k = 0; k < 3; ++k) {
        positions.push_back(scan_.number(columns.positions + k));
        forces.push_back(scan_.number(columns.forces + k));
      }
    }
    if (const std::string_view next = scan_.peek(); !trimmed(next).empty() && !is_count(next)) {
      scan_.fail("more rows than the {} atoms that are announced: the number of atoms or the frame is damaged",
                 n_atoms);
    }
    if (scan_.peek().empty() && !has_last_newline_) scan_.fail_without_line_end();
    found.positions = Eigen::Map<const Vectors>(positions.data(), n_atoms, 3);
    found.forces = Eigen::Map<const Vectors>(forces.data(), n_atoms, 3);
    return found;
  }

  TextScanner scan_;
  int first_line_ = 0;  // of this frame
  bool has_last_newline_;
};

}  // namespace

std::vector<LabelledEntry> read_extxyz_frames(const FileContent& file) { return Frames{file}.read(); }

void write_labelled_structures(const std::vector<LabelledStructure>& structures, const std::string& path) {
  AtomicFile file{path};
  for (const LabelledStructure& structure : structures) {
    std::string text = fmt::format("{}\nLattice=\"", structure.n_atoms());
    const auto append = [&](double value, char after) {
      append_number(text, value);
      text += after;
    };
    for (int i = 0; i < 9; ++i) append(structure.cell(i / 3, i % 3), i < 8 ? ' ' : '"');
    text += " pbc=\"T T T\" Properties=species:S:1:pos:R:3:forces:R:3 energy=";
    append_number(text, structure.energy);
    if (structure.stress) {
      text += " stress=\"";
      for (int i = 0; i < 9; ++i) append((*structure.stress)(i / 3, i % 3), i < 8 ? ' ' : '"');
    }
    text += '\n';
    for (Eigen::Index atom = 0; atom < structure.n_atoms(); ++atom) {
      text += structure.species[atom] + ' ';
      for (int k = 0; k < 3; ++k) append(structure.positions(atom, k), ' ');
      for (int k = 0; k < 3; ++k) append(structure.forces(atom, k), k < 2 ? ' ' : '\n');
    }
    file.write(text);
  }
  file.commit();
}

LabelledFormat extxyz_frames_format() {
  return {.name = "extxyz",
          .description = "extended XYZ",
          .recognises =
              [](const FileContent& file) {
                const std::string_view first = file.first_line();
                const bool is_number =
                    !first.empty() && first.find_first_not_of("0123456789") == std::string_view::npos;
                return is_number || file.has("Properties=") || file.has("Lattice=");
              },
          .read = read_extxyz_frames,
          .write =
              [](const std::vector<LabelledStructure>& structures, const std::string& path) {
                write_labelled_structures(structures, path);
                return std::vector<std::string>{path};
              }};
}

}  // namespace zeropoint
