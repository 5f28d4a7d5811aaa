#include <algorithm>
#include <cmath>
#include <pugixml.hpp>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/number_text.hpp"
#include "core/text_scanner.hpp"
#include "phonons/qe_dyn.hpp"
#include "phonons/qe_dyn_xml.hpp"

namespace zeropoint::phonons {
namespace {

/// A parsed file whose complaints name file and line.
class XmlFile {
 public:
  explicit XmlFile(const std::string& path) : path_(path), text_(read_file(path)) {
    parse();
    root_ = document_.document_element();
    if (std::string_view(root_.name()) != "Root") {
      fail(root_, "<{}> where <Root> is expected: no dynamical matrix of Quantum ESPRESSO", root_.name());
    }
  }

  pugi::xml_node root() const { return root_; }

  std::string where(const pugi::xml_node& node) const {
    const auto offset = std::clamp<std::ptrdiff_t>(node.offset_debug(), 0, static_cast<std::ptrdiff_t>(text_.size()));
    return fmt::format("{}:{}", path_, std::count(text_.begin(), text_.begin() + offset, '\n') + 1);
  }

  template <class... Args>
  [[noreturn]] void fail(const pugi::xml_node& node, fmt::format_string<Args...> format, Args&&... args) const {
    throw InputError{"{}: {}", where(node), fmt::format(format, std::forward<Args>(args)...)};
  }

  pugi::xml_node child(const pugi::xml_node& parent, const std::string& name) const {
    const pugi::xml_node node = parent.child(name.c_str());
    if (!node)
      fail(parent, "<{}> has no <{}>: the file is damaged or of a version that is not known", parent.name(), name);
    return node;
  }

  std::vector<double> parsed(const pugi::xml_node& node, std::string_view text, std::size_t count) const {
    std::string flat(text);
    for (char& c : flat) {
      if (c == '\n' || c == '\r' || c == ',') c = ' ';
    }
    std::vector<double> values;
    for (const std::string_view word : split_words(flat)) {
      double value = 0;
      const char* const end = word.data() + word.size();
      if (parse_number(word.data(), end, value) != end || !std::isfinite(value)) {
        fail(node, "'{}' in <{}> is not a finite number: the calculation that wrote it failed, or the file is damaged",
             word, node.name());
      }
      values.push_back(value);
    }
    if (values.size() != count) {
      fail(node, "{} numbers in <{}>, {} expected: the file is cut or damaged; make it again", values.size(),
           node.name(), count);
    }
    return values;
  }

  std::vector<double> numbers(const pugi::xml_node& parent, const std::string& name, std::size_t count) const {
    const pugi::xml_node node = child(parent, name);
    return parsed(node, node.child_value(), count);
  }

  int integer(const pugi::xml_node& parent, const std::string& name, int lowest, int highest) const {
    const double value = numbers(parent, name, 1)[0];
    if (value != std::round(value) || value < lowest || value > highest) {
      fail(child(parent, name), "{} = {} must be a whole number from {} to {}", name, value, lowest, highest);
    }
    return static_cast<int>(value);
  }

 private:
  void parse() {
    pugi::xml_parse_result result = document_.load_buffer(text_.data(), text_.size());
    const std::size_t wrong = text_.rfind("</root>");
    if (!result && wrong != std::string::npos && text_.find("<Root>") != std::string::npos) {
      text_[wrong + 2] = 'R';
      result = document_.load_buffer(text_.data(), text_.size());
    }
    if (result) return;
    const auto offset = std::clamp<std::ptrdiff_t>(result.offset, 0, static_cast<std::ptrdiff_t>(text_.size()));
    throw InputError{"{}:{}: the XML is cut or damaged here ({}): the run was killed or is still running. Run it again",
                     path_, std::count(text_.begin(), text_.begin() + offset, '\n') + 1, result.description()};
  }

