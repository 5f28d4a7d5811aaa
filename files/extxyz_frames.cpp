#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/number_text.hpp"
#include "files/dft_output.hpp"
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
  Frames(const std::string& path, const std::string& text, const LabelLimits& limits)
      : path_(path), limits_(limits), scan_(path, text), has_last_newline_(text.ends_with('\n')) {}

  LabelledStructures read() {
    bool more = scan_.next_filled();
    while (more) {
      ++frame_;
      first_line_ = scan_.line_number();
      const std::string source = fmt::format("{}, frame {}", path_, frame_);
      try {
        LabelledStructure structure = read_frame();
        check(structure, limits_);
        structure.source = source;
        all_.accepted.push_back(std::move(structure));
        more = scan_.next_filled();
      } catch (const InputError& error) {
        all_.refused.push_back({source, reason_without_path(error.what(), path_)});
        more = find_next_frame();
      }
    }
    return std::move(all_);
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
    const std::string where = scan_.where();
    LabelledStructure found;
    const auto lattice = extxyz::lattice_of(comment, where);
    if (!lattice) scan_.fail("no Lattice=\"9 numbers\" in it: the cell is not known");
    found.cell = *lattice;
    require_periodic(comment);
    const extxyz::Columns columns = extxyz::columns_of(comment, where);
    found.energy = energy_of(comment);
    if (const auto stress = extxyz::stress_of(comment, std::abs(found.cell.determinant()), where)) {
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
    if (scan_.peek().empty() && !has_last_newline_) fail_without_newline(scan_);
    found.positions = Eigen::Map<const Vectors>(positions.data(), n_atoms, 3);
    found.forces = Eigen::Map<const Vectors>(forces.data(), n_atoms, 3);
    return found;
  }

  const std::string& path_;
  const LabelLimits& limits_;
  TextScanner scan_;
  int frame_ = 0;
  int first_line_ = 0;  // of this frame
  bool has_last_newline_;
  LabelledStructures all_;
};

}  // namespace

LabelledStructures read_extxyz_frames(const std::string& path, const std::string& text, const LabelLimits& limits) {
  return Frames{path, text, limits}.read();
}

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

}  // namespace zeropoint
