#include "tools/benchmarks/model.hpp"

#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <random>

#include "phonons/dynamical_matrices.hpp"
#include "phonons/real_bloch_basis.hpp"
#include "sscha/sampling.hpp"

namespace zeropoint::bench {
namespace {

/// Force constants of springs between all atoms closer than `reach` (angstrom): stiff along the bond, soft across.
sscha::TrialDensity springs(Crystal crystal, int divisions, double reach) {
  const int n = crystal.n_atoms();
  for (int s = 0; s < n; ++s) crystal.masses[s] = standard_mass(crystal.species[s]);
  const phonons::QGrid grid(Eigen::Vector3i::Constant(divisions));
  const Supercell supercell(crystal, grid.divisions());
  std::vector<Eigen::MatrixXd> constants(static_cast<std::size_t>(supercell.n_cells()),
                                         Eigen::MatrixXd::Zero(3 * n, 3 * n));
  const int range = static_cast<int>(std::ceil(reach / std::cbrt(crystal.volume()))) + 2;
  for (int i = -range; i <= range; ++i) {
    for (int j = -range; j <= range; ++j) {
      for (int k = -range; k <= range; ++k) {
        const Eigen::RowVector3d shift = Eigen::RowVector3d(i, j, k) * crystal.cell;
        Eigen::MatrixXd& block = constants[supercell.cell_index({i, j, k})];
        for (int s = 0; s < n; ++s) {
          for (int t = 0; t < n; ++t) {
            const Eigen::Vector3d bond = shift + crystal.positions.row(s) - crystal.positions.row(t);
            const double length = bond.norm();
            if (length < 1e-6 || length > reach) continue;
            const Eigen::Vector3d along = bond / length;
            const Eigen::Matrix3d spring =
                50 * std::exp(-length) *
                (along * along.transpose() + 0.1 * Eigen::Matrix3d::Identity());  // eV/angstrom^2
            block.block<3, 3>(3 * s, 3 * t) -= spring;
            constants[0].block<3, 3>(3 * t, 3 * t) += spring;
          }
        }
      }
    }
  }
  phonons::DynamicalMatrices matrices{crystal, grid, phonons::to_bloch(constants, grid), {}, 0, "springs"};
  return {std::move(matrices), 300, units::codata2022};
}

}  // namespace

sscha::TrialDensity rocksalt(int divisions) {
  const double half = 2.8;  // angstrom
  Crystal crystal;
  crystal.cell << 0, half, half, half, 0, half, half, half, 0;
  crystal.positions.resize(2, 3);
  crystal.positions << 0, 0, 0, half, half, half;
  crystal.species = {"Na", "Cl"};
  crystal.masses.resize(2);
  return springs(crystal, divisions, 1.6 * half);
}

sscha::TrialDensity general_14(int divisions) {
  Crystal crystal;
  crystal.cell = 6 * Eigen::Matrix3d::Identity();
  crystal.positions.resize(14, 3);
  crystal.masses.resize(14);
  std::mt19937_64 random(14);
  std::uniform_real_distribution<double> jitter(-0.2, 0.2);
  for (int s = 0; s < 14; ++s) {
    crystal.positions.row(s) << 2 * (s % 3) + jitter(random), 2 * (s / 3 % 3) + jitter(random),
        3 * (s / 9) + jitter(random);
    crystal.species.push_back(s < 2 ? "La" : s < 6 ? "Be" : "H");
  }
  return springs(crystal, divisions, 3.6);
}

sscha::TrialDensity clathrate(int divisions) {
  constexpr double a = 4.9;  // angstrom
  Crystal crystal;
  crystal.cell = a * Eigen::Matrix3d::Identity();
  crystal.positions.resize(14, 3);
  crystal.masses.resize(14);
  crystal.species = {"Rb", "Sr"};
  crystal.positions.topRows(2) << 0, 0, 0, 0.5, 0.5, 0.5;
  int site = 2;
  for (const char* species : {"B", "C"}) {
    const bool boron = *species == 'B';
    for (int axis = 0; axis < 3; ++axis) {
      for (const double along : {0.25, 0.75}) {
        Eigen::RowVector3d position = Eigen::RowVector3d::Zero();
        position[axis] = along;
        position[(axis + (boron ? 1 : 2)) % 3] = 0.5;
        crystal.positions.row(site++) = position;
        crystal.species.push_back(species);
      }
    }
  }
  crystal.positions *= a;
  return springs(crystal, divisions, 3.6);
}

Configurations draw(const sscha::TrialDensity& density, std::int64_t n, unsigned seed) {
  const phonons::DynamicalMatrices& matrices = density.matrices();
  const phonons::RealBlochBasis basis(matrices.grid, matrices.n_modes());
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  const auto fill = [&](const at::Tensor& tensor, double scale) {
    double* values = tensor.data_ptr<double>();
    for (std::int64_t i = 0; i < tensor.numel(); ++i) values[i] = scale * normal(random);
  };
  Configurations drawn;
  drawn.displacements = sscha::Sampler(density, {.seed = seed}).displacements(0, n);
  const at::Tensor u = basis.transform(drawn.displacements);
  at::Tensor forces = at::empty({basis.n_rows(), n}, at::kDouble);
  fill(forces, 0.05);  // eV/angstrom: the noise, to which the springs are added
  for (const phonons::RealBlochBasis::Slab& slab : basis.slabs()) {
    const at::Tensor pull =
        at::bmm(basis.real_blocks(matrices.blocks, slab),
                u.narrow(0, slab.first_row, slab.n_rows()).view({slab.n_blocks, slab.block_size, n}));
    forces.narrow(0, slab.first_row, slab.n_rows()).sub_(pull.reshape({slab.n_rows(), n}), 0.9);
  }
  drawn.energies = u.mul(forces).sum(0).mul(-0.5);
  drawn.forces = basis.inverse(forces).reshape(drawn.displacements.sizes()).contiguous();
  drawn.stresses = at::zeros({n, 3, 3}, at::kDouble);
  fill(drawn.stresses, 1e-3);
  drawn.stresses = drawn.stresses.add(drawn.stresses.transpose(1, 2)).contiguous();
  return drawn;
}

}  // namespace zeropoint::bench
