#include "phonons/finite_differences.hpp"

#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "core/error.hpp"
#include "phonons/force_constants.hpp"
#include "phonons/q_stars.hpp"
#include "phonons/symmetrizer.hpp"

namespace zeropoint::phonons {
namespace {

using Operations = std::vector<const SymmetryOperation*>;

constexpr std::int64_t at_once = 64;     // displaced supercells in one call of the potential
constexpr double independent = 0.1;      // smallest singular value of unit vectors that span space well
constexpr double same_direction = 1e-6;  // of unit vectors

/// An atom of the unit cell and the directions along which it is displaced.
struct DisplacedSite {
  int site;
  Operations keeping;  ///< operations that map the site onto an image of itself
  struct Direction {
    Eigen::Vector3d along;
    const SymmetryOperation* turning = nullptr;  ///< maps `along` to -along
  };
  std::vector<Direction> directions;
};

double smallest_singular_value(const std::vector<Eigen::Vector3d>& vectors) {
  Eigen::Matrix3d square = Eigen::Matrix3d::Zero();
  for (const Eigen::Vector3d& v : vectors) square += v * v.transpose();
  Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d> solver;
  solver.computeDirect(square, Eigen::EigenvaluesOnly);
  return std::sqrt(std::max(0.0, solver.eigenvalues()[0]));
}

void add_images(const Eigen::Vector3d& along, const Operations& operations, std::vector<Eigen::Vector3d>& images) {
  for (const SymmetryOperation* operation : operations) images.push_back(operation->cartesian * along);
}

/// As few directions as span space with their images: axes and diagonals of the cell are tried.
std::vector<Eigen::Vector3d> spanning_directions(const Eigen::Matrix3d& cell, const Operations& operations) {
  std::vector<Eigen::Vector3d> candidates;
  for (int a = -1; a <= 1; ++a) {
    for (int b = -1; b <= 1; ++b) {
      for (int c = -1; c <= 1; ++c) {
        const Eigen::Vector3i lattice(a, b, c);
        // One of each pair of opposite ones: the first index that is not zero is positive.
        if (const int first = a != 0 ? a : (b != 0 ? b : c); first <= 0) continue;
        candidates.push_back((cell.transpose() * lattice.cast<double>()).normalized());
      }
    }
  }
  // Cell vectors before diagonals.
  std::stable_sort(candidates.begin(), candidates.end(), [&](const Eigen::Vector3d& x, const Eigen::Vector3d& y) {
    const auto n_axes = [&](const Eigen::Vector3d& v) {
      int n = 0;
      for (int i = 0; i < 3; ++i) n += (v - cell.row(i).transpose().normalized()).norm() < same_direction;
      return n;
    };
    return n_axes(x) > n_axes(y);
  });
  const auto spans = [&](const std::vector<Eigen::Vector3d>& chosen) {
    std::vector<Eigen::Vector3d> images;
    for (const Eigen::Vector3d& along : chosen) add_images(along, operations, images);
    return smallest_singular_value(images) > independent;
  };
  for (const Eigen::Vector3d& a : candidates) {
    if (spans({a})) return {a};
  }
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    for (std::size_t j = i + 1; j < candidates.size(); ++j) {
      if (spans({candidates[i], candidates[j]})) return {candidates[i], candidates[j]};
    }
  }
  return {Eigen::Vector3d::UnitX(), Eigen::Vector3d::UnitY(), Eigen::Vector3d::UnitZ()};
}

std::vector<DisplacedSite> sites_to_displace(const Crystal& crystal, const SpaceGroup& group, bool reduced) {
  std::vector<bool> covered(static_cast<std::size_t>(crystal.n_atoms()), false);
  std::vector<DisplacedSite> sites;
  for (int s = 0; s < crystal.n_atoms(); ++s) {
    if (covered[s]) continue;
    DisplacedSite site{s, {}, {}};
    for (const SymmetryOperation& operation : group.operations) {
      const int image = operation.permutation[s];
      if (image == s && (reduced || site.keeping.empty())) site.keeping.push_back(&operation);
      if (reduced) covered[image] = true;
    }
    const std::vector<Eigen::Vector3d> directions =
        reduced ? spanning_directions(crystal.cell, site.keeping)
                : std::vector<Eigen::Vector3d>{Eigen::Vector3d::UnitX(), Eigen::Vector3d::UnitY(),
                                               Eigen::Vector3d::UnitZ()};
    for (const Eigen::Vector3d& along : directions) {
      DisplacedSite::Direction direction{along};
      for (const SymmetryOperation* operation : site.keeping) {
        if ((operation->cartesian * along + along).norm() < same_direction) direction.turning = operation;
      }
      site.directions.push_back(direction);
    }
    sites.push_back(std::move(site));
  }
  return sites;
}

/// [n_atoms of the supercell] where {S|t}, followed by the lattice translation that brings `site` of cell 0 back, takes
/// each atom.
std::vector<int> images_in(const Supercell& supercell, const SymmetryOperation& operation, int site) {
  std::vector<int> images;
  const Eigen::Vector3i back = operation.shift[site];
  for (int atom = 0; atom < supercell.n_atoms(); ++atom) {
    const auto s = static_cast<std::size_t>(supercell.site_of(atom));
    const Eigen::Vector3i cell =
        operation.rotation * supercell.lattice_vector(supercell.cell_of(atom)) + operation.shift[s] - back;
    images.push_back(supercell.atom_index(supercell.cell_index(cell), operation.permutation[s]));
  }
  return images;
}

/// {S|t} applied to vectors on the atoms.
Vectors turned(const Vectors& vectors, const SymmetryOperation& operation, const std::vector<int>& images) {
  Vectors result(vectors.rows(), 3);
  for (std::size_t i = 0; i < images.size(); ++i) {
    result.row(images[i]) = (operation.cartesian * vectors.row(static_cast<Eigen::Index>(i)).transpose()).transpose();
  }
  return result;
}

/// Forces of displaced supercells, evaluated a few at a time.
class ForceCalculation {
 public:
  ForceCalculation(const Potential& potential, const Supercell& supercell, const DifferenceOptions& options)
      : potential_(potential), supercell_(supercell), options_(options) {}

