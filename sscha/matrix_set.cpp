#include "sscha/matrix_set.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "files/structure_file.hpp"
#include "phonons/harmonic_file.hpp"
#include "phonons/matrix_file.hpp"
#include "phonons/matrix_judgement.hpp"
#include "phonons/polar_symmetry.hpp"
#include "sscha/hessian_file.hpp"
#include "sscha/result_folder.hpp"
#include "sscha/solution_file.hpp"

namespace zeropoint::sscha {
namespace {

namespace fs = std::filesystem;

/// "a4.05/harmonic.dyn".
std::string last_names(const fs::path& path) { return (path.parent_path().filename() / path.filename()).string(); }

MatrixSet set_of_solution(const std::string& source, const std::string& path) {
  StoredSolution solution = read_solution(path);
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
  StoredHessian hessian = read_hessian(path);
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
  const std::string type = Hdf5File::open(path).text_attribute("/", "filetype").value_or("");
  if (type == solution_filetype) return set_of_solution(source, path);
  if (type == hessian_filetype) return set_of_hessian(source, path, units);
  if (type == phonons::harmonic_filetype)
    return {source, "harmonic", "harmonic", phonons::read_harmonic(path).matrices, {}, {}, {}, {}};
  throw InputError{
      "{} is a {}, which holds no dynamical matrices of one state: name the prefix of dyn files, or the result of "
      "`minimize`, `sscha`, `hessian` or `phonons`",
      path, type.empty() ? "file of another program" : type};
}

}  // namespace

MatrixSet read_matrix_set(const std::string& source, double tolerance, const UnitSet& units) {
  const fs::path path(source);
  if (!fs::exists(path)) require_one_condition(find_result(source));
  MatrixSet set = [&]() -> MatrixSet {
    if (fs::is_directory(path) && !phonons::matrix_format_of(source)) {
      const ResultFolder found = find_result(source);
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

Crystal read_crystal(const std::string& path, const UnitSet& units) {
  if (phonons::matrix_format_of(path)) return phonons::read_matrix_file(path, units).matrices.crystal;
  if (fs::is_directory(path)) {
    if (const fs::path structure = fs::path{path} / "structure.extxyz"; fs::exists(structure))
      return read_structure(structure.string());
    return read_matrix_set(path, SymmetryOptions{}.tolerance, units).matrices.crystal;
  }
  if (fs::path{path}.extension() == ".h5")
    return read_matrix_set(path, SymmetryOptions{}.tolerance, units).matrices.crystal;
  return read_structure(path);
}

}  // namespace zeropoint::sscha
