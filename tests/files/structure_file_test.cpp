#include "files/structure_file.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numbers>
#include <set>
#include <sstream>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "files/poscar.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint {
namespace {

/// As much of CIF as a P1 listing needs: items, and the rows of the loop over atoms.
struct Cif {
  std::map<std::string, std::string> items;
  std::vector<std::string> labels, elements;
  Vectors fractional;

  double value(const std::string& name) const { return std::stod(items.at(name)); }
  /// Lengths and angles to a_i . a_j.
  Eigen::Matrix3d metric() const {
    const Eigen::Vector3d length{value("_cell_length_a"), value("_cell_length_b"), value("_cell_length_c")};
    const auto cosine = [&](const char* name) { return std::cos(value(name) * std::numbers::pi / 180); };
    Eigen::Matrix3d cosines = Eigen::Matrix3d::Identity();
    cosines(1, 2) = cosines(2, 1) = cosine("_cell_angle_alpha");
    cosines(0, 2) = cosines(2, 0) = cosine("_cell_angle_beta");
    cosines(0, 1) = cosines(1, 0) = cosine("_cell_angle_gamma");
    return length.asDiagonal() * cosines * length.asDiagonal();
  }
  /// The right-handed cell with this metric, a along x.
  Eigen::Matrix3d cell() const { return metric().llt().matrixL(); }
};

Cif read_cif(const std::string& path) {
  Cif cif;
  std::vector<Eigen::Vector3d> rows;
  std::vector<std::string> columns;
  std::istringstream text(read_file(path));
  for (std::string line; std::getline(text, line);) {
    std::istringstream words(line);
    std::string first, second;
    words >> first;
    if (first == "loop_") {
      columns.clear();
    } else if (first[0] == '_') {
      if (words >> second) {
        cif.items[first] = second;
      } else {
        columns.push_back(first);
      }
    } else if (columns.size() == 6 && !first.empty()) {
      std::string element, occupancy;
      double x = 0, y = 0, z = 0;
      words >> element >> occupancy >> x >> y >> z;
      cif.labels.push_back(first);
      cif.elements.push_back(element);
      rows.emplace_back(x, y, z);
    }
  }
  cif.fractional.resize(static_cast<Eigen::Index>(rows.size()), 3);
  for (std::size_t i = 0; i < rows.size(); ++i) cif.fractional.row(static_cast<Eigen::Index>(i)) = rows[i];
  return cif;
}

Cif written(const Crystal& crystal) {
  const test::TemporaryFolder folder;
  write_structure(crystal, folder / "structure.cif", "a comment");
  return read_cif(folder / "structure.cif");
}

constexpr double rounding = 1e-9;  // files hold 12 decimals, products of them lose some

TEST(StructureFile, CifKeepsTheMetricOfATriclinicCell) {
  const Crystal crystal = test::triclinic_crystal();
  const Cif cif = written(crystal);
  EXPECT_LT((cif.metric() - crystal.cell * crystal.cell.transpose()).cwiseAbs().maxCoeff(), rounding);
  EXPECT_NEAR(cif.value("_cell_volume"), crystal.volume(), rounding);
  EXPECT_LT((cif.fractional - crystal.fractional()).cwiseAbs().maxCoeff(), rounding);
}

TEST(StructureFile, CifOfALeftHandedCellIsNotTheMirrorImage) {
  Crystal crystal = test::triclinic_crystal();
  crystal.positions = (Vectors(3, 3) << 0.1, 0.2, 0.3, 1.1, 0.7, 0.4, 0.2, 1.3, 0.9).finished();
  Crystal other = crystal;  // the same points in space, with two cell vectors exchanged
  other.cell.row(0).swap(other.cell.row(1));
  for (const Crystal& one : {crystal, other}) {
    const Cif cif = written(one);
    const Vectors positions = cif.fractional * cif.cell();
    const Eigen::Matrix3d rotation = one.cell.inverse() * (one.cell.determinant() < 0 ? -1 : 1) * cif.cell();
    EXPECT_NEAR(rotation.determinant(), 1, rounding);
    EXPECT_LT((one.positions * rotation - positions).cwiseAbs().maxCoeff(), rounding);
  }
}

TEST(StructureFile, LabelsAreUniqueAndElementsAreBare) {
  Crystal crystal = test::triclinic_crystal();
  crystal.species = {"Fe1", "Fe2", "O"};
  const Cif cif = written(crystal);
  EXPECT_EQ(cif.elements, (std::vector<std::string>{"Fe", "Fe", "O"}));
  EXPECT_EQ(std::set<std::string>(cif.labels.begin(), cif.labels.end()).size(), 3u);
  EXPECT_EQ(cif.items.at("_space_group_IT_number"), "1");
}

TEST(StructureFile, ExtxyzKeepsEveryNumber) {
  const test::TemporaryFolder folder;
  const Crystal crystal = test::triclinic_crystal();
  write_structure(crystal, folder / "structure.extxyz", "two\nlines and a \"quote\"");
  std::istringstream text(read_file(folder / "structure.extxyz"));
  std::string count, comment;
  std::getline(text, count);
  std::getline(text, comment);
  EXPECT_EQ(count, "3");
  EXPECT_NE(comment.find("Properties=species:S:1:pos:R:3:masses:R:1 "), std::string::npos) << comment;
  EXPECT_NE(comment.find("comment=\"two lines and a 'quote'\""), std::string::npos) << comment;
  std::istringstream lattice(comment.substr(comment.find('"') + 1));
  for (int i = 0; i < 9; ++i) {
    double value = 0;
    lattice >> value;
    EXPECT_NEAR(value, crystal.cell(i / 3, i % 3), rounding);
  }
  for (int s = 0; s < 3; ++s) {
    std::string species;
    double x = 0, y = 0, z = 0, mass = 0;
    text >> species >> x >> y >> z >> mass;
    EXPECT_EQ(species, crystal.species[s]);
    EXPECT_LT((Eigen::Vector3d(x, y, z) - crystal.positions.row(s).transpose()).norm(), rounding);
    EXPECT_NEAR(mass, crystal.masses[s], rounding);
  }
}

TEST(StructureFile, CifHoldsDisplacementsOnItsOwnAxes) {
  // <(b.u)^2> along a reciprocal vector b is what both forms must give: b = sum_i h_i a*_i has h^T N U_cif N h, N =
  // diag(|a*|).
  const test::TemporaryFolder folder;
  const Crystal crystal = test::triclinic_crystal();
  std::vector<Eigen::Matrix3d> displacements(3);
  for (std::size_t s = 0; s < 3; ++s) {
    const double x = 0.01 * static_cast<double>(s + 1);
    displacements[s] << x, 0.1 * x, -0.2 * x, 0.1 * x, 2 * x, 0.3 * x, -0.2 * x, 0.3 * x, 1.5 * x;
  }
  write_structure(crystal, folder / "structure.cif", "", displacements);
  const std::string text = read_file(folder / "structure.cif");
  std::istringstream rows(text.substr(text.find("_atom_site_aniso_U_12") + 21));
  const Eigen::Vector3d lengths = crystal.reciprocal().rowwise().norm();
  for (std::size_t s = 0; s < 3; ++s) {
    std::string label;
    double u11 = 0, u22 = 0, u33 = 0, u23 = 0, u13 = 0, u12 = 0;
    ASSERT_TRUE(rows >> label >> u11 >> u22 >> u33 >> u23 >> u13 >> u12);
    Eigen::Matrix3d u;
    u << u11, u12, u13, u12, u22, u23, u13, u23, u33;
    for (const Eigen::Vector3d& h : {Eigen::Vector3d(1, 0, 0), Eigen::Vector3d(1, -2, 3), Eigen::Vector3d(0, 1, 1)}) {
      const Eigen::Vector3d b = crystal.reciprocal().transpose() * h, scaled = lengths.cwiseProduct(h);
      EXPECT_NEAR(scaled.dot(u * scaled), b.dot(displacements[s] * b), rounding);
    }
  }
  write_structure(crystal, folder / "structure.extxyz", "", displacements);
  EXPECT_NE(read_file(folder / "structure.extxyz").find("masses:R:1:U:R:9 "), std::string::npos);
  displacements.pop_back();
  EXPECT_THROW(write_structure(crystal, folder / "structure.cif", "", displacements), InputError);
}

TEST(StructureFile, OtherEndingsAreRefused) {
  EXPECT_THROW(write_structure(test::triclinic_crystal(), "structure.pdb", ""), InputError);
}

TEST(Poscar, HasAtomsSortedBySpeciesAndAllDigits) {
  Crystal crystal;
  crystal.cell << 4, 0, 0, 1.0 / 3, 5, 0, 0, 0, 6;
  crystal.species = {"Li1", "H", "Li2"};
  crystal.positions = Vectors::Zero(3, 3);
  crystal.positions.row(1) << -1.0 / 7, 2, 3;
  crystal.positions.row(2) << 7, 8, 9;
  crystal.masses = Eigen::Vector3d(7, 1, 7);
  EXPECT_EQ(poscar_text(crystal, "one\nline"), R"(one line
1.0
     4.00000000000000     0.00000000000000     0.00000000000000
     0.33333333333333     5.00000000000000     0.00000000000000
     0.00000000000000     0.00000000000000     6.00000000000000
   Li    H
    2    1
Cartesian
     0.00000000000000     0.00000000000000     0.00000000000000
     7.00000000000000     8.00000000000000     9.00000000000000
    -0.14285714285714     2.00000000000000     3.00000000000000
)");
}

TEST(StructureReader, ReadsWhatTheWritersWrote) {
  const test::TemporaryFolder folder;
  const Crystal crystal = test::triclinic_crystal();
  write_structure(crystal, folder / "a.extxyz", "isotopes");
  const Crystal read = read_structure(folder / "a.extxyz");
  EXPECT_EQ(read.species, crystal.species);
  EXPECT_LT((read.cell - crystal.cell).cwiseAbs().maxCoeff(), 1e-12);  // twelve decimals
  EXPECT_LT((read.positions - crystal.positions).cwiseAbs().maxCoeff(), 1e-12);
  EXPECT_LT((read.masses - crystal.masses).cwiseAbs().maxCoeff(), 1e-12);
  write_file(folder / "POSCAR", poscar_text(crystal, "sorted by element"));
  const Crystal sorted = read_structure(folder / "POSCAR");
  EXPECT_EQ(sorted.n_atoms(), crystal.n_atoms());
  EXPECT_EQ(sorted.cell, crystal.cell);
  EXPECT_NEAR(sorted.positions.sum(), crystal.positions.sum(), 1e-12);
  write_file(folder / "two.extxyz", read_file(folder / "a.extxyz") + read_file(folder / "a.extxyz"));
  EXPECT_EQ(read_structures(folder / "two.extxyz").size(), 2u);
  EXPECT_THROW(read_structure(folder / "two.extxyz"), InputError);
}

TEST(StructureReader, KnowsTheWaysOfPoscar) {
  const test::TemporaryFolder folder;
  const auto read = [&](const std::string& scale, const std::string& rest) {
    write_file(folder / "x", "title\n" + scale + "\n2 0 0\n0 2 0\n0 0 4\n" + rest);
    return read_structure(folder / "x");
  };
  const Crystal direct = read("2.0", "Pb_d I\n1 1\nSelective dynamics\nDirect\n0 0 0 T T F\n0.5 0.5 0.25 T T T\n");
  EXPECT_EQ(direct.species, (std::vector<std::string>{"Pb", "I"}));
  EXPECT_EQ(direct.cell(2, 2), 8);
  EXPECT_EQ(direct.positions.row(1), Eigen::RowVector3d(2, 2, 2));
  EXPECT_EQ(direct.masses[0], standard_mass("Pb"));
  const Crystal volume = read("-128", "Pb I\n1 1\nCartesian\n0 0 0\n1 1 1\n");  // 16 x scale^3
  EXPECT_NEAR(volume.volume(), 128, 1e-12);
  EXPECT_NEAR(volume.positions(1, 2), 2, 1e-14);
  EXPECT_EQ(read("1 2 3", "Pb I\n1 1\nC\n0 0 0\n1 1 1\n").positions.row(1), Eigen::RowVector3d(1, 2, 3));
  const auto complaint = [&](const std::string& rest) -> std::string {
    try {
      read("1.0", rest);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(complaint("1 1\nDirect\n0 0 0\n0.5 0.5 0.5\n").find("x:6: '1 1' where the elements are expected"),
            std::string::npos);
  EXPECT_NE(complaint("Pb I\n1\nDirect\n0 0 0\n").find("x:7: 1 numbers of atoms for 2 elements"), std::string::npos);
  EXPECT_NE(complaint("Pb I\n1 1\nDirect\n0 0 0\n").find("atom 2 of 2 should follow"), std::string::npos);
  EXPECT_NE(complaint("Pb Xq\n1 1\nDirect\n0 0 0\n0.5 0.5 0.5\n").find("Xq"), std::string::npos);
  EXPECT_NE(complaint("Pb I\n1 1\nDirect\n0 0 0\n0 0 0.001\n").find("x"), std::string::npos);  // on top of each other
  write_file(folder / "a.cif", "data_x\n_cell_length_a 3\n");
  EXPECT_THROW(read_structure(folder / "a.cif"), InputError);
}

}  // namespace
}  // namespace zeropoint
