#include "phonons/q_grid.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <string>

#include "core/error.hpp"

namespace zeropoint::phonons {
namespace {

constexpr double tolerance = 1e-4;  // noise of q as printed; fractions k/N with N <= 60 are at least 2.7e-4 apart
constexpr int largest_division = 60;

std::string text(const Eigen::Vector3d& q) { return fmt::format("({:.6f}, {:.6f}, {:.6f})", q[0], q[1], q[2]); }

double distance_to_fraction(double q, int n) { return std::abs(q - std::round(q * n) / n); }

int wrap(int i, int n) { return (i % n + n) % n; }

Eigen::Vector3i grid_integers(const Eigen::Vector3d& q, const Eigen::Vector3i& divisions) {
  Eigen::Vector3i k;
  for (int i = 0; i < 3; ++i) k[i] = wrap(static_cast<int>(std::lround(q[i] * divisions[i])), divisions[i]);
  return k;
}

int position(const Eigen::Vector3i& k, const Eigen::Vector3i& divisions) {
  return (k[0] * divisions[1] + k[1]) * divisions[2] + k[2];
}

Eigen::Vector3i negative(const Eigen::Vector3i& k, const Eigen::Vector3i& divisions) {
  return {wrap(-k[0], divisions[0]), wrap(-k[1], divisions[1]), wrap(-k[2], divisions[2])};
}

Eigen::Vector3d fractions(const Eigen::Vector3i& k, const Eigen::Vector3i& divisions) {
  Eigen::Vector3d q;
  for (int i = 0; i < 3; ++i)
    q[i] = static_cast<double>(2 * k[i] > divisions[i] ? k[i] - divisions[i] : k[i]) / divisions[i];
  return q;
}

/// Smallest N_i that make every N_i q_i an integer.
Eigen::Vector3i smallest_divisions(const std::vector<Eigen::Vector3d>& points) {
  Eigen::Vector3i divisions;
  for (int i = 0; i < 3; ++i) {
    int common = 1;
    for (const Eigen::Vector3d& q : points) {
      int n = 1;
      while (n <= largest_division && distance_to_fraction(q[i], n) >= tolerance) ++n;
      if (n > largest_division) {
        throw InputError{
            "q = {} (crystal coordinates) lies on no grid: component {} is no fraction k/N with N up to {}; give the "
            "matrices of a commensurate grid, all with the same cell",
            text(q), i + 1, largest_division};
      }
      common = std::lcm(common, n);
      if (common > largest_division) {
        throw InputError{
            "q = {} and the points before it share no grid with at most {} divisions along b{}: are they of one grid "
            "and one cell?",
            text(q), largest_division, i + 1};
      }
    }
    divisions[i] = common;
  }
  return divisions;
}

}  // namespace

QGrid::QGrid(const Eigen::Vector3i& divisions) : divisions_(divisions) {
  if ((divisions.array() < 1).any()) {
    throw InputError{"q grid {} x {} x {}: every division must be at least 1", divisions[0], divisions[1],
                     divisions[2]};
  }
  std::vector<bool> taken(static_cast<std::size_t>(divisions.prod()), false);
  Eigen::Vector3i k;
  for (k[0] = 0; k[0] < divisions[0]; ++k[0]) {
    for (k[1] = 0; k[1] < divisions[1]; ++k[1]) {
      for (k[2] = 0; k[2] < divisions[2]; ++k[2]) {
        const auto here = static_cast<std::size_t>(position(k, divisions));
        if (taken[here]) continue;
        const auto partner = static_cast<std::size_t>(position(negative(k, divisions), divisions));
        taken[here] = taken[partner] = true;
        points_.push_back(fractions(k, divisions));
        if (partner != here) points_.push_back(-points_.back());
        stars_.push_back(partner != here ? 2 : 1);
      }
    }
  }
  index_points();
}

QGrid::QGrid(std::vector<Eigen::Vector3d> points, std::vector<int> stars)
    : points_(std::move(points)), stars_(std::move(stars)) {
  if (points_.empty()) throw InputError{"a q grid without points: at least Gamma is needed"};
  if (std::accumulate(stars_.begin(), stars_.end(), 0) != size() ||
      std::any_of(stars_.begin(), stars_.end(), [](int n) { return n < 1; })) {
    throw InputError{"the stars hold {} q points, the list has {}", std::accumulate(stars_.begin(), stars_.end(), 0),
                     size()};
  }
  for (const Eigen::Vector3d& q : points_) {
    if (!q.allFinite()) throw InputError{"a q point is NaN or infinite"};
  }
  divisions_ = smallest_divisions(points_);
  // Exact fractions, so that phases are exact.
  for (Eigen::Vector3d& q : points_) {
    for (int i = 0; i < 3; ++i) q[i] = std::round(q[i] * divisions_[i]) / divisions_[i] + 0.0;
  }
  index_points();
}

void QGrid::index_points() {
  lookup_.assign(static_cast<std::size_t>(divisions_.prod()), -1);
  for (int iq = 0; iq < size(); ++iq) {
    const Eigen::Vector3d& q = points_[iq];
    integers_.push_back(grid_integers(q, divisions_));
    int& slot = lookup_[position(integers_.back(), divisions_)];
    if (slot >= 0) {
      throw InputError{"q = {} (crystal coordinates) is given twice, as points {} and {}: keep one", text(q), slot + 1,
                       iq + 1};
    }
    slot = iq;
  }
  for (int iq = 0; iq < size(); ++iq) {
    const Eigen::Vector3i partner = negative(integers(iq), divisions_);
    minus_.push_back(lookup_[position(partner, divisions_)]);
    if (minus_.back() < 0) {
      throw InputError{
          "q = {} (crystal coordinates) is given but -q is not: a star must hold both; make its file with time "
          "reversal, "
          "or add the complex conjugate matrix",
          text(points_[iq])};
    }
    if (minus_.back() >= iq) independent_.push_back(iq);
  }
  if (size() != divisions_.prod()) {
    std::string missing;
    int n_missing = 0;
    Eigen::Vector3i k;
    for (k[0] = 0; k[0] < divisions_[0]; ++k[0]) {
      for (k[1] = 0; k[1] < divisions_[1]; ++k[1]) {
        for (k[2] = 0; k[2] < divisions_[2]; ++k[2]) {
          if (lookup_[position(k, divisions_)] >= 0) continue;
          if (++n_missing <= 6) missing += (n_missing > 1 ? ", " : "") + text(fractions(k, divisions_));
        }
      }
    }
    throw InputError{
        "{} of {} q points of the {} x {} x {} grid are missing: {}{} (crystal coordinates); give the files of all "
        "stars",
        n_missing,
        divisions_.prod(),
        divisions_[0],
        divisions_[1],
        divisions_[2],
        missing,
        n_missing > 6 ? ", ..." : ""};
  }
  gamma_ = lookup_[0];
}

std::vector<int> QGrid::representatives() const {
  std::vector<int> firsts;
  int first = 0;
  for (const int count : stars_) {
    firsts.push_back(first);
    first += count;
  }
  return firsts;
}

int QGrid::find(const Eigen::Vector3d& q) const {
  if (!q.allFinite()) return -1;
  const Eigen::Vector3d folded = q.array() - q.array().round();
  for (int i = 0; i < 3; ++i) {
    if (distance_to_fraction(folded[i], divisions_[i]) >= tolerance) return -1;
  }
  return lookup_[position(grid_integers(folded, divisions_), divisions_)];
}

}  // namespace zeropoint::phonons
