#include "phonons/phonopy/yaml_read.hpp"

#include <yaml-cpp/yaml.h>

#include <cmath>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/number_text.hpp"
#include "files/compressed_file.hpp"
#include "phonons/dipole.hpp"
#include "phonons/polar_symmetry.hpp"

namespace zeropoint::phonons {
namespace {

/// A parsed file whose complaints name file and line.
class YamlFile {
 public:
  explicit YamlFile(const std::string& path) : path_(path) {
    const std::string text = unpacked(read_file(path), path);
    try {
      root_ = YAML::Load(text);
    } catch (const YAML::Exception& error) {
      throw InputError{"{}:{}: no YAML ({}): the file is cut or damaged; make it again", path, error.mark.line + 1,
                       error.msg};
    }
    if (!root_.IsMap()) throw InputError{"{}: no keys such as unit_cell are in it: no phonopy.yaml", path};
  }

  YAML::Node root() const { return root_; }
  const std::string& path() const { return path_; }

  template <class... Args>
  [[noreturn]] void fail(const YAML::Node& node, fmt::format_string<Args...> format, Args&&... args) const {
    throw InputError{"{}:{}: {}", path_, node.Mark().line + 1, fmt::format(format, std::forward<Args>(args)...)};
  }

  YAML::Node child(const YAML::Node& node, const char* key) const {
    const YAML::Node found = node.IsMap() ? node[key] : YAML::Node(YAML::NodeType::Undefined);
    if (!found) fail(node, "'{}' is missing: the file is cut or no phonopy.yaml", key);
    return found;
  }

  std::string text(const YAML::Node& node) const {
    if (!node.IsScalar()) fail(node, "one word is expected here");
    return node.Scalar();
  }

  double number(const YAML::Node& node) const {
    if (!node.IsScalar()) fail(node, "a number is expected here: the file is cut or damaged");
    const std::string& word = node.Scalar();
    double value = 0;
    if (parse_number(word.data(), word.data() + word.size(), value) != word.data() + word.size() ||
        !std::isfinite(value)) {
      fail(node, "'{}' is not a finite number: the calculation that wrote it failed, or the file is damaged", word);
    }
    return value;
  }

  int integer(const YAML::Node& node) const {
    const double value = number(node);
    if (value != std::round(value) || std::abs(value) > 1e9) fail(node, "{} where a whole number is expected", value);
    return static_cast<int>(value);
  }

  void require_list(const YAML::Node& node, std::size_t count, std::string_view what) const {
    if (!node.IsSequence() || node.size() != count) {
      fail(node, "{} entries where {} are expected ({}): the file is cut, or belongs to another calculation",
           node.IsSequence() ? node.size() : 0, count, what);
    }
  }

  Eigen::RowVector3d vector(const YAML::Node& node, std::string_view what) const {
    require_list(node, 3, what);
    return {number(node[0]), number(node[1]), number(node[2])};
  }

  Eigen::Matrix3d matrix(const YAML::Node& node, std::string_view what) const {
    require_list(node, 3, what);
    Eigen::Matrix3d rows;
    for (int i = 0; i < 3; ++i) rows.row(i) = vector(node[i], what);
    return rows;
  }

  Vectors vectors(const YAML::Node& node, int count, double unit, std::string_view what) const {
    require_list(node, static_cast<std::size_t>(count), what);
    Vectors rows(count, 3);
    int row = 0;
    for (const YAML::Node& entry : node) rows.row(row++) = unit * vector(entry, what);
    return rows;
  }

