#pragma once

#include <Eigen/Core>
#include <string_view>
#include <vector>

#include "core/crystal.hpp"
#include "core/units.hpp"
#include "files/text_scanner.hpp"

namespace zeropoint::phonons {

/// The crystal that stands at the head of Quantum ESPRESSO's dyn and force-constant files.
struct QeHeader {
  Crystal crystal;
  double alat = 0;               ///< angstrom
  Eigen::Matrix3d cell_in_alat;  ///< rows
};

enum class QeCellRows {
  titled,  ///< a line "Basis vectors" stands before the cell of ibrav = 0, as in dyn files
  bare     ///< nothing does, as in force constants of q2r.x
};

/// From the line 'ntyp nat ibrav celldm' to the last atom, every ibrav. @throws InputError with file and line.
QeHeader read_qe_header(TextScanner& scan, QeCellRows rows, const UnitSet& units);

/// The next three filled lines with three numbers each. @throws InputError: `what` is missing.
Eigen::Matrix3d rows_of_three(TextScanner& scan, std::string_view what);

/// Atoms by type as Quantum ESPRESSO counts them. A type is a label with a mass: isotopes of one element are different
/// types.
struct QeTypes {
  std::vector<int> first_atom;  ///< [n_types] from 0
  std::vector<int> type_of;     ///< [n_atoms] from 1
};
QeTypes qe_types(const Crystal& crystal);

}  // namespace zeropoint::phonons
