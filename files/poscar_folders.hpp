#pragma once

#include "files/dft_inputs.hpp"

namespace zeropoint {

/// A folder for each configuration, FOLDER/vasp/0001/POSCAR ..., with INCAR, KPOINTS and POTCAR of the user beside it.
InputFormat poscar_folders_format();

}  // namespace zeropoint
