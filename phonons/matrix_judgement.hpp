#pragma once

#include <string>
#include <vector>

#include "phonons/matrix_file.hpp"

namespace zeropoint::phonons {

/// Puts force constants fitted to its displaced supercells into `file`, with notes and warnings on the fit; a file that
/// holds force constants stays as it is. @throws InputError when the displacements do not determine them.
void fit_displacements(MatrixFile& file);

/// What the matrices of any file can be asked, whatever wrote it: whether atoms were moved by lattice vectors behind
/// the back of their force constants, whether matrices and Born charges have the symmetry of the crystal. A sentence
/// for people for each doubt. The matrices must be there.
std::vector<std::string> doubts_about(const DynamicalMatrices& matrices, const std::string& path);

/// `file` with its matrices fitted and its doubts among the warnings: what is wanted of a file that is used for more
/// than its crystal and grid.
MatrixFile judged(MatrixFile file);

}  // namespace zeropoint::phonons
