#include "phonons/matrix_file.hpp"

#include <algorithm>
#include <filesystem>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "files/text_scanner.hpp"
#include "phonons/atom_images.hpp"
#include "phonons/hdf5_heap.hpp"
#include "phonons/phonopy/calculation.hpp"
#include "phonons/phonopy/files.hpp"
#include "phonons/polar_symmetry.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "phonons/quantum_espresso/dyn_file.hpp"
#include "phonons/quantum_espresso/dyn_xml.hpp"
#include "phonons/quantum_espresso/force_constants.hpp"
#include "phonons/quantum_espresso/short_range.hpp"
#include "phonons/symmetrizer.hpp"

namespace zeropoint::phonons {
namespace {

namespace fs = std::filesystem;

constexpr double large_asymmetry = 0.02;  // of the norm: differences of displaced atoms leave less

/// The first line of q2r.x: ntyp nat ibrav celldm(1..6).
bool begins_as_force_constants(const std::string& path) {
  TextScanner scan(path);
  if (!scan.next_filled() || scan.words().size() != 9) return false;
  return std::all_of(scan.words().begin(), scan.words().end(), [](std::string_view word) {
    return word.find_first_not_of("+-.0123456789eEdD") == std::string_view::npos;
  });
}

MatrixFile read_qe(const std::string& path, const UnitSet& units) {
  if (fs::is_regular_file(path) && !is_hdf5(path) &&
      (is_qe_force_constants_xml(path) || begins_as_force_constants(path)))
    return read_qe_force_constants(path, units);
  const bool xml = qe_dyn_paths(path).front().ends_with(".xml");
  return {read_qe_dyn(path, units),
          xml ? "dynamical matrices, Quantum ESPRESSO, XML" : "dynamical matrices, Quantum ESPRESSO"};
}

}  // namespace

bool is_phonopy(const std::string& path) {
  const std::string name = fs::path(path).filename().string();
  if (fs::is_directory(path)) {
    for (const char* yaml : {"phonopy_params.yaml", "phonopy.yaml", "phonopy_disp.yaml"}) {
      if (fs::exists(fs::path(path) / yaml) || fs::exists(fs::path(path) / (std::string(yaml) + ".xz"))) return true;
    }
    return false;
  }
  if (!fs::is_regular_file(path)) return false;
  for (const char* ending : {".yaml", ".yml", ".yaml.xz", ".yml.xz"}) {
    if (name.ends_with(ending)) return true;
  }
  if (name.starts_with("FORCE_CONSTANTS") || name.starts_with("FORCE_SETS") || name == "BORN" || name == "BORN.xz")
    return true;
  if (!is_hdf5(path)) return false;
  if (name.ends_with(".hdf5")) check_hdf5_heaps(path);
  const Hdf5File file = Hdf5File::open(path);
  return (file.has("force_constants") || file.has("fc2")) &&
         !file.text_attribute("/", "filetype").value_or("").starts_with("zeropoint");
}

namespace {

/// What the matrices of any file can be asked, whatever wrote it.
void add_doubts(const std::string& path, MatrixFile& file) {
  if (const std::optional<StrangePair> pair = strange_pair(file.matrices)) {
    file.warnings.push_back(
        fmt::format("{}: the force constants between atoms {} and {} are largest at {:.2f} angstrom, though images of "
                    "them are {:.2f} apart: an "
                    "atom was moved by a lattice vector after they were computed, or atoms stand in another order. "
                    "Give the structure of that "
                    "computation",
                    path, pair->s + 1, pair->t + 1, pair->largest, pair->nearest));
  }
  const SpaceGroup group = find_space_group(file.matrices.crystal);
  std::vector<Eigen::MatrixXcd> change = file.matrices.blocks;
  Symmetrizer(keeping_grid(group, file.matrices.grid), file.matrices.crystal, file.matrices.grid).matrices(change);
  for (std::size_t iq = 0; iq < change.size(); ++iq) change[iq] -= file.matrices.blocks[iq];
  if (const double share = norm(change) / norm(file.matrices.blocks); share > large_asymmetry) {
    file.warnings.push_back(
        fmt::format("{}: the matrices break the symmetry of their crystal, {} ({}), by {:.1f} % of their norm: they "
                    "are of another structure, or atoms "
                    "stand in another order than their force constants",
                    path, group.symbol, group.number, 100 * share));
  }
}

}  // namespace

MatrixFile read_matrix_file(const std::string& path, const UnitSet& units) {
  if (is_phonopy(path)) {
    MatrixFile file = read_phonopy(path, units);
    add_doubts(path, file);
    return file;
  }
  MatrixFile file = read_qe(path, units);
  add_doubts(path, file);
  if (!file.matrices.polar) return file;
  // They come with the structure: perhaps it has moved since, but perhaps they were copied from another one.
  try {
    check_charge_symmetry(file.matrices.crystal, *file.matrices.polar, path);
  } catch (const InputError& error) {
    file.warnings.emplace_back(error.what());
  }
  return file;
}

const std::vector<std::string>& matrix_formats() {
  static const std::vector<std::string> formats{"qe", "qe-xml", "q2r", "q2r-xml", "epw", "phonopy"};
  return formats;
}

std::string force_constants_name(const std::string& format, const std::string& output) {
  const bool xml = output.ends_with(".xml");
  if (format == "q2r" && xml)
    throw InputError{"{}: this ending means XML: write --to q2r-xml, or another name", output};
  return format == "q2r-xml" && !xml ? output + ".xml" : output;
}

std::string write_matrix_file(const DynamicalMatrices& matrices, const std::string& format, const std::string& output,
                              const UnitSet& units) {
  const std::size_t n_files = matrices.grid.stars().size();
  if (format == "qe") {
    write_qe_dyn(matrices, output, units);
    return fmt::format("{}0 to {}{}", output, output, n_files);
  }
  if (format == "qe-xml") {
    write_qe_dyn_xml(matrices, output, units);
    const std::string stem = output.ends_with(".xml") ? output.substr(0, output.size() - 4) : output;
    return fmt::format("{}0.xml to {}{}.xml", stem, stem, n_files);
  }
  if (format == "q2r" || format == "q2r-xml") {
    const std::string file = force_constants_name(format, output);
    write_qe_force_constants(matrices, file, {}, units);
    return file;
  }
  if (format == "epw") {
    const std::string file = (fs::path(output) / "ifc.q2r").string();
    write_qe_force_constants(matrices, file, {}, units);
    return file;
  }
  if (format == "phonopy") {
    write_phonopy(matrices, output, units);
    return output + "/phonopy_params.yaml, FORCE_CONSTANTS, force_constants.hdf5" + (matrices.polar ? ", BORN" : "");
  }
  throw InternalError{"no format '{}' of matrices", format};
}

}  // namespace zeropoint::phonons
