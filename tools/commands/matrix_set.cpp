#include "tools/commands/matrix_set.hpp"

#include <algorithm>
#include <filesystem>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "phonons/hdf5_matrices.hpp"
#include "phonons/matrix_file.hpp"
#include "phonons/polar_symmetry.hpp"
#include "tools/commands/file_kind.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/program/console.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

std::vector<std::vector<double>> rows_of(const Eigen::MatrixXd& table, double factor) {
  std::vector<std::vector<double>> rows;
  for (Eigen::Index i = 0; i < table.rows(); ++i) {
    const Eigen::VectorXd row = factor * table.row(i).transpose();
    rows.emplace_back(row.begin(), row.end());
  }
  return rows;
}

/// "a4.05/harmonic.dyn".
std::string last_names(const fs::path& path) { return (path.parent_path().filename() / path.filename()).string(); }

double required(const Hdf5File& file, const std::string& group, const std::string& name) {
  const std::optional<double> value = file.number_attribute(group, name);
  if (!value)
    throw InputError{"{} has no {}/{}: it was made by an older version; repeat the run", file.path(), group, name};
  return *value;
}

MatrixSet set_of_run(const std::string& source, const std::string& path, const UnitSet& units) {
  const Hdf5File file = Hdf5File::open(path);
  const std::string type = filetype(path);
  const bool minimisation = type == "zeropoint minimize", harmonic = type == "zeropoint phonons";
  if (!minimisation && !harmonic && type != "zeropoint hessian") {
    throw InputError{
        "{} is a {}, which holds no dynamical matrices of one state: name the prefix of dyn files, or the result of "
        "`minimize`, `sscha`, `hessian` or `phonons`",
        path, type.empty() ? "file of another program" : type};
  }
  const std::string group = minimisation || harmonic ? "final" : "hessian";
  if (!file.has(group + "/cell"))
    throw InputError{"{} has no crystal beside its matrices: it was made by an older version; repeat the run", path};
  MatrixSet set{source, "", "", phonons::read_matrices(file, group), {}, {}, {}, {}};
  if (harmonic) {
    set.kind = set.label = "harmonic";
    return set;
  }
  const double temperature = required(file, minimisation ? "final" : "auxiliary", "temperature");
  set.kind = fmt::format("{} at {:g} K", minimisation ? "SSCHA" : "free-energy Hessian", temperature);
  set.label = set.kind;
  if (minimisation) {
    set.sscha = MatrixSet::Sscha{temperature,
                                 {required(file, group, "free_energy"), required(file, group, "free_energy_error")},
                                 required(file, group, "harmonic_free_energy"),
                                 required(file, group, "converged") > 0};
    if (file.has("final/squared_errors")) set.squared_errors = rows_of(file.read_matrix("final/squared_errors"), 1);
  } else if (file.has("squares/hessian_error")) {
    const double scale = units.inverse_cm(1);
    set.squared_errors = rows_of(file.read_matrix("squares/hessian_error"), 1 / (scale * scale));
  }
  return set;
}

}  // namespace

std::optional<SpaceGroup> hidden_symmetry(const Crystal& crystal, const SpaceGroup& group) {
  for (const double tolerance : {1e-4, 1e-3, 1e-2}) {
    if (tolerance <= group.tolerance) continue;
    try {
      SpaceGroup found = find_space_group(crystal, {.tolerance = tolerance});
      if (found.operations.size() > group.operations.size()) return found;
    } catch (const InputError&) {
      return {};  // atoms no longer match one to one
    }
  }
  return {};
}

MatrixSet read_matrix_set(const std::string& source, double tolerance, const UnitSet& units) {
  const fs::path path(source);
  MatrixSet set = [&]() -> MatrixSet {
    if (fs::is_directory(path) && !phonons::is_phonopy(source)) {
      if (!fs::exists(path / "result.h5")) {
        throw InputError{
            "{} is a folder without result.h5 or phonopy.yaml: name the prefix of the dyn files in it, as in {}",
            source, (path / "dyn").string()};
      }
      return set_of_run(source, (path / "result.h5").string(), units);
    }
    // force_constants.hdf5 of phonopy has another ending.
    if (path.extension() == ".h5") return set_of_run(source, source, units);
    phonons::MatrixFile file = phonons::read_matrix_file(source, units);
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
