#include "phonons/stars.hpp"

#include "phonons/q_stars.hpp"

namespace zeropoint::phonons {

QGrid grid_in_stars(const Crystal& crystal, const Eigen::Vector3i& divisions) {
  return grid_of_stars(divisions, find_space_group(crystal));
}

}  // namespace zeropoint::phonons
