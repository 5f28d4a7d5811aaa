#pragma once

#include <Eigen/Core>
#include <string>
#include <vector>

namespace zeropoint::phonons {

/// An irreducible representation over real numbers: pairs of complex conjugate ones, which time reversal joins, are
/// one.
struct Irrep {
  std::string label;               ///< Mulliken's: "A1g", "E''", "T2"
  std::vector<double> characters;  ///< [n_operations] in the order of the rotations given
  bool infrared;                   ///< it is among those of a vector
  bool raman;                      ///< it is among those of a symmetric tensor
};

struct PointGroup {
  std::string schoenflies, international;  ///< "C6v", "6mm"
  std::string convention;                  ///< the choice of axes that labels depend on; empty where there is none
  std::vector<Irrep> irreps;
};

/// One of the 32 crystallographic point groups with its table of characters.
///
/// `rotations` [n] are Cartesian, proper and improper, each once. The rows of `conventional` are the conventional cell
/// vectors a, b, c (Cartesian): where the group alone does not tell two classes apart, as C2' and C2'' of 422, ' is
/// that along a; the axes of 222 are z along c and y along b.
/// @throws InputError when the rotations are no crystallographic point group.
PointGroup point_group(const std::vector<Eigen::Matrix3d>& rotations, const Eigen::Matrix3d& conventional);

/// How often an irreducible representation stands in one with these characters [n_operations].
double multiplicity(const Irrep& irrep, const std::vector<double>& characters);

}  // namespace zeropoint::phonons
