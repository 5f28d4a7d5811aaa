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
#include "phonons/quantum_espresso/cell_blocks.hpp"
#include "phonons/quantum_espresso/header.hpp"
#include "phonons/quantum_espresso/short_range.hpp"

namespace zeropoint::phonons {
namespace {

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
  file.divisions = read_cell_divisions(scan);
  file.constants = read_cell_blocks(scan, file.crystal, file.divisions);
  for (Eigen::MatrixXd& block : file.constants) block *= units.rydberg_per_bohr2();
  return file;
}

void write_text(const QeForceConstants& file, const std::string& path, const UnitSet& units) {
  const double alat = file.alat;
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

  std::vector<Eigen::MatrixXd> printed = file.constants;
  for (Eigen::MatrixXd& block : printed) block /= units.rydberg_per_bohr2();
  text += cell_blocks_text(file.supercell(), printed);
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
