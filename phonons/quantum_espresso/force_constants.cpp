#include "phonons/quantum_espresso/force_constants.hpp"
#include "phonons/quantum_espresso/force_constants_xml.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iterator>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "files/text_scanner.hpp"
#include "phonons/dipole.hpp"
#include "phonons/quantum_espresso/header.hpp"
#include "phonons/quantum_espresso/short_range.hpp"

namespace zeropoint::phonons {
namespace {

constexpr double many_lines = 1e6;   // below that what is missing is named when it is missed
constexpr double shortest_line = 8;  // bytes: three cell indices and a digit

Eigen::Vector3i read_divisions(TextScanner& scan) {
  scan.require_filled("the grid N1 N2 N3");
  scan.require_words(3, "N1 N2 N3");
  const Eigen::Vector3i divisions(scan.integer(0), scan.integer(1), scan.integer(2));
  if ((divisions.array() < 1).any() || (divisions.array() > 999).any()) {
    scan.fail("a grid of {} x {} x {}: three divisions of at least 1 are needed", divisions[0], divisions[1],
              divisions[2]);
  }
  return divisions;
}

Polar read_polar(TextScanner& scan, int n_atoms) {
  Polar polar{rows_of_three(scan, "3 rows of the dielectric tensor"), {}};
  for (int s = 0; s < n_atoms; ++s) {
    scan.require_filled(fmt::format("the effective charges of atom {}", s + 1));
    if (scan.words().size() != 1 || scan.integer(0) != s + 1) {
      scan.fail("'{}' where the number of atom {} is expected, in front of its effective charges", trimmed(scan.line()),
                s + 1);
    }
    polar.born_charges.push_back(rows_of_three(scan, "3 rows of an effective charge"));
  }
  return polar;
}

/// Blocks (j1, j2, a, b), in each the cells with m1 fastest; [n_cells] (3n, 3n), eV/angstrom^2.
std::vector<Eigen::MatrixXd> read_blocks(TextScanner& scan, const Supercell& supercell, const UnitSet& units) {
  const int n_atoms = supercell.unit_cell().n_atoms(), n_modes = 3 * n_atoms;
  const Eigen::Vector3i n = supercell.divisions();
  std::vector<Eigen::MatrixXd> all(static_cast<std::size_t>(supercell.n_cells()), Eigen::MatrixXd(n_modes, n_modes));
  for (int block = 0; block < n_modes * n_modes; ++block) {
    const int b = block % n_atoms, a = block / n_atoms % n_atoms, j2 = block / n_atoms / n_atoms % 3,
              j1 = block / n_atoms / n_atoms / 3;
    const std::string name = fmt::format("{} {} {} {}", j1 + 1, j2 + 1, a + 1, b + 1);
    scan.require_filled("the head of block " + name + " (directions and atoms)");
    scan.require_words(4, "two directions and two atoms");
    if (scan.words().size() != 4 || scan.integer(0) != j1 + 1 || scan.integer(1) != j2 + 1 ||
        scan.integer(2) != a + 1 || scan.integer(3) != b + 1) {
      scan.fail(
          "'{}' where block {} should begin: lines are missing or in another order; make the file again with q2r.x",
          trimmed(scan.line()), name);
    }
    for (int cell = 0; cell < supercell.n_cells(); ++cell) {
      const Eigen::Vector3i m(cell % n[0], cell / n[0] % n[1], cell / n[0] / n[1]);
      scan.require_filled(fmt::format("cell {} {} {} of block {}", m[0] + 1, m[1] + 1, m[2] + 1, name));
      scan.require_words(4, "three cell indices and a number");
      if (scan.integer(0) != m[0] + 1 || scan.integer(1) != m[1] + 1 || scan.integer(2) != m[2] + 1) {
        scan.fail("cell {} {} {} where {} {} {} is expected: the first index runs fastest", scan.words()[0],
                  scan.words()[1], scan.words()[2], m[0] + 1, m[1] + 1, m[2] + 1);
      }
      if (scan.words().size() > 4) {
        scan.fail("{} columns where 4 are expected: write_lr of q2r.x has added the long-range part; run it without",
                  scan.words().size());
      }
      all[supercell.cell_index(m)](3 * a + j1, 3 * b + j2) = scan.number(3) * units.rydberg_per_bohr2();
    }
  }
  if (scan.next_filled())
    scan.fail("'{}' behind the last block: the file is of another grid or holds two sets", trimmed(scan.line()));
  return all;
}

QeForceConstants read_text(const std::string& path, const UnitSet& units) {
  TextScanner scan(path);
  QeHeader header = read_qe_header(scan, QeCellRows::bare, units);
  scan.require_filled("T or F: whether the dipole part is taken out");
  const std::string_view flag = scan.words()[0];
  const bool dipoles = flag == "T" || flag == ".true.";
  if (!dipoles && flag != "F" && flag != ".false.") {
    scan.fail("'{}' where T or F is expected: no force constants of q2r.x in text", trimmed(scan.line()).substr(0, 40));
  }
  QeForceConstants file{std::move(header.crystal), header.alat, {}, {}, {}, {}};
  if (dipoles) {
    if (scan.words().size() > 1) {
      file.alpha = scan.number(1);
      if (!(*file.alpha > 0)) scan.fail("an Ewald parameter of {} must be positive", scan.words()[1]);
    }
    file.polar = read_polar(scan, file.crystal.n_atoms());
    check(*file.polar, file.crystal.n_atoms());
  }
  file.divisions = read_divisions(scan);
  // Before memory is asked for: a number that is damaged may be any.
  const double lines = 9 * std::pow(file.crystal.n_atoms(), 2) * file.divisions.cast<double>().prod();
  if (lines > many_lines && lines * shortest_line > static_cast<double>(scan.n_bytes())) {
    scan.fail(
        "a grid of {} x {} x {} for {} atoms needs {:.0f} lines, more than the file holds: it is cut or damaged; make "
        "it again",
        file.divisions[0], file.divisions[1], file.divisions[2], file.crystal.n_atoms(), lines);
  }
  file.constants = read_blocks(scan, file.supercell(), units);
  return file;
}

void write_text(const QeForceConstants& file, const std::string& path, const UnitSet& units) {
  const double alat = file.alat;
  const Eigen::Vector3i& n = file.divisions;
  std::string text;
  const auto put = [&](auto format, const auto&... arguments) {
    fmt::format_to(std::back_inserter(text), format, arguments...);
  };

  const Crystal& crystal = file.crystal;
  const QeTypes types = qe_types(crystal);
  put(FMT_STRING("{:3d}{:5d}{:4d}{:11.7f}"), types.first_atom.size(), crystal.n_atoms(), 0, alat / units.bohr);
  for (int i = 1; i < 6; ++i) put(FMT_STRING("{:11.7f}"), 0.0);
  text += '\n';
  for (int k = 0; k < 3; ++k) {
    const Eigen::RowVector3d row = crystal.cell.row(k) / alat;
    put(FMT_STRING("  {:15.9f}{:15.9f}{:15.9f}\n"), row[0], row[1], row[2]);
  }
  for (std::size_t type = 0; type < types.first_atom.size(); ++type) {
    const int s = types.first_atom[type];
    put(FMT_STRING("{:12d}  '{:<3s}'  {:22.12f}\n"), type + 1, crystal.species[s],
        crystal.masses[s] / units.rydberg_mass);
  }
  for (int s = 0; s < crystal.n_atoms(); ++s) {
    const Eigen::RowVector3d x = crystal.positions.row(s) / alat;
    put(FMT_STRING("{:5d}{:5d}{:18.10f}{:18.10f}{:18.10f}\n"), s + 1, types.type_of[s], x[0], x[1], x[2]);
  }

  text += file.polar ? " T" : " F";
  if (file.alpha) put(FMT_STRING("{:20.10f}"), *file.alpha);
  text += '\n';
  if (file.polar) {
    const Polar& polar = *file.polar;
    for (int i = 0; i < 3; ++i) {
      put(FMT_STRING("{:24.12f}{:24.12f}{:24.12f}\n"), polar.dielectric(i, 0), polar.dielectric(i, 1),
          polar.dielectric(i, 2));
    }
    for (std::size_t s = 0; s < polar.born_charges.size(); ++s) {
      const Eigen::Matrix3d& charge = polar.born_charges[s];
      put(FMT_STRING("{:5d}\n"), s + 1);
      for (int i = 0; i < 3; ++i)
        put(FMT_STRING("{:15.7f}{:15.7f}{:15.7f}\n"), charge(i, 0), charge(i, 1), charge(i, 2));
    }
  }

  put(FMT_STRING("{:4d}{:4d}{:4d}\n"), n[0], n[1], n[2]);
  const Supercell supercell = file.supercell();
  const int n_atoms = crystal.n_atoms();
  for (int block = 0; block < 9 * n_atoms * n_atoms; ++block) {
    const int b = block % n_atoms, a = block / n_atoms % n_atoms, j2 = block / n_atoms / n_atoms % 3,
              j1 = block / n_atoms / n_atoms / 3;
    put(FMT_STRING("{:4d}{:4d}{:4d}{:4d}\n"), j1 + 1, j2 + 1, a + 1, b + 1);
    for (int cell = 0; cell < supercell.n_cells(); ++cell) {
      const Eigen::Vector3i m(cell % n[0], cell / n[0] % n[1], cell / n[0] / n[1]);
      double value = file.constants[supercell.cell_index(m)](3 * a + j1, 3 * b + j2) / units.rydberg_per_bohr2();
      if (std::abs(value) < 1e-90) value = 0;  // Fortran would leave the letter of a longer exponent out
      put(FMT_STRING("{:4d}{:4d}{:4d}  {:18.11E}\n"), m[0] + 1, m[1] + 1, m[2] + 1, value);
    }
  }
  write_file(path, text);
}

}  // namespace

MatrixFile read_qe_force_constants(const std::string& path, const UnitSet& units) {
  return matrices_of(
      is_qe_force_constants_xml(path) ? read_qe_force_constants_xml(path, units) : read_text(path, units), path, units);
}

void write_qe_force_constants(const DynamicalMatrices& matrices, const std::string& path,
                              const QeForceConstantOptions& options, const UnitSet& units) {
  refuse_unwritable(matrices, path);
  constexpr double printed = 1e-7;  // alat and charges in text
  if (path.ends_with(".xml")) {
    write_qe_force_constants_xml(force_constants_of(matrices, options, 0, units), path, units);
  } else {
    write_text(force_constants_of(matrices, options, printed, units), path, units);
  }
}

std::string qe_force_constants_name(const std::string& format, const std::string& output) {
  const bool xml = output.ends_with(".xml");
  if (format == "q2r" && xml) throw InputError{"{}: this ending means XML", output};
  return format == "q2r-xml" && !xml ? output + ".xml" : output;
}

namespace {

namespace fs = std::filesystem;

bool begins_as_q2r(const std::string& path) {
  if (!fs::is_regular_file(path) || !begins_as_text(path)) return false;
  // The first line: ntyp nat ibrav celldm(1..6).
  TextScanner scan(path);
  if (!scan.next_filled() || scan.words().size() != 9) return false;
  return std::ranges::all_of(scan.words(), [](std::string_view word) {
    return word.find_first_not_of("+-.0123456789eEdD") == std::string_view::npos;
  });
}

bool is_q2r_xml(const std::string& path) {
  return fs::is_regular_file(path) && begins_as_text(path) && is_qe_force_constants_xml(path);
}

template <const char* name>
std::string write_named(const DynamicalMatrices& matrices, const std::string& output, const UnitSet& units) {
  const std::string file = qe_force_constants_name(name, output);
  write_qe_force_constants(matrices, file, {}, units);
  return file;
}

constexpr char text_name[] = "q2r", xml_name[] = "q2r-xml";

}  // namespace

MatrixFormat qe_force_constants_format() {
  return {.name = text_name,
          .description = "force constants of q2r.x, text",
          .recognises = begins_as_q2r,
          .read = read_qe_force_constants,
          .write = write_named<text_name>,
          .usual_name = "force_constants.fc"};
}

MatrixFormat qe_force_constants_xml_format() {
  return {.name = xml_name,
          .description = "force constants of q2r.x, XML",
          .recognises = is_q2r_xml,
          .read = read_qe_force_constants,
          .write = write_named<xml_name>,
          .usual_name = "force_constants.fc"};
}

MatrixFormat epw_format() {
  const auto write = [](const DynamicalMatrices& matrices, const std::string& folder, const UnitSet& units) {
    const std::string file = (fs::path(folder) / "ifc.q2r").string();
    write_qe_force_constants(matrices, file, {}, units);
    return file;
  };
  return {.name = "epw", .description = "ifc.q2r of EPW", .read = read_qe_force_constants, .write = write};
}

}  // namespace zeropoint::phonons
