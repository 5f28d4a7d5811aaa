#include "phonons/quantum_espresso/xml.hpp"

#include <cmath>
#include <iterator>

#include "core/atomic_file.hpp"
#include "core/number_text.hpp"
#include "files/text_scanner.hpp"
#include "phonons/quantum_espresso/header.hpp"

namespace zeropoint::phonons {

QeXmlFile::QeXmlFile(const std::string& path) : path_(path), text_(read_file(path)) {
  parse();
  root_ = document_.document_element();
  if (std::string_view(root_.name()) != "Root") {
    fail(root_, "<{}> where <Root> is expected: no file of Quantum ESPRESSO's lattice dynamics", root_.name());
  }
}

std::string QeXmlFile::where(const pugi::xml_node& node) const {
  const auto offset = std::clamp<std::ptrdiff_t>(node.offset_debug(), 0, static_cast<std::ptrdiff_t>(text_.size()));
  return fmt::format("{}:{}", path_, std::count(text_.begin(), text_.begin() + offset, '\n') + 1);
}

pugi::xml_node QeXmlFile::child(const pugi::xml_node& parent, const std::string& name) const {
  const pugi::xml_node node = parent.child(name.c_str());
  if (!node)
    fail(parent, "<{}> has no <{}>: the file is damaged or of a version that is not known", parent.name(), name);
  return node;
}

std::vector<double> QeXmlFile::parsed(const pugi::xml_node& node, std::string_view text, std::size_t count) const {
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
    fail(node, "{} numbers in <{}>, {} expected: the file is cut or damaged; make it again", values.size(), node.name(),
         count);
  }
  return values;
}

std::vector<double> QeXmlFile::numbers(const pugi::xml_node& parent, const std::string& name, std::size_t count) const {
  const pugi::xml_node node = child(parent, name);
  return parsed(node, node.child_value(), count);
}

int QeXmlFile::integer(const pugi::xml_node& parent, const std::string& name, int lowest, int highest) const {
  const double value = numbers(parent, name, 1)[0];
  if (value != std::round(value) || value < lowest || value > highest) {
    fail(child(parent, name), "{} = {} must be a whole number from {} to {}", name, value, lowest, highest);
  }
  return static_cast<int>(value);
}

void QeXmlFile::parse() {
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

Eigen::Matrix3d qe_xml_tensor(const std::vector<double>& values) {
  return Eigen::Map<const Eigen::Matrix3d>(values.data());
}

namespace {

/// SPECIES.n, MASS.n and ATOM.n.
Crystal read_crystal(const QeXmlFile& file, const pugi::xml_node& geometry, double alat,
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
    crystal.species.push_back(labels[type - 1]);
    crystal.masses[s] = masses[type - 1];
  }
  return crystal;
}

std::optional<Polar> read_polar(const QeXmlFile& file, int n_atoms) {
  const pugi::xml_node properties = file.root().child("DIELECTRIC_PROPERTIES");
  const pugi::xml_node epsilon = properties.child("EPSILON"), charges = properties.child("ZSTAR");
  if (!epsilon && !charges) return {};
  if (!epsilon || !charges) {
    file.fail(properties, "{} without {}: the electric field of the ions needs both; run ph.x with epsil and zeu",
              epsilon ? "a dielectric tensor" : "effective charges",
              epsilon ? "effective charges" : "a dielectric tensor");
  }
  Polar polar{qe_xml_tensor(file.numbers(properties, "EPSILON", 9)), {}};
  for (int s = 1; s <= n_atoms; ++s)
    polar.born_charges.push_back(qe_xml_tensor(file.numbers(charges, fmt::format("Z_AT_.{}", s), 9)));
  return polar;
}

}  // namespace

