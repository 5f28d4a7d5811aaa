#pragma once

#include <Eigen/Core>
#include <string>

#include "sscha/population.hpp"

namespace zeropoint::sscha {

/// What the configurations of one part say about the density that is said to have drawn them.
struct GeneratorCheck {
  /// Sampled over theoretical variance of the unit-variance modes: mean, smallest, largest; 1 where too few of the
  /// first chunks are of this part.
  Eigen::Vector3d variance_ratio = Eigen::Vector3d::Ones();
  std::string complaint;  ///< what contradicts the density or the unit of forces, for people; empty: nothing does
};

/// Compares variances of the modes with those of the density, beyond what chance leaves, and the median slope of forces
/// on displacements with its force constants, which tells angstrom from bohr. Of the first four chunks.
GeneratorCheck compare_with_generator(const Population& population, int part);

}  // namespace zeropoint::sscha
