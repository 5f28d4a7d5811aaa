#pragma once

#include <Eigen/Core>
#include <string>
#include <vector>

#include "core/supercell.hpp"
#include "files/text_scanner.hpp"

namespace zeropoint::phonons {

/// The line N1 N2 N3 of files of q2r.x. @throws InputError with file and line.
Eigen::Vector3i read_cell_divisions(TextScanner& scan);

/// What follows: blocks (j1, j2, a, b), in each the cells with m1 fastest. [n_cells] (3n, 3n) between cell R (rows) and
/// cell 0, as printed, cells in the order of Supercell. @throws InputError with file and line.
std::vector<Eigen::MatrixXd> read_cell_blocks(TextScanner& scan, const Crystal& crystal,
                                              const Eigen::Vector3i& divisions);

/// The line of divisions and the blocks, in the columns of q2r.x.
std::string cell_blocks_text(const Supercell& supercell, const std::vector<Eigen::MatrixXd>& blocks);

}  // namespace zeropoint::phonons