QeXmlHeader read_qe_xml_header(const QeXmlFile& file, const UnitSet& units) {
  const pugi::xml_node geometry = file.child(file.root(), "GEOMETRY_INFO");
  const std::vector<double> celldm = file.numbers(geometry, "CELL_DIMENSIONS", 6), at = file.numbers(geometry, "AT", 9);
  if (!(celldm[0] > 0))
    file.fail(geometry, "CELL_DIMENSIONS begins with {}: the unit of length in bohr must be positive", celldm[0]);
  const double alat = celldm[0] * units.bohr;
  const Eigen::Matrix3d cell_in_alat = qe_xml_tensor(at).transpose();  // one vector a line
  QeXmlHeader header{read_crystal(file, geometry, alat, cell_in_alat), alat, cell_in_alat, {}};
  check(header.crystal, file.path());
  header.polar = read_polar(file, header.crystal.n_atoms());
  return header;
}

QeXmlText::QeXmlText() : text_("<?xml version=\"1.0\"?>\n<Root>\n") {}

std::string QeXmlText::closed() {
  text_ += "</Root>\n";
  return std::move(text_);
}

void QeXmlText::array(const std::string& tag, const Eigen::Ref<const Eigen::MatrixXd>& values) {
  put("    <{}>\n", tag);
  for (Eigen::Index line = 0; line < values.cols(); ++line) {
    for (Eigen::Index i = 0; i < values.rows(); ++i) put("{}{:.15E}", i > 0 ? " " : "", values(i, line));
    text_ += '\n';
  }
  put("    </{}>\n", tag);
}

void QeXmlText::geometry(const Crystal& crystal, double alat, int n_q, const UnitSet& units) {
  const QeTypes types = qe_types(crystal);
  text_ += "  <GEOMETRY_INFO>\n";
  put("    <NUMBER_OF_TYPES>{}</NUMBER_OF_TYPES>\n", types.first_atom.size());
  put("    <NUMBER_OF_ATOMS>{}</NUMBER_OF_ATOMS>\n", crystal.n_atoms());
  text_ += "    <BRAVAIS_LATTICE_INDEX>0</BRAVAIS_LATTICE_INDEX>\n    <SPIN_COMPONENTS>1</SPIN_COMPONENTS>\n";
  Eigen::VectorXd celldm = Eigen::VectorXd::Zero(6);
  celldm[0] = alat / units.bohr;
  array("CELL_DIMENSIONS", celldm);
  array("AT", crystal.cell.transpose() / alat);
  array("BG", crystal.reciprocal().transpose() * alat);
  put("    <UNIT_CELL_VOLUME_AU>{:.15E}</UNIT_CELL_VOLUME_AU>\n",
      crystal.volume() / (units.bohr * units.bohr * units.bohr));
  for (std::size_t type = 0; type < types.first_atom.size(); ++type) {
    const int s = types.first_atom[type];
    put("    <TYPE_NAME.{0}>{1:<3s}</TYPE_NAME.{0}>\n", type + 1, crystal.species[s]);
    put("    <MASS.{0}>{1:.15E}</MASS.{0}>\n", type + 1, crystal.masses[s]);
  }
  for (int s = 0; s < crystal.n_atoms(); ++s) {
    const auto i = static_cast<std::size_t>(s);
    const Eigen::RowVector3d x = crystal.positions.row(s) / alat;
    put("    <ATOM.{} SPECIES=\"{:<3s}\" INDEX=\"{}\" TAU=\"{:.15E} {:.15E} {:.15E}\"/>\n", s + 1, crystal.species[i],
        types.type_of[i], x[0], x[1], x[2]);
  }
  put("    <NUMBER_OF_Q>{}</NUMBER_OF_Q>\n  </GEOMETRY_INFO>\n", n_q);
}

void QeXmlText::polar(const Polar& polar) {
  text_ += "  <DIELECTRIC_PROPERTIES epsil=\"true\" zstar=\"true\" raman=\"false\">\n";
  array("EPSILON", polar.dielectric);
  text_ += "    <ZSTAR>\n";
  for (std::size_t s = 0; s < polar.born_charges.size(); ++s) {
    array(fmt::format("Z_AT_.{}", s + 1), polar.born_charges[s]);
  }
  text_ += "    </ZSTAR>\n  </DIELECTRIC_PROPERTIES>\n";
}

}  // namespace zeropoint::phonons
