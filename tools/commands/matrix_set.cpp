#include "tools/commands/matrix_set.hpp"

#include <algorithm>
#include <filesystem>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "core/hidden_symmetry.hpp"
#include "phonons/hdf5_matrices.hpp"
#include "phonons/matrix_judgement.hpp"
#include "phonons/polar_symmetry.hpp"
#include "sscha/hessian_file.hpp"
#include "sscha/result_folder.hpp"
#include "sscha/solution_file.hpp"
#include "tools/commands/file_kind.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/program/console.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

/// "a4.05/harmonic.dyn".
std::string last_names(const fs::path& path) { return (path.parent_path().filename() / path.filename()).string(); }

MatrixSet set_of_solution(const std::string& source, const std::string& path) {
  sscha::StoredSolution solution = sscha::read_solution(path);
  const std::string kind = fmt::format("SSCHA at {:g} K", solution.temperature);
  return {.source = source,
          .kind = kind,
          .label = kind,
          .matrices = std::move(solution.matrices),
          .group = {},
          .squared_errors = std::move(solution.squared_errors),
          .sscha = MatrixSet::Sscha{solution.temperature, solution.free_energy, solution.harmonic_free_energy,
                                    solution.converged},
          .warnings = {}};
}

MatrixSet set_of_hessian(const std::string& source, const std::string& path, const UnitSet& units) {
  sscha::StoredHessian hessian = sscha::read_hessian(path);
  const std::string kind = fmt::format("free-energy Hessian at {:g} K", hessian.temperature);
  MatrixSet set{source, kind, kind, std::move(hessian.matrices), {}, {}, {}, {}};
  if (!hessian.squares.has_errors()) return set;
  const double scale = units.inverse_cm(1);
  for (Eigen::Index iq = 0; iq < hessian.squares.error.rows(); ++iq) {
    const Eigen::VectorXd row = 1 / (scale * scale) * hessian.squares.error.row(iq).transpose();
    set.squared_errors.emplace_back(row.begin(), row.end());
  }
  return set;
}

MatrixSet set_of_run(const std::string& source, const std::string& path, const UnitSet& units) {
  const std::string type = filetype(path);
  if (type == sscha::solution_filetype) return set_of_solution(source, path);
  if (type == sscha::hessian_filetype) return set_of_hessian(source, path, units);
  if (type == "zeropoint phonons")
    return {source, "harmonic", "harmonic", phonons::read_matrices(Hdf5File::open(path), "final"), {}, {}, {}, {}};
  throw InputError{
      "{} is a {}, which holds no dynamical matrices of one state: name the prefix of dyn files, or the result of "
      "`minimize`, `sscha`, `hessian` or `phonons`",
      path, type.empty() ? "file of another program" : type};
}

}  // namespace

MatrixSet read_matrix_set(const std::string& source, double tolerance, const UnitSet& units) {
  const fs::path path(source);
  if (!fs::exists(path)) require_one_condition(sscha::find_result(source));
  MatrixSet set = [&]() -> MatrixSet {
    if (fs::is_directory(path) && !phonons::matrix_format_of(source)) {
      const sscha::ResultFolder found = sscha::find_result(source);
      require_one_condition(found);
      if (!found.has_result()) {
        throw InputError{
            "{} is a folder without result.h5 or phonopy.yaml: name the prefix of the dyn files in it, as in {}",
            source, (path / "dyn").string()};
      }
      return set_of_run(source, found.result(), units);
    }
    // force_constants.hdf5 of phonopy has another ending.
    if (path.extension() == ".h5") return set_of_run(source, source, units);
    phonons::MatrixFile file = phonons::judged(phonons::read_matrix_file(source, units));
    return {source, file.kind, last_names(path), std::move(file.matrices), {}, {}, {}, std::move(file.warnings)};
  }();
  set.group = find_space_group(set.matrices.crystal, {.tolerance = tolerance});
  if (set.matrices.polar)
    set.matrices.polar = phonons::symmetrized(*set.matrices.polar, set.matrices.crystal, set.group);
  return set;
}

void describe(const MatrixSet& set, Console& console) {
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
