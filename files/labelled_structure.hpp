#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/crystal.hpp"

namespace zeropoint {

/// One structure with what a calculation from first principles says about it.
struct LabelledStructure {
  Eigen::Matrix3d cell;                   ///< rows a1, a2, a3, angstrom
  Vectors positions;                      ///< [n_atoms, 3] Cartesian, angstrom, as the file has them: wrapped or not
  std::vector<std::string> species;       ///< [n_atoms] labels of the file, such as "Fe" or "Fe1"
  double energy = 0;                      ///< eV per structure: the free energy, whose derivatives the forces are
  Vectors forces;                         ///< [n_atoms, 3] eV/angstrom
  std::optional<Eigen::Matrix3d> stress;  ///< eV/angstrom^3, positive = tensile (ASE); none when it was not computed
  std::string source;                     ///< "dft/7.out" or "set.extxyz, frame 3"
  double force_noise = 0;  ///< eV/angstrom, norm over all atoms ("Total SCF correction" of pw.x); 0: not told

  int n_atoms() const { return static_cast<int>(species.size()); }
};

/// A calculation that is damaged, not converged or of another kind.
struct RefusedOutput {
  std::string source;
  std::string reason;  ///< what is wrong, where in the file, and what to do
};

struct LabelledStructures {
  std::vector<LabelledStructure> accepted;
  std::vector<RefusedOutput> refused;
};

/// What is believed. Training sets of strongly disordered structures may need a larger `force`.
struct LabelLimits {
  double force = 50;                 ///< eV/angstrom: a longer force on an atom is refused
  double net_force_per_atom = 1e-3;  ///< eV/angstrom: forces must add up to less than this times n_atoms
};

/// Reads the output of one calculation, or a file of many labelled structures. The format is known by content, never by
/// name:
///
///   pw.x output      text of one 'scf' calculation; of runs appended to one file the last counts
///   pw.x XML         PREFIX.xml or data-file-schema.xml
///   vasprun.xml      one ionic step
///   OUTCAR           one ionic step
///   extended XYZ     any number of frames, each judged by itself; `free_energy` is preferred to `energy`
///   XSF              of aenet and ACNN, with "# total energy" and forces, and VIRIAL where there is one
///   JSON of mlearn   a list of pymatgen structures with their outputs, each judged by itself
///   DeePMD           a folder with type.raw, type_map.raw and set.*/*.npy, mixed types, too
///   HDF5             of write_structures_hdf5(), each structure judged by itself
///
/// A label that is not complete, finite and converged is refused, and so are forces beyond `limits` and stresses that
/// are not symmetric. A file of no known format is refused, too.
/// @throws IoError when the file cannot be read; never for what stands in it.
LabelledStructures read_labelled_structures(const std::string& path, const LabelLimits& limits = {});

/// Writes structures as extended XYZ: energy, forces, and stress where there is one, all digits. @throws IoError.
void write_labelled_structures(const std::vector<LabelledStructure>& structures, const std::string& path);

/// Writes DeePMD folders (type.raw, type_map.raw, set.000/*.npy in float64; virial = -volume stress), one for each list
/// of atoms, with and without stress apart: `path` itself where one is enough, else path/1, path/2, ... All have the
/// same type_map.raw. @returns the folders. @throws InputError when one of them holds a type.raw already; IoError.
std::vector<std::string> write_deepmd(const std::vector<LabelledStructure>& structures, const std::string& path);

/// Writes all structures into one HDF5 file: a group 1, 2, ... for each list of atoms, with and without stress apart,
/// holding species, cells, positions, energies, forces, stresses (positive = tensile), sources, and places in the list.
/// @throws IoError.
void write_structures_hdf5(const std::vector<LabelledStructure>& structures, const std::string& path);
constexpr const char* structures_filetype = "zeropoint structures";

/// Writes one XSF file a structure, path/000001.xsf ..., as aenet and ACNN read them: energy, forces, and VIRIAL where
/// there is a stress, all digits. @throws InputError when there are such files already; IoError.
void write_xsf(const std::vector<LabelledStructure>& structures, const std::string& path);

}  // namespace zeropoint
