#include "tests/support/crystals.hpp"

#include <Eigen/Geometry>
#include <cmath>
#include <numbers>
#include <random>

namespace zeropoint::test {
namespace {

using phonons::DynamicalMatrices;

Crystal crystal_of(const Eigen::Matrix3d& cell, const std::vector<Eigen::RowVector3d>& fractional,
                   const std::vector<std::string>& species, const std::vector<double>& masses) {
  Crystal crystal;
  crystal.cell = cell;
  crystal.positions.resize(static_cast<Eigen::Index>(fractional.size()), 3);
  for (std::size_t s = 0; s < fractional.size(); ++s)
    crystal.positions.row(static_cast<Eigen::Index>(s)) = fractional[s] * cell;
  crystal.species = species;
  crystal.masses = Eigen::Map<const Eigen::VectorXd>(masses.data(), static_cast<Eigen::Index>(masses.size()));
  return crystal;
}

}  // namespace

Crystal diamond_crystal() {
  const double h = 2.715;
  Eigen::Matrix3d cell;
  cell << 0, h, h, h, 0, h, h, h, 0;
  return crystal_of(cell, {{0, 0, 0}, {0.25, 0.25, 0.25}}, {"Si", "Si"}, {28.085, 28.085});
}

Crystal wurtzite_crystal() {
  const double a = 3.25, c = 5.2, u = 0.382;
  Eigen::Matrix3d cell;
  cell << a, 0, 0, -a / 2, a * std::sqrt(3.0) / 2, 0, 0, 0, c;
  const double third = 1.0 / 3;
  return crystal_of(
      cell, {{third, 2 * third, 0}, {2 * third, third, 0.5}, {third, 2 * third, u}, {2 * third, third, u + 0.5}},
      {"Zn", "Zn", "O", "O"}, {65.38, 65.38, 15.999, 15.999});
}

Crystal cmc21_crystal() {
  // Conventional axes a, b, c; primitive vectors (a -+ b)/2 and c. 4a: (0 y z), (0 -y z+1/2) and centred copies.
  const double a = 4.1, b = 5.3, c = 4.7;
  Eigen::Matrix3d cell;
  cell << a / 2, -b / 2, 0, a / 2, b / 2, 0, 0, 0, c;
  const double y1 = 0.12, z1 = 0.03, y2 = 0.31, z2 = 0.42;  // (0 y z) is (-y, y, z) in the primitive vectors
  return crystal_of(cell, {{-y1, y1, z1}, {y1, -y1, z1 + 0.5}, {-y2, y2, z2}, {y2, -y2, z2 + 0.5}},
                    {"Ge", "Ge", "S", "S"}, {72.63, 72.63, 32.06, 32.06});
}

Crystal p21c_crystal() {
  Eigen::Matrix3d cell;
  const double beta = 103 * std::numbers::pi / 180;
  cell << 5.1, 0, 0, 0, 5.6, 0, 5.3 * std::cos(beta), 0, 5.3 * std::sin(beta);
  std::vector<Eigen::RowVector3d> all;
  for (const Eigen::RowVector3d& f : {Eigen::RowVector3d(0.28, 0.04, 0.21), Eigen::RowVector3d(0.07, 0.33, 0.35)}) {
    all.push_back(f);
    all.emplace_back(-f[0], f[1] + 0.5, -f[2] + 0.5);
    all.emplace_back(-f);
    all.emplace_back(f[0], -f[1] + 0.5, f[2] + 0.5);
  }
  return crystal_of(cell, all, {"Zr", "Zr", "Zr", "Zr", "O", "O", "O", "O"},
                    {91.224, 91.224, 91.224, 91.224, 15.999, 15.999, 15.999, 15.999});
}

Crystal triclinic_lattice() {
  Eigen::Matrix3d cell;
  cell << 2.9, 0.2, -0.3, 0.4, 3.1, 0.3, -0.2, 0.5, 3.3;
  return crystal_of(cell, {{0, 0, 0}}, {"Po"}, {40});
}

Eigen::Matrix3d some_rotation() {
  return Eigen::AngleAxisd(1.234, Eigen::Vector3d(0.3, -0.8, 0.5).normalized()).toRotationMatrix();
}

Crystal rotated(Crystal crystal, const Eigen::Matrix3d& rotation) {
  crystal.cell = (crystal.cell * rotation.transpose()).eval();
  crystal.positions = (crystal.positions * rotation.transpose()).eval();
  return crystal;
}

Crystal with_origin_moved(Crystal crystal, const Eigen::Vector3d& shift) {
  crystal.positions.rowwise() += shift.transpose();
  return crystal;
}

Crystal reordered(const Crystal& crystal, const std::vector<int>& order) {
  Crystal result = crystal;
  for (std::size_t s = 0; s < order.size(); ++s) {
    const auto here = static_cast<Eigen::Index>(s);
    result.positions.row(here) = crystal.positions.row(order[s]);
    result.species[s] = crystal.species[order[s]];
    result.masses[here] = crystal.masses[order[s]];
  }
  return result;
}

Crystal with_other_cell(Crystal crystal, const Eigen::Matrix3i& unimodular) {
  crystal.cell = (unimodular.cast<double>() * crystal.cell).eval();
  return crystal;
}

Crystal with_other_images(Crystal crystal, const std::vector<Eigen::Vector3i>& shifts) {
  for (std::size_t s = 0; s < shifts.size(); ++s) {
    crystal.positions.row(static_cast<Eigen::Index>(s)) += shifts[s].cast<double>().transpose() * crystal.cell;
  }
  return crystal;
}

DynamicalMatrices rotated(DynamicalMatrices matrices, const Eigen::Matrix3d& rotation) {
  matrices.crystal = rotated(std::move(matrices.crystal), rotation);
  for (Eigen::MatrixXcd& block : matrices.blocks) {
    for (Eigen::Index s = 0; s < block.rows(); s += 3) {
      for (Eigen::Index t = 0; t < block.cols(); t += 3) {
        block.block<3, 3>(s, t) = (rotation * block.block<3, 3>(s, t) * rotation.transpose()).eval();
      }
    }
  }
  return matrices;
}

DynamicalMatrices with_origin_moved(DynamicalMatrices matrices, const Eigen::Vector3d& shift) {
  matrices.crystal = with_origin_moved(std::move(matrices.crystal), shift);
  return matrices;
}

DynamicalMatrices reordered(const DynamicalMatrices& matrices, const std::vector<int>& order) {
  DynamicalMatrices result = matrices;
  result.crystal = reordered(matrices.crystal, order);
  for (std::size_t iq = 0; iq < matrices.blocks.size(); ++iq) {
    for (std::size_t s = 0; s < order.size(); ++s) {
      for (std::size_t t = 0; t < order.size(); ++t) {
        result.blocks[iq].block<3, 3>(3 * static_cast<Eigen::Index>(s), 3 * static_cast<Eigen::Index>(t)) =
            matrices.blocks[iq].block<3, 3>(3 * order[s], 3 * order[t]);
      }
    }
  }
  return result;
}

DynamicalMatrices with_other_cell(DynamicalMatrices matrices, const Eigen::Matrix3i& unimodular) {
  matrices.crystal = with_other_cell(std::move(matrices.crystal), unimodular);
  std::vector<Eigen::Vector3d> points;
  for (const Eigen::Vector3d& q : matrices.grid.points()) points.emplace_back(unimodular.cast<double>() * q);
  matrices.grid = phonons::QGrid(std::move(points), matrices.grid.stars());
  return matrices;
}

DynamicalMatrices with_other_images(DynamicalMatrices matrices, const std::vector<Eigen::Vector3i>& shifts) {
  matrices.crystal = with_other_images(std::move(matrices.crystal), shifts);
  for (std::size_t iq = 0; iq < matrices.blocks.size(); ++iq) {
    const Eigen::Vector3d& q = matrices.grid.points()[iq];
    for (std::size_t s = 0; s < shifts.size(); ++s) {
      for (std::size_t t = 0; t < shifts.size(); ++t) {
        // u_s(R) is now called u_s(R - L_s): u_s(q) gains exp(2 pi i q.L_s).
        const double angle = 2 * std::numbers::pi * q.dot((shifts[s] - shifts[t]).cast<double>());
        matrices.blocks[iq].block<3, 3>(3 * static_cast<Eigen::Index>(s), 3 * static_cast<Eigen::Index>(t)) *=
            std::polar(1.0, angle);
      }
    }
  }
  return matrices;
}

DynamicalMatrices in_other_zones(DynamicalMatrices matrices, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> zone(-2, 2);
  std::vector<Eigen::Vector3d> points;
  for (const Eigen::Vector3d& q : matrices.grid.points()) {
    points.emplace_back(q + Eigen::Vector3d(zone(random), zone(random), zone(random)));
  }
  matrices.grid = phonons::QGrid(std::move(points), matrices.grid.stars());
  return matrices;
}

double difference(const std::vector<Eigen::MatrixXcd>& a, const std::vector<Eigen::MatrixXcd>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, (a[i] - b[i]).cwiseAbs().maxCoeff());
  return largest;
}

}  // namespace zeropoint::test
