#include "phonons/quantum_espresso/header.hpp"
#include "phonons/quantum_espresso/bravais_cell.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace zeropoint::phonons {
namespace {

constexpr double lightest_rydberg_mass = 400;  // hydrogen is 918.7, 400 amu is heavier than any element

/// Lines such as  1  'Sn  '    108197.545983522  ; labels may hold blanks.
void read_species(TextScanner& scan, int n_types, double amu, std::vector<std::string>& labels,
                  std::vector<double>& masses) {
  for (int type = 1; type <= n_types; ++type) {
    scan.require_filled("a line with type, label and mass");
    const std::string_view line = scan.line();
    const std::size_t open = line.find('\''), close = line.rfind('\'');
    if (scan.integer(0) != type || open == std::string_view::npos || close == open) {
      scan.fail("'{}' where the type {} 'label' mass is expected", trimmed(line), type);
    }
    const std::vector<double> mass = scan.numbers_in(line.substr(close + 1));
    if (mass.empty()) scan.fail("the mass of type {} is missing", type);
    labels.emplace_back(trimmed(line.substr(open + 1, close - open - 1)));
    if (labels.back().empty()) scan.fail("type {} has an empty label: write the chemical symbol", type);
    if (!(mass[0] > 0)) scan.fail("mass of '{}' = {} must be positive", labels.back(), mass[0]);
    if (mass[0] < lightest_rydberg_mass) {
      scan.fail(
          "mass of '{}' = {}: this looks like amu, but the file counts in Rydberg units, where hydrogen weighs 918.7 "
          "(all frequencies would be wrong); multiply the masses by {:.6f}",
          labels.back(), mass[0], 1 / amu);
    }
    masses.push_back(mass[0] * amu);
  }
}

void read_atoms(TextScanner& scan, int n_types, int n_atoms, double amu, QeHeader& header) {
  std::vector<std::string> labels;
  std::vector<double> masses;
  read_species(scan, n_types, amu, labels, masses);
  Crystal& crystal = header.crystal;
  crystal.positions.resize(n_atoms, 3);
  crystal.masses.resize(n_atoms);
  for (int s = 0; s < n_atoms; ++s) {
    scan.require_filled("a line with atom, type and position");
    scan.require_words(5, "atom, type, x, y, z");
    if (scan.integer(0) != s + 1) scan.fail("atom {} where atom {} is expected", scan.integer(0), s + 1);
    const int type = scan.integer(1);
    if (type < 1 || type > n_types)
      scan.fail("type {} of atom {}: the file defines types 1 to {}", type, s + 1, n_types);
    crystal.species.push_back(labels[type - 1]);
    crystal.masses[s] = masses[type - 1];
    for (int i = 0; i < 3; ++i) crystal.positions(s, i) = header.alat * scan.number(static_cast<std::size_t>(i + 2));
  }
  check(crystal, scan.path());
}

}  // namespace

Eigen::Matrix3d rows_of_three(TextScanner& scan, std::string_view what) {
  Eigen::Matrix3d rows;
  for (int i = 0; i < 3; ++i) {
    scan.require_filled(what);
    scan.require_words(3, what);
    for (int j = 0; j < 3; ++j) rows(i, j) = scan.number(static_cast<std::size_t>(j));
  }
  return rows;
}

QeHeader read_qe_header(TextScanner& scan, QeCellRows rows, const UnitSet& units) {
  scan.require_filled("'ntyp nat ibrav celldm'");
  scan.require_words(4, "ntyp nat ibrav celldm");
  const int n_types = scan.integer(0), n_atoms = scan.integer(1), ibrav = scan.integer(2);
  if (n_types < 1 || n_atoms < n_types || n_atoms > 100000) {
    scan.fail("{} atoms of {} types: at least one atom of each type is needed", n_atoms, n_types);
  }
  std::vector<double> celldm;
  for (std::size_t i = 3; i < scan.words().size() && i < 9; ++i) celldm.push_back(scan.number(i));
  if (!(celldm[0] > 0)) scan.fail("celldm(1) = {} must be positive: it is the unit of length in bohr", celldm[0]);
  QeHeader header;
  header.alat = celldm[0] * units.bohr;
  if (rows == QeCellRows::titled && scan.peek().find("Basis vectors") != std::string_view::npos) {
    scan.require_next("Basis vectors");
    header.cell_in_alat = rows_of_three(scan, "3 cell vectors");
  } else if (ibrav == 0 && rows == QeCellRows::bare) {
    header.cell_in_alat = rows_of_three(scan, "3 cell vectors");
  } else if (ibrav == 0) {
    scan.fail("ibrav = 0 without 'Basis vectors' in the next line: the cell is missing");
  } else {
    try {
      header.cell_in_alat = bravais_cell(ibrav, celldm) / celldm[0];
    } catch (const InputError& error) {
      scan.fail("{}", error.what());
    }
  }
  header.crystal.cell = header.alat * header.cell_in_alat;
  read_atoms(scan, n_types, n_atoms, units.rydberg_mass, header);
  return header;
}

QeTypes qe_types(const Crystal& crystal) {
  QeTypes types;
  for (int s = 0; s < crystal.n_atoms(); ++s) {
    const auto same = std::find_if(types.first_atom.begin(), types.first_atom.end(), [&](int other) {
      return crystal.species[other] == crystal.species[s] && crystal.masses[other] == crystal.masses[s];
    });
    types.type_of.push_back(static_cast<int>(same - types.first_atom.begin()) + 1);
    if (same == types.first_atom.end()) types.first_atom.push_back(s);
  }
  return types;
}

}  // namespace zeropoint::phonons
