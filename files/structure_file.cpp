#include "files/structure_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include "core/atomic_file.hpp"
#include "core/error.hpp"

namespace zeropoint {
namespace {

/// The element of a species label: "Fe" of "Fe1" or "Fe_up".
std::string element_of(const std::string& label) { return label.substr(0, label.find_first_of("0123456789+-_")); }

std::string on_one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
    if (c == '"') c = '\'';
  }
  return text;
}

double angle_degrees(const Eigen::Vector3d& a, const Eigen::Vector3d& b) {
  return std::atan2(a.cross(b).norm(), a.dot(b)) * 180 / std::numbers::pi;
}

/// -0.000000000000 reads badly.
std::string number(double value) {
  const std::string text = fmt::format("{:.12f}", value);
  return text.find_first_not_of("-0.") == std::string::npos ? fmt::format("{:.12f}", 0.0) : text;
}

/// U_ij of CIF from <u_i u_j>: u = A N x with the cell vectors in the columns of A and N = diag(a*, b*, c*).
Eigen::Matrix3d cif_displacement(const Crystal& crystal, const Eigen::Matrix3d& cartesian) {
  const Eigen::Vector3d lengths = crystal.reciprocal().rowwise().norm();
  const Eigen::Matrix3d axes = crystal.cell.transpose() * lengths.asDiagonal();
  const Eigen::Matrix3d inverse = axes.inverse();
  return inverse * cartesian * inverse.transpose();
}

std::string cif_text(const Crystal& crystal, const std::string& comment,
                     const std::vector<Eigen::Matrix3d>& displacements) {
  const Eigen::Vector3d a = crystal.cell.row(0), b = crystal.cell.row(1), c = crystal.cell.row(2);
  std::string text = fmt::format("# {}\ndata_{}\n", on_one_line(comment), crystal.formula());
  const auto item = [&](const char* name, const std::string& value) { text += fmt::format("{:<34}{}\n", name, value); };
  item("_chemical_formula_sum", [&] {
    std::map<std::string, int> counts;
    for (const std::string& label : crystal.species) ++counts[element_of(label)];
    std::string sum;
    for (const auto& [element, n] : counts) sum += fmt::format("{}{}{}", sum.empty() ? "" : " ", element, n);
    return "'" + sum + "'";
  }());
  item("_cell_length_a", number(a.norm()));
  item("_cell_length_b", number(b.norm()));
  item("_cell_length_c", number(c.norm()));
  item("_cell_angle_alpha", number(angle_degrees(b, c)));
  item("_cell_angle_beta", number(angle_degrees(a, c)));
  item("_cell_angle_gamma", number(angle_degrees(a, b)));
  item("_cell_volume", number(crystal.volume()));
  item("_space_group_name_H-M_alt", "'P 1'");
  item("_space_group_IT_number", "1");
  text +=
      "\nloop_\n_space_group_symop_operation_xyz\n'x, y, z'\n"
      "\nloop_\n_atom_site_label\n_atom_site_type_symbol\n_atom_site_occupancy\n"
      "_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n";
  if (!displacements.empty()) text += "_atom_site_U_iso_or_equiv\n_atom_site_adp_type\n";
  // Lengths and angles mean a right-handed cell. The same crystal in a left-handed one has the cell vectors -a, -b, -c
  // there.
  const double hand = crystal.cell.determinant() < 0 ? -1 : 1;
  const Vectors fractional = hand * crystal.fractional();
  std::map<std::string, int> seen;
  std::string tensors;
  for (int s = 0; s < crystal.n_atoms(); ++s) {
    const std::string element = element_of(crystal.species[s]);
    const std::string label = fmt::format("{}{}", element, ++seen[element]);
    text += fmt::format("{:<6} {:<3} 1  {:>18}  {:>18}  {:>18}", label, element, number(fractional(s, 0)),
                        number(fractional(s, 1)), number(fractional(s, 2)));
    if (!displacements.empty()) {
      const Eigen::Matrix3d& cartesian = displacements[s];
      const Eigen::Matrix3d u = cif_displacement(crystal, cartesian);
      text += fmt::format("  {} Uani", number(cartesian.trace() / 3));
      tensors += fmt::format("{:<6} {} {} {} {} {} {}\n", label, number(u(0, 0)), number(u(1, 1)), number(u(2, 2)),
                             number(u(1, 2)), number(u(0, 2)), number(u(0, 1)));
    }
    text += '\n';
  }
  if (tensors.empty()) return text;
  return text +
         "\nloop_\n_atom_site_aniso_label\n_atom_site_aniso_U_11\n_atom_site_aniso_U_22\n_atom_site_aniso_U_33\n"
         "_atom_site_aniso_U_23\n_atom_site_aniso_U_13\n_atom_site_aniso_U_12\n" +
         tensors;
}