  std::string path_, text_;
  pugi::xml_document document_;
  pugi::xml_node root_;
};

/// Stored column by column.
Eigen::Matrix3d tensor(const std::vector<double>& values) { return Eigen::Map<const Eigen::Matrix3d>(values.data()); }

/// SPECIES.n, MASS.n and ATOM.n.
Crystal read_crystal(const XmlFile& file, const pugi::xml_node& geometry, double alat,
                     const Eigen::Matrix3d& cell_in_alat) {
  const int n_atoms = file.integer(geometry, "NUMBER_OF_ATOMS", 1, 100000);
  const int n_types = file.integer(geometry, "NUMBER_OF_TYPES", 1, n_atoms);
  std::vector<std::string> labels;
  std::vector<double> masses;
  for (int type = 1; type <= n_types; ++type) {
    std::string label = file.child(geometry, fmt::format("TYPE_NAME.{}", type)).child_value();
    std::replace(label.begin(), label.end(), '\n', ' ');
    labels.emplace_back(trimmed(label));
    const std::string name = fmt::format("MASS.{}", type);
    masses.push_back(file.numbers(geometry, name, 1)[0]);
    if (masses.back() > 400) {
      file.fail(file.child(geometry, name), "mass of '{}' = {}: XML files count in amu, and no element is that heavy",
                labels.back(), masses.back());
    }
  }
  Crystal crystal;
  crystal.cell = alat * cell_in_alat;
  crystal.positions.resize(n_atoms, 3);
  crystal.masses.resize(n_atoms);
  for (int s = 0; s < n_atoms; ++s) {
    const pugi::xml_node atom = file.child(geometry, fmt::format("ATOM.{}", s + 1));
    const int type = atom.attribute("INDEX").as_int();
    if (type < 1 || type > n_types) {
      file.fail(atom, "type {} of atom {}: the file defines types 1 to {}", atom.attribute("INDEX").value(), s + 1,
                n_types);
    }
    const std::vector<double> tau = file.parsed(atom, atom.attribute("TAU").value(), 3);
    crystal.positions.row(s) << alat * tau[0], alat * tau[1], alat * tau[2];
    crystal.species.push_back(labels[static_cast<std::size_t>(type - 1)]);
    crystal.masses[s] = masses[static_cast<std::size_t>(type - 1)];
  }
  return crystal;
}

std::optional<Polar> read_polar(const XmlFile& file, int n_atoms) {
  const pugi::xml_node properties = file.root().child("DIELECTRIC_PROPERTIES");
  const pugi::xml_node epsilon = properties.child("EPSILON"), charges = properties.child("ZSTAR");
  if (!epsilon && !charges) return {};
  if (!epsilon || !charges) {
    file.fail(properties, "{} without {}: the electric field of the ions needs both; run ph.x with epsil and zeu",
              epsilon ? "a dielectric tensor" : "effective charges",
              epsilon ? "effective charges" : "a dielectric tensor");
  }
  Polar polar{tensor(file.numbers(properties, "EPSILON", 9)), {}};
  for (int s = 1; s <= n_atoms; ++s)
    polar.born_charges.push_back(tensor(file.numbers(charges, fmt::format("Z_AT_.{}", s), 9)));
  return polar;
}

}  // namespace

QeDynFile read_qe_dyn_xml_file(const std::string& path, const UnitSet& units) {
  const XmlFile file(path);
  if (const pugi::xml_node constants = file.root().child("INTERATOMIC_FORCE_CONSTANTS")) {
    file.fail(constants,
              "force constants of q2r.x in XML, which are not read: give the dyn files that they were made of, or "
              "force constants "
              "in text");
  }
  const pugi::xml_node geometry = file.child(file.root(), "GEOMETRY_INFO");
  const std::vector<double> celldm = file.numbers(geometry, "CELL_DIMENSIONS", 6), at = file.numbers(geometry, "AT", 9);
  if (!(celldm[0] > 0))
    file.fail(geometry, "CELL_DIMENSIONS begins with {}: the unit of length in bohr must be positive", celldm[0]);
  QeDynFile result;
  result.path = path;
  result.alat = celldm[0] * units.bohr;
  const Eigen::Matrix3d cell_in_alat = tensor(at).transpose();  // one vector a line
  result.crystal = read_crystal(file, geometry, result.alat, cell_in_alat);
  check(result.crystal, path);

  const int n_atoms = result.crystal.n_atoms();
  const int n_q = file.integer(geometry, "NUMBER_OF_Q", 1, 100000);
  for (int i = 1; i <= n_q; ++i) {
    const pugi::xml_node node = file.child(file.root(), fmt::format("DYNAMICAL_MAT_.{}", i));
    const std::vector<double> q = file.numbers(node, "Q_POINT", 3);
    QeDynBlock block{cell_in_alat * Eigen::Vector3d(q[0], q[1], q[2]), Eigen::MatrixXcd(3 * n_atoms, 3 * n_atoms),
                     file.where(node)};
    for (int a = 0; a < n_atoms; ++a) {
      for (int b = 0; b < n_atoms; ++b) {
        const std::vector<double> values = file.numbers(node, fmt::format("PHI.{}.{}", a + 1, b + 1), 18);
        for (int k = 0; k < 9; ++k) {
          const auto at_k = static_cast<std::size_t>(2 * k);
          block.matrix(3 * a + k % 3, 3 * b + k / 3) = {values[at_k], values[at_k + 1]};
        }
      }
    }
    block.matrix *= units.rydberg_per_bohr2();
    result.blocks.push_back(std::move(block));
  }
  result.polar = read_polar(file, n_atoms);
  return result;
}

}  // namespace zeropoint::phonons
