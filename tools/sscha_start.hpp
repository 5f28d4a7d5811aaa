#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/cell_kind.hpp"
#include "core/run_file.hpp"
#include "core/space_group.hpp"
#include "phonons/dynamical_matrices.hpp"
#include "tools/potential_settings.hpp"

namespace zeropoint {

class Console;

/// [start] of `sscha`: dynamical matrices, or a structure and the potential itself.
struct SschaStart {
  std::string dyn, structure;
  std::vector<int> supercell;
  bool relax = true;
  bool absolute = true;
  std::map<std::string, double> masses;
};
void declare(Schema& schema, SschaStart& settings);

/// Where the first population is drawn; a structure is relaxed to it before its matrices are computed.
struct RelaxTarget {
  CellKind cell = CellKind::fixed;
  std::optional<double> pressure = {};  ///< eV/angstrom^3
  double temperature = 0;               ///< K, of the first population
};

/// The matrices at which the first population is drawn, all modes positive: read, or of the potential (in double precision)
/// at the structure, relaxed with its symmetry unless that is switched off. Says what was relaxed, and which modes were
/// repaired.
/// @throws ConfigError when neither or both are given; InputError when modes are imaginary and may not be repaired, and as
/// the readers and the potential do.
phonons::DynamicalMatrices start_of(const SschaStart& settings, const PotentialSettings& potential, const SymmetryOptions& symmetry,
                                    const RelaxTarget& target, const UnitSet& units, Console& console);

}  // namespace zeropoint
