#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "core/error.hpp"
#include "phonons/quantum_espresso/bravais_cell.hpp"
#include "phonons/quantum_espresso/dyn.hpp"

namespace zeropoint::phonons {
namespace {

struct PrintedCell {
  int ibrav;
  std::vector<double> celldm;
  Eigen::Matrix3d axes;  // bohr
};

/// tests/data/ibrav/axes.txt, made by pw.x.
std::vector<PrintedCell> printed_cells() {
  std::ifstream file(ZEROPOINT_SOURCE_DIR "/tests/data/ibrav/axes.txt");
  std::vector<PrintedCell> cells;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string word;
    PrintedCell cell{0, std::vector<double>(6, 0.0), {}};
    words >> word >> cell.ibrav >> word;
    std::size_t index;
    char equals;
    double value;
    while (words >> index >> equals >> value) cell.celldm[index - 1] = value;
    for (int i = 0; i < 3; ++i) file >> cell.axes(i, 0) >> cell.axes(i, 1) >> cell.axes(i, 2);
    std::getline(file, line);
    cells.push_back(cell);
  }
  return cells;
}

TEST(BravaisCell, IsTheCellOfPwxForEveryIbrav) {
  const std::vector<PrintedCell> cells = printed_cells();
  ASSERT_EQ(cells.size(), 20u);
  for (const PrintedCell& cell : cells) {
    SCOPED_TRACE(cell.ibrav);
    const Eigen::Matrix3d ours = bravais_cell(cell.ibrav, cell.celldm);
    // pw.x writes 16 digits to its XML file.
    EXPECT_LT((ours - cell.axes).cwiseAbs().maxCoeff(), 1e-13 * cell.celldm[0]) << ours << "\n\n" << cell.axes;
  }
}

/// Conventional cell of a lattice as lengths and cosines (bc, ac, ab), and the lattice points per conventional cell.
struct Conventional {
  int ibrav;
  double b, c, bc, ac, ab;  // in units of a
  std::vector<Eigen::Vector3d> centring;
};

/// Metric tensor of the vectors a, b, c.
Eigen::Matrix3d metric(const Conventional& cell, double a) {
  Eigen::Matrix3d g;
  g << 1, cell.b * cell.ab, cell.c * cell.ac, cell.b * cell.ab, cell.b * cell.b, cell.b * cell.c * cell.bc,
      cell.c * cell.ac, cell.b * cell.c * cell.bc, cell.c * cell.c;
  return a * a * g;
}

TEST(BravaisCell, HasVolumeAndLatticeOfTheConventionalCell) {
  const double a = 5.3, b = 1.19, c = 1.37, cos4 = 0.23, cos5 = -0.29, cos6 = 0.11;
  const Eigen::Vector3d ab(0.5, 0.5, 0), bc(0, 0.5, 0.5), ac(0.5, 0, 0.5), body(0.5, 0.5, 0.5);
  const std::vector<Conventional> lattices{
      {1, 1, 1, 0, 0, 0, {}},          {2, 1, 1, 0, 0, 0, {ab, bc, ac}}, {3, 1, 1, 0, 0, 0, {body}},
      {-3, 1, 1, 0, 0, 0, {body}},     {4, 1, c, 0, 0, -0.5, {}},        {6, 1, c, 0, 0, 0, {}},
      {7, 1, c, 0, 0, 0, {body}},      {8, b, c, 0, 0, 0, {}},           {9, b, c, 0, 0, 0, {ab}},
      {-9, b, c, 0, 0, 0, {ab}},       {91, b, c, 0, 0, 0, {bc}},        {10, b, c, 0, 0, 0, {ab, bc, ac}},
      {11, b, c, 0, 0, 0, {body}},     {12, b, c, 0, 0, cos4, {}},       {-12, b, c, 0, cos5, 0, {}},
      {13, b, c, 0, 0, cos4, {ac}},    {-13, b, c, 0, cos5, 0, {ab}},    {14, b, c, cos4, cos5, cos6, {}},
      {5, 1, 1, cos4, cos4, cos4, {}}, {-5, 1, 1, cos4, cos4, cos4, {}}};
  for (const Conventional& lattice : lattices) {
    SCOPED_TRACE(lattice.ibrav);
    const double angles[] = {cos4, cos5, cos6};
    const Eigen::Matrix3d cell = bravais_cell(lattice.ibrav, {a, b, c, angles[0], angles[1], angles[2]});
    const Eigen::Matrix3d g = metric(lattice, a);
    const double points = 1.0 + static_cast<double>(lattice.centring.size());
    EXPECT_NEAR(cell.determinant(), std::sqrt(g.determinant()) / points, 1e-12 * a * a * a);

    // The primitive vectors are lattice points of the conventional cell: integers plus a centring vector, with its
    // metric. Coordinates follow from the conventional axes, rebuilt from the metric with a along x, b in the xy plane;
    // QE puts b along y and c in the xz plane where the unique axis is b, which is the same thing there.
    Eigen::Matrix3d axes;
    if (std::abs(lattice.ibrav) == 5) {
      EXPECT_LT((cell * cell.transpose() - g).cwiseAbs().maxCoeff(), 1e-12 * a * a);
      continue;
    }
    axes = Eigen::LLT<Eigen::Matrix3d>(g).matrixL();
    const Eigen::Matrix3d coordinates = cell * axes.inverse();
    for (int i = 0; i < 3; ++i) {
      double nearest = 1;
      std::vector<Eigen::Vector3d> allowed = lattice.centring;
      allowed.emplace_back(0, 0, 0);
      for (const Eigen::Vector3d& shift : allowed) {
        const Eigen::Vector3d d = coordinates.row(i).transpose() - shift;
        nearest = std::min(nearest, (d.array() - d.array().round()).abs().maxCoeff());
      }
      EXPECT_LT(nearest, 1e-12) << coordinates;
    }
  }
}

TEST(BravaisCell, RefusesWhatIsNoLattice) {
  EXPECT_THROW(bravais_cell(15, {1, 1, 1, 0, 0, 0}), InputError);
  EXPECT_THROW(bravais_cell(-4, {1, 1, 1, 0, 0, 0}), InputError);
  EXPECT_THROW(bravais_cell(0, {1, 1, 1, 0, 0, 0}), InputError);
  EXPECT_THROW(bravais_cell(1, {}), InputError);
  EXPECT_THROW(bravais_cell(4, {5}), InputError);                         // c/a missing
  EXPECT_THROW(bravais_cell(8, {5, 1.1, -2}), InputError);                // negative length
  EXPECT_THROW(bravais_cell(5, {5, 0, 0, -0.6}), InputError);             // beyond 120 degrees
  EXPECT_THROW(bravais_cell(12, {5, 1, 1, 1.0}), InputError);             // b along a
  EXPECT_THROW(bravais_cell(14, {5, 1, 1, 0.9, -0.9, 0.9}), InputError);  // angles of no cell
}

}  // namespace
}  // namespace zeropoint::phonons