 private:
  std::string path_;
  YAML::Node root_;
};

PhonopyUnits read_units(const YamlFile& file, const UnitSet& units) {
  const YAML::Node header = file.root()["phonopy"], block = file.root()["physical_unit"];
  const YAML::Node calculator = header && header.IsMap() ? header["calculator"] : YAML::Node(YAML::NodeType::Undefined);
  PhonopyUnits result;
  try {
    result = phonopy_units(calculator ? file.text(calculator) : "", units);
  } catch (const InputError& error) {
    file.fail(calculator, "{}", error.what());
  }
  if (!block || !block.IsMap()) return result;
  const auto take = [&](const char* key, double& value, std::string* name) {
    const YAML::Node node = block[key];
    if (!node) return;
    try {
      value = phonopy_unit(file.text(node), units);
    } catch (const InputError& error) {
      file.fail(node, "{}", error.what());
    }
    if (name) *name = file.text(node);
  };
  const std::string before = result.length_name;
  take("length", result.length, &result.length_name);
  take("force", result.force, nullptr);
  take("force_constants", result.force_constants, &result.force_constants_name);
  if (result.length_name != before && !block["force_constants"]) {
    file.fail(block,
              "length is in {} but force_constants has no unit, and the calculator does not tell: add force_constants, "
              "such as "
              "\"Ry/au^2\"",
              result.length_name);
  }
  return result;
}

Crystal read_crystal(const YamlFile& file, const YAML::Node& node, double length) {
  Crystal crystal;
  crystal.cell = length * file.matrix(file.child(node, "lattice"), "the lattice");
  const YAML::Node points = node["points"] ? node["points"] : file.child(node, "atoms");
  if (!points.IsSequence() || points.size() == 0) file.fail(points, "a list of atoms is expected here");
  const auto n_atoms = static_cast<Eigen::Index>(points.size());
  crystal.positions.resize(n_atoms, 3);
  crystal.masses.resize(n_atoms);
  Eigen::Index s = 0;
  for (const YAML::Node& point : points) {
    if (!point.IsMap())
      file.fail(point, "an atom with symbol, coordinates and mass is expected here: the file is cut or damaged");
    const YAML::Node position = point["coordinates"] ? point["coordinates"] : file.child(point, "position");
    crystal.positions.row(s) = file.vector(position, "the coordinates of an atom") * crystal.cell;
    crystal.species.push_back(file.text(file.child(point, "symbol")));
    crystal.masses[s] = point["mass"] ? file.number(point["mass"]) : standard_mass(crystal.species.back());
    ++s;
  }
  check(crystal, file.path());
  return crystal;
}

PhonopyCells read_cells(const YamlFile& file, double length) {
  const YAML::Node root = file.root();
  if (root["site_mixture_scheme"] ||
      (root["phonopy"] && root["phonopy"].IsMap() && root["phonopy"]["site_mixture_scheme"])) {
    throw InputError{"{}: sites of mixed species (site_mixture_scheme) are not supported: give an ordered structure",
                     file.path()};
  }
  const YAML::Node own = root["unit_cell"];
  const Crystal unit = read_crystal(file, own ? own : root["lattice"] ? root : file.child(root, "unit_cell"), length);
  const YAML::Node multiples = file.child(root, "supercell_matrix");
  const Eigen::Matrix3d m = file.matrix(multiples, "supercell_matrix");
  if (!((m.array() - m.array().round()).abs().maxCoeff() < 1e-6))
    file.fail(multiples, "supercell_matrix must have whole numbers");
  Eigen::Matrix3d p = Eigen::Matrix3d::Identity();
  if (root["primitive_matrix"]) p = file.matrix(root["primitive_matrix"], "primitive_matrix");
  // Fractions have 15 decimals at best: those of a centring are sixths.
  const Eigen::Matrix3d sixths = (6 * p).array().round() / 6;
  if ((sixths - p).cwiseAbs().maxCoeff() < 1e-4) p = sixths;
  std::optional<Crystal> supercell;
  if (root["supercell"]) supercell = read_crystal(file, root["supercell"], length);
  return phonopy_cells(unit, m.array().round().cast<int>().matrix(), p, supercell, file.path());
}

std::optional<Polar> read_polar(const YamlFile& file, const PhonopyCells& cells, const PhonopyUnits& own,
                                const UnitSet& units) {
  const YAML::Node root = file.root(), nac = root["nac"] ? root["nac"] : root;  // behind no key of its own before 2.18
  if (!nac.IsMap() || (!nac["born_effective_charge"] && !nac["dielectric_constant"])) return {};
  const YAML::Node charges = file.child(nac, "born_effective_charge");
  const auto n_atoms = static_cast<std::size_t>(cells.primitive.n_atoms());
  if (!charges.IsSequence() || charges.size() != n_atoms) {
    file.fail(charges,
              "{} Born charges for {} atoms of the primitive cell: one for each of them is needed, not for the unit "
              "cell or the "
              "supercell",
              charges.IsSequence() ? charges.size() : 0, n_atoms);
  }
  Polar polar{file.matrix(file.child(nac, "dielectric_constant"), "the dielectric constant"), {}};
  for (const YAML::Node& charge : charges) polar.born_charges.push_back(file.matrix(charge, "a Born charge"));
  if (const YAML::Node factor = nac["unit_conversion_factor"]) {
    const double expected = own.dipole_factor(units);
    if (!(std::abs(file.number(factor) / expected - 1) < 1e-3)) {
      file.fail(factor,
                "unit_conversion_factor = {}, but e^2/(4 pi eps0) is {:.6f} in {} {}^3: the units of the file "
                "contradict each other",
                file.number(factor), expected, own.force_constants_name, own.length_name);
    }
  }
  check(polar, cells.primitive.n_atoms());
  check_charge_symmetry(cells.primitive, polar, file.path());
  return polar;
}

std::optional<PhonopyForceConstants> read_constants(const YamlFile& file, const PhonopyCells& cells, double unit) {
  const YAML::Node node = file.root()["force_constants"];
  if (!node) return {};
  const YAML::Node shape = file.child(node, "shape"), elements = file.child(node, "elements");
  file.require_list(shape, 2, "the shape of the force constants");
  const int n_rows = file.integer(shape[0]), n_columns = file.integer(shape[1]);
  const int n_atoms = cells.supercell.n_atoms(), n_primitive = cells.primitive.n_atoms();
  if (n_columns != n_atoms || (n_rows != n_atoms && n_rows != n_primitive)) {
    file.fail(shape,
              "{} x {} force constants, the supercell has {} atoms and the primitive cell {}: the blocks are of two "
              "calculations",
              n_rows, n_columns, n_atoms, n_primitive);
  }
  file.require_list(elements, static_cast<std::size_t>(n_rows) * static_cast<std::size_t>(n_columns),
                    "3 x 3 force constants");
  PhonopyForceConstants result{cells.p2s, {}};
  if (n_rows == n_atoms) {
    result.rows.clear();
    for (int i = 0; i < n_atoms; ++i) result.rows.push_back(i);
  }
  for (const YAML::Node& element : elements)
    result.elements.emplace_back(unit * file.matrix(element, "3 x 3 force constants"));
  return result;
}

/// One displaced atom an entry, or (before version 2.24) all atoms.
DisplacedForces read_displacements(const YamlFile& file, const YAML::Node& list, int n_atoms,
                                   const PhonopyUnits& units) {
  DisplacedForces result;
  for (const YAML::Node& entry : list) {
    Vectors u = Vectors::Zero(n_atoms, 3), f(n_atoms, 3);
    if (entry.IsMap()) {
      const YAML::Node atom = file.child(entry, "atom");
      const int i = file.integer(atom);
      if (i < 1 || i > n_atoms) file.fail(atom, "atom {} is displaced: the supercell has atoms 1 to {}", i, n_atoms);
      u.row(i - 1) = units.length * file.vector(file.child(entry, "displacement"), "a displacement");
      if (!entry["forces"]) return {};
      f = file.vectors(entry["forces"], n_atoms, units.force, "forces of all atoms");
    } else {
      file.require_list(entry, static_cast<std::size_t>(n_atoms), "displacements of all atoms");
      int row = 0;
      for (const YAML::Node& atom : entry) {
        u.row(row) = units.length * file.vector(file.child(atom, "displacement"), "a displacement");
        if (!atom["force"]) return {};
        f.row(row++) = units.force * file.vector(atom["force"], "a force");
      }
    }
    result.displacements.push_back(std::move(u));
    result.forces.push_back(std::move(f));
  }
  return result;
}

std::optional<DisplacedForces> read_forces(const YamlFile& file, int n_atoms, const PhonopyUnits& units) {
  DisplacedForces result;
  if (const YAML::Node list = file.root()["displacements"]; list && list.IsSequence()) {
    result = read_displacements(file, list, n_atoms, units);
  } else if (const YAML::Node set = file.root()["dataset"]; set && set.IsMap() && set["forces"]) {
    const YAML::Node displacements = file.child(set, "displacements"), forces = set["forces"];
    file.require_list(forces, displacements.size(), "forces of all configurations");
    for (const YAML::Node& u : displacements)
      result.displacements.push_back(file.vectors(u, n_atoms, units.length, "displacements"));
    for (const YAML::Node& f : forces) result.forces.push_back(file.vectors(f, n_atoms, units.force, "forces"));
  }
  if (result.forces.empty()) return {};
  return result;
}

}  // namespace

PhonopyYaml read_phonopy_yaml(const std::string& path, const UnitSet& units) {
  const YamlFile file(path);
  PhonopyYaml result;
  result.units = read_units(file, units);
  result.cells = read_cells(file, result.units.length);
  result.polar = read_polar(file, result.cells, result.units, units);
  result.force_constants = read_constants(file, result.cells, result.units.force_constants);
  result.forces = read_forces(file, result.cells.supercell.n_atoms(), result.units);
  return result;
}

}  // namespace zeropoint::phonons
