#pragma once

#include <string>

#include "phonons/matrix_file.hpp"

namespace zeropoint::phonons {

/// A phonopy calculation from a phonopy*.yaml, the folder that holds one, or FORCE_CONSTANTS, force_constants.hdf5,
/// FORCE_SETS beside one. What `path` names counts; else force constants come from the yaml, FORCE_CONSTANTS,
/// force_constants.hdf5, forces in the yaml, FORCE_SETS, the first that is there; charges from the yaml, else from
/// BORN. Forces are not fitted: MatrixFile::displaced holds them.
/// @throws IoError, InputError.
MatrixFile read_phonopy(const std::string& path, const UnitSet& units = units::codata2022);

/// Writes phonopy_params.yaml (everything), FORCE_CONSTANTS, force_constants.hdf5 (compact) and, of polar matrices,
/// BORN into `folder`. The dipole part stays in the force constants. Numbers of eV and angstrom.
void write_phonopy(const DynamicalMatrices& matrices, const std::string& folder,
                   const UnitSet& units = units::codata2022);

/// Whether `path` is one of these, by name, or by what an HDF5 file holds.
bool is_phonopy(const std::string& path);

/// "phonopy".
MatrixFormat phonopy_format();

}  // namespace zeropoint::phonons
