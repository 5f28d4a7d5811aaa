#pragma once

#include "phonons/dispersion_file.hpp"
#include "tools/program/run_folder.hpp"

namespace zeropoint {

/// bands.dat, dos.dat, thermodynamics.dat and displacements.dat.
void write_tables(const RunFolder& folder, const phonons::Dispersion& result);
Summary summary_of(const phonons::Dispersion& result);

}  // namespace zeropoint
