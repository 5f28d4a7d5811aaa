#pragma once

#include <Eigen/Core>
#include <map>
#include <string>
#include <vector>

#include "core/crystal.hpp"

namespace zeropoint::phonons {

struct PathPoint {
  std::string label;  ///< "GAMMA", "X", "W_2" ...
  Eigen::Vector3d q;  ///< crystal coordinates of the cell in use
};

/// A path through the Brillouin zone: pieces that are drawn one after the other.
struct BandPath {
  std::string symbol;  ///< kind of Brillouin zone such as "cF2"
  std::vector<std::vector<PathPoint>> pieces;
  std::map<std::string, Eigen::Vector3d> points;  ///< every labelled point, on the path or not
  std::string neighbour{};  ///< kind that changes of the cell by 1e-4 of its lengths lead to ("oI2"); empty: none
};

/// The recommended path of `crystal` in its own cell, which may be any cell: Hinuma, Pizzi, Kumagai, Oba, Tanaka,
/// Comput. Mater. Sci. 128, 140 (2017), from spglib's conventional cell.
/// @throws InputError when spglib finds no space group within `tolerance` angstrom.
BandPath standard_path(const Crystal& crystal, double tolerance = 1e-5);

/// A path as typed, "G-X-W-G | X-L", by the labels of `standard` and of `own` (crystal coordinates, these come first).
/// G, Gamma and GAMMA are the same unless the zone has a point G.
/// @throws InputError for an unknown label (the known ones are listed) or a piece with fewer than two points.
BandPath path_of_text(const std::string& text, const BandPath& standard,
                      const std::map<std::string, Eigen::Vector3d>& own = {});

struct PathSampling {
  double spacing = 0.025;  ///< 1/angstrom, 2 pi included
  int at_least = 10;       ///< intervals a segment
};

/// A path as a list of q points. Each segment has both its ends: at Gamma the frequencies depend on where it is entered
/// from.
struct SampledPath {
  std::vector<Eigen::Vector3d> points;      ///< [n] crystal coordinates
  std::vector<Eigen::Vector3d> directions;  ///< [n] Cartesian unit vector along the segment
  std::vector<double> distances;            ///< [n] length along the path, 1/angstrom with 2 pi; breaks have none
  std::vector<int> piece;                   ///< [n] piece of the path: lines are drawn within one
  struct Tick {
    double distance;
    std::string label;  ///< "U|K" where the path jumps
  };
  std::vector<Tick> ticks;
};
SampledPath sample(const BandPath& path, const Crystal& crystal, const PathSampling& sampling = {});

}  // namespace zeropoint::phonons