  /// Number of the configuration with one atom moved.
  std::size_t add(int atom, const Eigen::Vector3d& displacement) {
    moved_.emplace_back(atom, displacement);
    return moved_.size() - 1;
  }

  /// [n_atoms, 3] of each configuration, eV/angstrom.
  std::vector<Vectors> evaluate() const {
    const auto n = static_cast<std::int64_t>(moved_.size()), n_atoms = static_cast<std::int64_t>(supercell_.n_atoms());
    std::vector<Vectors> forces;
    for (std::int64_t begin = 0; begin < n; begin += at_once) {
      const std::int64_t count = std::min(at_once, n - begin);
      const at::Tensor u = at::zeros({count, n_atoms, 3}, at::kDouble);
      for (std::int64_t c = 0; c < count; ++c) {
        const auto& [atom, displacement] = moved_[begin + c];
        Eigen::Map<Vectors>(u.mutable_data_ptr<double>() + 3 * n_atoms * c, n_atoms, 3).row(atom) =
            displacement.transpose();
      }
      const Evaluation evaluation = potential_.evaluate(supercell_, u);
      check_finite(evaluation, "the potential");
      const at::Tensor f = evaluation.forces.cpu().contiguous();
      for (std::int64_t c = 0; c < count; ++c) {
        forces.emplace_back(Eigen::Map<const Vectors>(f.const_data_ptr<double>() + 3 * n_atoms * c, n_atoms, 3));
      }
      if (options_.progress) options_.progress(begin + count, n);
    }
    return forces;
  }

