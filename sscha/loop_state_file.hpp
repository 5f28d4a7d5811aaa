#pragma once

#include <optional>
#include <string>

#include "sscha/population_loop.hpp"

namespace zeropoint::sscha {

/// A loop between two populations, in an HDF5 file "zeropoint sscha state" of layout version 2: the matrices at which
/// the next population is drawn (group next), cell_memory, and the history, one array [n_populations, ...] for each
/// number of a PopulationReport (group history, with start and end of each as history/start and history/end).
///
/// All bits are kept. A population without stress or extrapolation has NaN there; the arrays are missing when none has
/// them. Arrays that the reader does not know are passed over. @throws IoError.
void write_loop_state(const std::string& path, const LoopState& state);

/// Nothing when there is no such file. @throws InputError when it is damaged, of another type or of another version.
std::optional<LoopState> read_loop_state(const std::string& path);

}  // namespace zeropoint::sscha
