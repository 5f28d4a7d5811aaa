#include "tools/commands/matrix_set.hpp"

#include <algorithm>

#include "core/hidden_symmetry.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/program/console.hpp"

namespace zeropoint {

void describe(const sscha::MatrixSet& set, Console& console) {
  console.field("matrices", "{} of {}{}", set.kind, set.source,
                set.squared_errors.empty() ? "" : ", with standard errors");
  describe(set.matrices, console);
  describe(set.group, console);
  for (const std::string& warning : set.warnings) console.warn("{}", warning);
  if (const std::optional<SpaceGroup> more = hidden_symmetry(set.matrices.crystal, set.group)) {
    console.warn(
        "within {:g} angstrom the space group is {} ({}), {} operations: the positions are slightly off. Symmetrise "
        "the structure "
        "before the matrices are computed, or set symmetry.tolerance",
        more->tolerance, more->symbol, more->number, more->operations.size());
  }
  if (set.sscha && !set.sscha->converged) {
    console.warn("{}: this minimisation did not converge; draw a new population and go on before you rely on it",
                 set.source);
  }
  const auto translations = std::count_if(
      set.group.operations.begin(), set.group.operations.end(),
      [](const SymmetryOperation& operation) { return operation.rotation == Eigen::Matrix3i::Identity(); });
  if (translations > 1) {
    console.warn(
        "the unit cell holds {} primitive cells: bands are folded into it, and labels of the path are points of the "
        "primitive "
        "zone, with coordinates above 1/2. Use matrices of the primitive cell for an unfolded picture",
        translations);
  }
}

}  // namespace zeropoint
