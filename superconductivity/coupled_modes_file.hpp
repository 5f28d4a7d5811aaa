#pragma once

#include <string>

#include "core/hdf5_file.hpp"
#include "superconductivity/coupled_modes.hpp"

namespace zeropoint::superconductivity {

/// Writes modes with their coupling into a group: q_points, weights, energy (meV), smearing (Ry), density_of_states
/// (states/spin/Ry), fermi_energy (eV), and of each smearing i lambda/i and linewidth/i (meV).
void write_coupled_modes(const CoupledModes& modes, Hdf5File& file, const std::string& group);

/// What was written, without the parts of atoms and pairs. @throws InputError for arrays that are missing or do not fit
/// together.
CoupledModes read_coupled_modes(const Hdf5File& file, const std::string& group);

}  // namespace zeropoint::superconductivity
