#include "phonons/phonopy/calculation.hpp"

#include <filesystem>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "phonons/hdf5_heap.hpp"
#include "phonons/phonopy/born.hpp"
#include "phonons/phonopy/hdf5.hpp"
#include "phonons/phonopy/text.hpp"
#include "phonons/phonopy/yaml_read.hpp"
#include "phonons/phonopy/yaml_write.hpp"

namespace zeropoint::phonons {
namespace {

namespace fs = std::filesystem;

/// The first of `names` in `folder`, empty when none is there.
std::string first_of(const fs::path& folder, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    for (const char* ending : {"", ".xz"}) {
      if (fs::is_regular_file(folder / (name + ending))) return (folder / (name + ending)).string();
    }
  }
  return "";
}

/// What stands for a whole calculation, so that its own force constants are looked for.
bool is_whole(const std::string& path) {
  const std::string name = fs::path(path).filename().string();
  return fs::is_directory(path) || name == "BORN" || name == "BORN.xz";
}

bool is_yaml(const std::string& path) {
  return path.ends_with(".yaml") || path.ends_with(".yml") || path.ends_with(".yaml.xz") || path.ends_with(".yml.xz");
}

struct Paths {
  fs::path folder;
  std::string yaml, constants, hdf5, forces;
};

Paths find(const std::string& path) {
  Paths paths;
  paths.folder = fs::is_directory(path) ? fs::path(path) : fs::path(path).parent_path();
  if (paths.folder.empty()) paths.folder = ".";
  const std::string name = fs::path(path).filename().string();
  if (is_yaml(path)) {
    paths.yaml = path;
  } else {
    paths.yaml = first_of(paths.folder, {"phonopy_params.yaml", "phonopy.yaml", "phonopy_disp.yaml"});
    if (paths.yaml.empty()) {
      throw IoError{
          "{}: no phonopy_params.yaml, phonopy.yaml or phonopy_disp.yaml in {}: one of them is needed, for the cells "
          "and the order of the atoms",
          path, paths.folder.string()};
    }
  }
  if (!is_whole(path) && !is_yaml(path)) {
    (is_hdf5(path) ? paths.hdf5 : name.starts_with("FORCE_SETS") ? paths.forces : paths.constants) = path;
    return paths;
  }
  paths.constants = first_of(paths.folder, {"FORCE_CONSTANTS"});
  paths.hdf5 = first_of(paths.folder, {"force_constants.hdf5", "fc2.hdf5"});
  paths.forces = first_of(paths.folder, {"FORCE_SETS"});
  return paths;
}

std::string matrix_text(const Eigen::Matrix3d& m) {
  std::string text;
  for (int i = 0; i < 3; ++i) text += fmt::format("{}{:g} {:g} {:g}", i > 0 ? " / " : "", m(i, 0), m(i, 1), m(i, 2));
  return text;
}

}  // namespace

