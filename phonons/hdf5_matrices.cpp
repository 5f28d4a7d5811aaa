#include "phonons/hdf5_matrices.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/tensor_eigen.hpp"

namespace zeropoint::phonons {
namespace {

void require_shape(const Hdf5File& file, const std::string& name, const std::vector<std::int64_t>& expected) {
  if (const auto shape = file.shape(name); shape != expected) {
    throw InputError{"{}: '{}' is {}, {} expected: the file was damaged or made by another program", file.path(), name,
                     fmt::join(shape, " x "), fmt::join(expected, " x ")};
  }
}

}  // namespace

void write_blocks(const std::vector<Eigen::MatrixXcd>& blocks, Hdf5File& file, const std::string& name) {
  file.write(name, stacked(blocks), "eV/angstrom^2", "q,row,column");
}

void write_matrices(const DynamicalMatrices& matrices, Hdf5File& file, const std::string& group) {
  const auto name = [&](const char* what) { return group + "/" + what; };
  file.write(name("cell"), matrices.crystal.cell, "angstrom", "vector,xyz");
  file.write(name("positions"), matrices.crystal.positions, "angstrom", "atom,xyz");
  file.write(name("species"), matrices.crystal.species, "atom");
  file.write(name("masses"), matrices.crystal.masses, "amu", "atom");
  Eigen::MatrixXd points(matrices.grid.size(), 3);
  for (int iq = 0; iq < matrices.grid.size(); ++iq) points.row(iq) = matrices.grid.points()[iq];
  file.write(name("q_points"), points, "crystal coordinates", "q,xyz");
  const std::vector<int>& stars = matrices.grid.stars();
  const Eigen::VectorXd sizes =
      Eigen::Map<const Eigen::VectorXi>(stars.data(), static_cast<Eigen::Index>(stars.size())).cast<double>();
  file.write(name("stars"), sizes, "points", "star");
  write_blocks(matrices.blocks, file, name("dynamical_matrices"));
  if (matrices.polar) {
    file.write(name("dielectric_tensor"), matrices.polar->dielectric, "1", "xyz,xyz");
    file.write(name("born_charges"), stacked(matrices.polar->born_charges), "e", "atom,field,displacement");
  }
  file.write_attribute(group, "alat", matrices.alat);
}

DynamicalMatrices read_matrices(const Hdf5File& file, const std::string& group) {
  const auto name = [&](const char* what) { return group + "/" + what; };
  Crystal crystal;
  crystal.species = file.read_strings(name("species"));
  const std::int64_t n_atoms = crystal.n_atoms();
  require_shape(file, name("cell"), {3, 3});
  require_shape(file, name("positions"), {n_atoms, 3});
  require_shape(file, name("masses"), {n_atoms});
  crystal.cell = file.read_matrix(name("cell"));
  crystal.positions = file.read_matrix(name("positions"));
  crystal.masses = file.read_vector(name("masses"));
  check(crystal, file.path());

  const Eigen::MatrixXd points = file.read_matrix(name("q_points"));
  const Eigen::VectorXd sizes = file.read_vector(name("stars"));
  std::vector<Eigen::Vector3d> q;
  for (Eigen::Index i = 0; i < points.rows(); ++i) q.emplace_back(points.row(i).transpose());
  std::vector<int> stars;
  for (const double size : sizes) stars.push_back(static_cast<int>(size));
  const std::int64_t n = 3 * n_atoms, n_q = static_cast<std::int64_t>(q.size());
  require_shape(file, name("dynamical_matrices"), {n_q, n, n});
  const at::Tensor values = file.read(name("dynamical_matrices"));
  std::vector<Eigen::MatrixXcd> blocks;
  for (std::int64_t i = 0; i < n_q; ++i) {
    blocks.push_back(to_complex_matrix(values[i]));
    if (!blocks.back().allFinite())
      throw InputError{"{}: '{}' has numbers that are not finite", file.path(), name("dynamical_matrices")};
  }
  DynamicalMatrices matrices{std::move(crystal), QGrid{std::move(q), std::move(stars)}, std::move(blocks), {}, 0, {}};
  matrices.alat = file.number_attribute(group, "alat").value_or(0);
  if (file.has(name("dielectric_tensor")) && file.has(name("born_charges"))) {
    require_shape(file, name("dielectric_tensor"), {3, 3});
    require_shape(file, name("born_charges"), {n_atoms, 3, 3});
    Polar polar{file.read_matrix(name("dielectric_tensor")), {}};
    polar.born_charges = to_matrices3(file.read(name("born_charges")));
    matrices.polar = std::move(polar);
  }
  return matrices;
}

}  // namespace zeropoint::phonons