std::string extxyz_text(const Crystal& crystal, const std::string& comment,
                        const std::vector<Eigen::Matrix3d>& displacements) {
  std::string lattice;
  for (int i = 0; i < 9; ++i) lattice += fmt::format("{}{}", i > 0 ? " " : "", number(crystal.cell(i / 3, i % 3)));
  std::string text =
      fmt::format("{}\nLattice=\"{}\" Properties=species:S:1:pos:R:3:masses:R:1{} pbc=\"T T T\" comment=\"{}\"\n",
                  crystal.n_atoms(), lattice, displacements.empty() ? "" : ":U:R:9", on_one_line(comment));
  for (int s = 0; s < crystal.n_atoms(); ++s) {
    text += fmt::format("{:<3} {:>20} {:>20} {:>20} {:>18}", element_of(crystal.species[s]),
                        number(crystal.positions(s, 0)), number(crystal.positions(s, 1)),
                        number(crystal.positions(s, 2)), number(crystal.masses[s]));
    for (int i = 0; i < 9 && !displacements.empty(); ++i) {
      text += fmt::format(" {}", number(displacements[s](i / 3, i % 3)));
    }
    text += '\n';
  }
  return text;
}

}  // namespace

void write_structure(const Crystal& crystal, const std::string& path, const std::string& comment,
                     const std::vector<Eigen::Matrix3d>& displacements) {
  if (!displacements.empty() && displacements.size() != crystal.species.size()) {
    throw InputError{"{}: {} displacement tensors for {} atoms: give one for each atom", path, displacements.size(),
                     crystal.n_atoms()};
  }
  if (path.ends_with(".cif")) return write_file(path, cif_text(crystal, comment, displacements));
  if (path.ends_with(".extxyz")) return write_file(path, extxyz_text(crystal, comment, displacements));
  throw InputError{"{}: structures are written as .cif or .extxyz; choose one of these endings", path};
}

std::string poscar_text(const Crystal& crystal, const std::string& comment) {
  std::string text = on_one_line(comment) + "\n1.0\n";
  for (int i = 0; i < 3; ++i) {
    for (int k = 0; k < 3; ++k) text += fmt::format(" {:20.14f}", crystal.cell(i, k));
    text += '\n';
  }
  std::vector<std::string> elements;
  for (const std::string& label : crystal.species) {
    const std::string element = element_of(label);
    if (std::find(elements.begin(), elements.end(), element) == elements.end()) elements.push_back(element);
  }
  std::string labels, counts, rows;
  for (const std::string& element : elements) {
    int count = 0;
    for (int s = 0; s < crystal.n_atoms(); ++s) {
      if (element_of(crystal.species[s]) != element) continue;
      ++count;
      for (int k = 0; k < 3; ++k) rows += fmt::format(" {:20.14f}", crystal.positions(s, k));
      rows += '\n';
    }
    labels += fmt::format(" {:>4}", element);
    counts += fmt::format(" {:>4}", count);
  }
  return text + labels + '\n' + counts + "\nCartesian\n" + rows;
}

}  // namespace zeropoint
