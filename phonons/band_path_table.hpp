#pragma once

#include <Eigen/Core>
#include <map>
#include <string>
#include <vector>

namespace zeropoint::phonons {

/// Lengths of a conventional cell and its angle beta.
struct ConventionalShape {
  double a, b, c, cos_beta, sin_beta;
};

/// The recommended path of one kind of Brillouin zone, and its points in terms of the primitive reciprocal vectors.
struct TabulatedPath {
  std::vector<std::vector<std::string>> pieces;   ///< labels along each unbroken piece
  std::map<std::string, Eigen::Vector3d> points;  ///< label -> crystal coordinates; "GAMMA" is among them
};

/// Path of the extended Bravais symbol `symbol` (cF2, hP1, ...) after Hinuma, Pizzi, Kumagai, Oba and Tanaka,
/// Comput. Mater. Sci. 128, 140 (2017). @throws InternalError for a symbol that does not exist.
TabulatedPath tabulated_path(const std::string& symbol, const ConventionalShape& shape);

}  // namespace zeropoint::phonons
