#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/cell_kind.hpp"
#include "core/potential.hpp"
#include "core/run_file.hpp"
#include "core/space_group.hpp"
#include "core/units.hpp"
#include "phonons/dynamical_matrices.hpp"

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

/// The first condition of the run: a structure is relaxed to its cell and pressure before its matrices are computed,
/// and soft modes are repaired for its temperature.
struct StartCondition {
  double temperature = 0;  ///< K
  CellKind cell = CellKind::fixed;
  std::optional<double> pressure = {};  ///< eV/angstrom^3
};

/// The matrices at which the first population is drawn, all modes positive: read, or of the potential (in double
/// precision) at the structure, relaxed with its symmetry unless that is switched off. Says what was relaxed, and which
/// modes were repaired: omega^2 -> |omega^2|; those of a structure, which may be next to zero by chance, made so stiff
/// besides that a mode moves atoms by a tenth of their shortest distance at most.
/// @throws ConfigError when neither or both are given; InputError when modes are imaginary and may not be repaired, and
/// as the readers and the potential do.
phonons::DynamicalMatrices start_of(const SschaStart& settings, const Potential& potential,
                                    const SymmetryOptions& symmetry, const StartCondition& condition,
                                    const UnitSet& units, Console& console);

}  // namespace zeropoint
