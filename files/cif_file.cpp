#include "files/cif_file.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <numbers>

#include "core/elements.hpp"
#include "core/error.hpp"

namespace zeropoint {
namespace {

double angle_degrees(const Eigen::Vector3d& a, const Eigen::Vector3d& b) {
  return std::atan2(a.cross(b).norm(), a.dot(b)) * 180 / std::numbers::pi;
}

/// U_ij of CIF from <u_i u_j>: u = A N x with the cell vectors in the columns of A and N = diag(a*, b*, c*).
Eigen::Matrix3d cif_displacement(const Crystal& crystal, const Eigen::Matrix3d& cartesian) {
  const Eigen::Vector3d lengths = crystal.reciprocal().rowwise().norm();
  const Eigen::Matrix3d axes = crystal.cell.transpose() * lengths.asDiagonal();
  const Eigen::Matrix3d inverse = axes.inverse();
  return inverse * cartesian * inverse.transpose();
}

/// Formula, lengths and angles.
std::string cell_items(const Crystal& crystal) {
  const Eigen::Vector3d a = crystal.cell.row(0), b = crystal.cell.row(1), c = crystal.cell.row(2);
  std::string text;
  const auto item = [&](const char* name, const std::string& value) { text += fmt::format("{:<34}{}\n", name, value); };
  item("_chemical_formula_sum", [&] {
    std::map<std::string, int> counts;
    for (const std::string& label : crystal.species) ++counts[element_symbol(label)];
    std::string sum;
    for (const auto& [element, n] : counts) sum += fmt::format("{}{}{}", sum.empty() ? "" : " ", element, n);
    return "'" + sum + "'";
  }());
  item("_cell_length_a", twelve_decimals(a.norm()));
  item("_cell_length_b", twelve_decimals(b.norm()));
  item("_cell_length_c", twelve_decimals(c.norm()));
  item("_cell_angle_alpha", twelve_decimals(angle_degrees(b, c)));
  item("_cell_angle_beta", twelve_decimals(angle_degrees(a, c)));
  item("_cell_angle_gamma", twelve_decimals(angle_degrees(a, b)));
  item("_cell_volume", twelve_decimals(crystal.volume()));
  item("_space_group_name_H-M_alt", "'P 1'");
  item("_space_group_IT_number", "1");
  return text;
}

std::string cif_text(const Crystal& crystal, const std::string& comment,
                     const std::vector<Eigen::Matrix3d>& displacements) {
  std::string text = fmt::format("# {}\ndata_{}\n", on_one_line(comment), crystal.formula()) + cell_items(crystal);
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
    const std::string element = element_symbol(crystal.species[s]);
    const std::string label = fmt::format("{}{}", element, ++seen[element]);
    text += fmt::format("{:<6} {:<3} 1  {:>18}  {:>18}  {:>18}", label, element, twelve_decimals(fractional(s, 0)),
                        twelve_decimals(fractional(s, 1)), twelve_decimals(fractional(s, 2)));
    if (!displacements.empty()) {
      const Eigen::Matrix3d& cartesian = displacements[s];
      const Eigen::Matrix3d u = cif_displacement(crystal, cartesian);
      text += fmt::format("  {} Uani", twelve_decimals(cartesian.trace() / 3));
      tensors += fmt::format("{:<6} {} {} {} {} {} {}\n", label, twelve_decimals(u(0, 0)), twelve_decimals(u(1, 1)),
                             twelve_decimals(u(2, 2)), twelve_decimals(u(1, 2)), twelve_decimals(u(0, 2)),
                             twelve_decimals(u(0, 1)));
    }
    text += '\n';
  }
  if (tensors.empty()) return text;
  return text +
         "\nloop_\n_atom_site_aniso_label\n_atom_site_aniso_U_11\n_atom_site_aniso_U_22\n_atom_site_aniso_U_33\n"
         "_atom_site_aniso_U_23\n_atom_site_aniso_U_13\n_atom_site_aniso_U_12\n" +
         tensors;
}

}  // namespace

StructureFormat cif_format() {
  return {.description = "CIF",
          .recognises = [](const FileContent& file) { return file.has("_cell_length_a"); },
          .read = [](const FileContent& file) -> std::vector<FoundStructure> {
            throw InputError{"{}: CIF is not read: turn it into POSCAR or extended XYZ, with ASE for instance",
                             file.path()};
          },
          .ending = ".cif",
          .text = cif_text};
}

}  // namespace zeropoint
