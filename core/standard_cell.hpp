#pragma once

#include <string>

#include "core/crystal.hpp"

namespace zeropoint {

/// The conventional cell of the International Tables that belongs to a crystal.
struct StandardCell {
  int number;            ///< of the space group
  std::string symbol;    ///< short international symbol; its first letter is the centring
  Eigen::Matrix3d cell;  ///< rows, angstrom, in spglib's standard orientation
  /// Cell vectors of the crystal in terms of the conventional ones: crystal.cell = transformation * (conventional cell,
  /// turned into the frame of the crystal). Multiples of 1/6.
  Eigen::Matrix3d transformation;
};

/// @throws InputError when spglib finds no space group within `tolerance` angstrom.
StandardCell find_standard_cell(const Crystal& crystal, double tolerance = 1e-5);

/// Niggli-reduced vectors of the same lattice, rows, by spglib. @throws InputError when the reduction fails.
Eigen::Matrix3d niggli_cell(const Eigen::Matrix3d& cell, double tolerance = 1e-5);

}  // namespace zeropoint