MatrixFile read_phonopy(const std::string& path, const UnitSet& units) {
  const Paths paths = find(path);
  PhonopyYaml yaml = read_phonopy_yaml(paths.yaml, units);
  const PhonopyCells& cells = yaml.cells;
  MatrixFile file{{cells.primitive, QGrid(cells.diagonal.divisions), {}, {}, 0, {}}, "phonopy calculation"};
  const bool named = !is_whole(path) && !is_yaml(path);
  const auto take = [&](const PhonopyForceConstants& constants, const std::string& source) {
    file.matrices = from_phonopy(cells, constants, source);
    file.notes.emplace_back(
        "force constants",
        fmt::format("{}, {}", source, constants.rows.size() == cells.site.size() ? "full" : "compact"));
  };
  if (!named && yaml.force_constants) {
    take(*yaml.force_constants, paths.yaml);
  } else if (!paths.constants.empty()) {
    take(read_force_constants_text(paths.constants, cells, yaml.units.force_constants), paths.constants);
  } else if (!paths.hdf5.empty()) {
    take(read_force_constants_hdf5(paths.hdf5, cells, yaml.units.force_constants, units), paths.hdf5);
  } else if (!named && yaml.forces) {
    file.displaced = {cells, *yaml.forces, paths.yaml};
  } else if (!paths.forces.empty()) {
    file.displaced = {cells, read_force_sets(paths.forces, cells, yaml.units), paths.forces};
  } else {
    throw InputError{
        "{}: no force constants: neither in {} nor as FORCE_CONSTANTS, force_constants.hdf5 or FORCE_SETS beside it; "
        "run phonopy with "
        "--include-all, --writefc or -f first",
        path, paths.yaml};
  }
  if (yaml.polar) {
    file.matrices.polar = yaml.polar;
  } else if (const std::string born = first_of(paths.folder, {"BORN"}); !born.empty()) {
    file.matrices.polar = read_born(born, cells.primitive);
    file.notes.emplace_back("charges", born);
  }
  file.notes.emplace_back("units",
                          fmt::format("{}, {}{}", yaml.units.length_name, yaml.units.force_constants_name,
                                      yaml.units.calculator.empty() ? "" : ", as with " + yaml.units.calculator));
  file.notes.emplace_back("primitive", fmt::format("primitive_matrix {}", matrix_text(cells.primitive_matrix)));
  if (cells.diagonal.basis != Eigen::Matrix3i::Identity()) {
    file.notes.emplace_back("cell vectors",
                            fmt::format("{} times those of the primitive cell: in these the supercell is diagonal",
                                        matrix_text(cells.diagonal.basis.cast<double>())));
  }
  return file;
}

void write_phonopy(const DynamicalMatrices& matrices, const std::string& folder, const UnitSet& units) {
  refuse_unwritable(matrices, folder);
  const PhonopyCells cells = phonopy_cells(matrices);
  const PhonopyForceConstants constants = to_phonopy(cells, matrices, false);
  const fs::path path(folder);
  if (!matrices.polar && fs::exists(path / "BORN")) {
    throw InputError{
        "{} holds a BORN file, which phonopy would use for these matrices without charges: write to another folder",
        folder};
  }
  if (matrices.polar)
    write_born((path / "BORN").string(), cells.primitive, *matrices.polar, PhonopyUnits{}.dipole_factor(units));
  write_force_constants_text((path / "FORCE_CONSTANTS").string(), constants, 1);
  write_force_constants_hdf5((path / "force_constants.hdf5").string(), constants, cells);
  write_phonopy_yaml((path / "phonopy_params.yaml").string(), cells, matrices.polar, constants, units);
}

bool is_phonopy(const std::string& path) {
  if (fs::is_directory(path))
    return !first_of(path, {"phonopy_params.yaml", "phonopy.yaml", "phonopy_disp.yaml"}).empty();
  if (!fs::is_regular_file(path)) return false;
  const std::string name = fs::path(path).filename().string();
  if (is_yaml(name) || name.starts_with("FORCE_CONSTANTS") || name.starts_with("FORCE_SETS") || name == "BORN" ||
      name == "BORN.xz")
    return true;
  if (!is_hdf5(path)) return false;
  if (name.ends_with(".hdf5")) check_hdf5_heaps(path);
  const Hdf5File file = Hdf5File::open(path);
  return (file.has("force_constants") || file.has("fc2")) &&
         !file.text_attribute("/", "filetype").value_or("").starts_with("zeropoint");
}

MatrixFormat phonopy_format() {
  const auto write = [](const DynamicalMatrices& matrices, const std::string& folder, const UnitSet& units) {
    write_phonopy(matrices, folder, units);
    return folder + "/phonopy_params.yaml, FORCE_CONSTANTS, force_constants.hdf5" + (matrices.polar ? ", BORN" : "");
  };
  return {.name = "phonopy",
          .description = "files of a phonopy calculation",
          .recognises = is_phonopy,
          .read = read_phonopy,
          .write = write,
          .usual_name = "phonopy"};
}

}  // namespace zeropoint::phonons
