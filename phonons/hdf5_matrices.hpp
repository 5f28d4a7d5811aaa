#pragma once

#include <string>
#include <vector>

#include "core/hdf5_file.hpp"
#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::phonons {

/// Writes everything that `read_matrices` needs into a group: cell, positions, species, masses; q_points, stars;
/// dynamical_matrices [n_q, 3n, 3n] (eV/angstrom^2, all bits); dielectric_tensor and born_charges when there are any;
/// alat.
void write_matrices(const DynamicalMatrices& matrices, Hdf5File& file, const std::string& group);

/// The dynamical matrices alone, [n_q, 3n, 3n] eV/angstrom^2.
void write_blocks(const std::vector<Eigen::MatrixXcd>& blocks, Hdf5File& file, const std::string& name);

/// @throws InputError when an array is missing or has a wrong shape, when the q points are no grid.
DynamicalMatrices read_matrices(const Hdf5File& file, const std::string& group);

}  // namespace zeropoint::phonons
