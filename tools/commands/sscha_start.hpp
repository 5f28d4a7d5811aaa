#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/cell_kind.hpp"
#include "core/potential.hpp"
#include "core/run_file.hpp"
#include "core/space_group.hpp"
#include "core/units.hpp"
#include "phonons/dynamical_matrices.hpp"
#include "sscha/condition.hpp"

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

/// The matrices at which the first population is drawn, all modes positive: read, or of the potential at the structure,
/// relaxed to `cell` and the pressure of the first condition unless that is switched off. Says what was done to them.
/// @throws ConfigError when neither or both are given; InputError when modes are imaginary and may not be turned, and
/// as sscha::matrices_of_structure().
phonons::DynamicalMatrices start_of(const SschaStart& settings, const Potential& potential,
                                    const SymmetryOptions& symmetry, const sscha::Condition& condition, CellKind cell,
                                    const UnitSet& units, Console& console);

}  // namespace zeropoint
