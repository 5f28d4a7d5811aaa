#pragma once

#include <Eigen/Core>
#include <vector>

namespace zeropoint::phonons {

/// Cell vectors (rows, in units of celldm) of a Quantum ESPRESSO lattice, ibrav 1 to 14, 91, -3, -5, -9, -12, -13.
/// `celldm` as in QE: celldm[0] = a, then b/a, c/a, cosines. The result has the unit of celldm[0].
/// @throws InputError for an unknown ibrav or impossible parameters.
Eigen::Matrix3d bravais_cell(int ibrav, const std::vector<double>& celldm);

}  // namespace zeropoint::phonons