 private:
  const Potential& potential_;
  const Supercell& supercell_;
  const DifferenceOptions& options_;
  std::vector<std::pair<int, Eigen::Vector3d>> moved_;
};

/// The configurations +h, -h, +2h, -2h of one direction; -h is missing where symmetry gives it.
struct Stencil {
  std::vector<std::size_t> plus, minus;
};
using Stencils = std::map<std::pair<int, std::size_t>, Stencil>;  // of a site and the number of a direction

Stencils stencils_of(const std::vector<DisplacedSite>& sites, const DifferenceOptions& options,
                     ForceCalculation& calculation) {
  Stencils stencils;
  for (const DisplacedSite& site : sites) {
    for (std::size_t d = 0; d < site.directions.size(); ++d) {
      Stencil& stencil = stencils[{site.site, d}];
      for (int step = 1; step <= options.order / 2; ++step) {
        const Eigen::Vector3d u = step * options.displacement * site.directions[d].along;
        stencil.plus.push_back(calculation.add(site.site, u));
        if (!site.directions[d].turning) stencil.minus.push_back(calculation.add(site.site, -u));
      }
    }
  }
  return stencils;
}

/// Phi between all atoms (rows) and one displaced atom of cell 0, (3 n_atoms, 3): Phi_{S(j)s} S d = S (Phi_js d) for
/// every operation that keeps s, least squares over all of them.
Eigen::MatrixX3d column_of(const DisplacedSite& site, const Stencils& stencils, const std::vector<Vectors>& forces,
                           const Supercell& supercell, const DifferenceOptions& options) {
  const double h = options.displacement;
  const Eigen::Index n_rows = 3 * supercell.n_atoms();
  Eigen::MatrixX3d products = Eigen::MatrixX3d::Zero(n_rows, 3);
  Eigen::Matrix3d squares = Eigen::Matrix3d::Zero();
  for (std::size_t d = 0; d < site.directions.size(); ++d) {
    const auto& [along, turning] = site.directions[d];
    const Stencil& stencil = stencils.at({site.site, d});
    const auto difference = [&, &turning = turning](std::size_t step) -> Vectors {
      const Vectors& plus = forces[stencil.plus[step]];
      return turning ? plus - turned(plus, *turning, images_in(supercell, *turning, site.site))
                     : plus - forces[stencil.minus[step]];
    };
    const Vectors slope =
        options.order == 2 ? Vectors(difference(0) / (2 * h)) : Vectors((8 * difference(0) - difference(1)) / (12 * h));
    for (const SymmetryOperation* operation : site.keeping) {
      const Eigen::Vector3d image = operation->cartesian * along;
      const Vectors there = -turned(slope, *operation, images_in(supercell, *operation, site.site));
      squares += image * image.transpose();
      products += Eigen::Map<const Eigen::VectorXd>(there.data(), n_rows) * image.transpose();
    }
  }
  return products * squares.inverse();
}

/// The same for all atoms that operations take `site` to, [n_atoms of the cell] of (3 n_atoms, 3), where they are not
/// there already.
void add_images(const DisplacedSite& site, const Eigen::MatrixX3d& found, const SpaceGroup& group,
                const Supercell& supercell, bool reduced, std::vector<Eigen::MatrixX3d>& columns) {
  for (const SymmetryOperation& operation : group.operations) {
    Eigen::MatrixX3d& column = columns[operation.permutation[static_cast<std::size_t>(site.site)]];
    if (column.rows() > 0 || (!reduced && &operation != &group.operations.front())) continue;
    column.resize(found.rows(), 3);
    const std::vector<int> images = images_in(supercell, operation, site.site);
    for (int j = 0; j < supercell.n_atoms(); ++j) {
      column.middleRows<3>(3 * images[j]) =
          operation.cartesian * found.middleRows<3>(3 * j) * operation.cartesian.transpose();
    }
  }
}

/// Force constants between the atoms of each cell (rows) and those of cell 0, [n_cells] of (3n, 3n).
std::vector<Eigen::MatrixXd> constants_of(const std::vector<Eigen::MatrixX3d>& columns, const Supercell& supercell) {
  const int n_sites = static_cast<int>(columns.size()), n_modes = 3 * n_sites;
  std::vector<Eigen::MatrixXd> constants(static_cast<std::size_t>(supercell.n_cells()),
                                         Eigen::MatrixXd(n_modes, n_modes));
  for (int cell = 0; cell < supercell.n_cells(); ++cell) {
    for (int s = 0; s < n_sites; ++s)
      constants[cell].middleCols<3>(3 * s) = columns[s].middleRows(n_modes * cell, n_modes);
  }
  return constants;
}

}  // namespace

HarmonicMatrices harmonic_matrices(const Potential& potential, const Crystal& crystal, const Eigen::Vector3i& divisions,
                                   const SpaceGroup& whole_group, const DifferenceOptions& options) {
  if (options.order != 2 && options.order != 4)
    throw InputError{"differences of order {}: there are those of order 2 and 4", options.order};
  if (!(options.displacement > 0))
    throw InputError{"a displacement of {} angstrom: it must be above 0, as 0.01", options.displacement};
  const SpaceGroup group = keeping_mesh(whole_group, divisions);
  const Supercell supercell(crystal, divisions);
  const std::vector<DisplacedSite> sites = sites_to_displace(crystal, group, options.reduced);

  ForceCalculation calculation(potential, supercell, options);
  const std::size_t at_rest = calculation.add(0, Eigen::Vector3d::Zero());
  const Stencils stencils = stencils_of(sites, options, calculation);
  const std::vector<Vectors> forces = calculation.evaluate();
  std::vector<Eigen::MatrixX3d> columns(static_cast<std::size_t>(crystal.n_atoms()));
  for (const DisplacedSite& site : sites) {
    add_images(site, column_of(site, stencils, forces, supercell, options), group, supercell, options.reduced, columns);
  }

  HarmonicMatrices result{{crystal, grid_of_stars(divisions, group), {}, {}, 0, {}}, 0, 0, 0, 0};
  result.n_displacements = static_cast<int>(forces.size()) - 1;
  result.n_operations = static_cast<int>(group.operations.size());
  result.residual_force = forces[at_rest].rowwise().norm().maxCoeff();
  result.matrices.blocks = to_bloch(constants_of(columns, supercell), result.matrices.grid);
  std::vector<Eigen::MatrixXcd> change = result.matrices.blocks;
  Symmetrizer(group, crystal, result.matrices.grid).matrices(result.matrices.blocks);
  for (std::size_t iq = 0; iq < change.size(); ++iq) change[iq] -= result.matrices.blocks[iq];
  const double size = norm(result.matrices.blocks);
  result.asymmetry = size > 0 ? norm(change) / size : 0;
  return result;
}

}  // namespace zeropoint::phonons
