#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/crystal.hpp"
#include "core/error.hpp"

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

/// What every label must fulfil, whatever its format: as many forces as atoms, finite numbers, a cell with a volume,
/// atoms apart, no net force, no enormous force, a symmetric stress. @throws InputError.
void check(const LabelledStructure& structure, const LabelLimits& limits);

/// What one place of a file holds: a structure, not judged yet, or the reason why none can be read there.
using LabelledEntry = std::variant<LabelledStructure, RefusedOutput>;

/// The structures that pass check(), and the reasons of all others, both in the order of `entries`.
LabelledStructures judged(std::vector<LabelledEntry> entries, const LabelLimits& limits);

/// Why a file is refused, where its name is told already: "line 12, column 5: ..." for an error that is located in
/// `path`, else all that the error says.
std::string reason_of(const Error& error, const std::string& path);

/// The structure that `read()` returns, named `source`; an InputError of it is the reason why there is none. `path` is
/// the file.
template <class Read>
LabelledEntry labelled_entry(const std::string& source, const std::string& path, Read&& read) {
  try {
    LabelledStructure structure = read();
    structure.source = source;
    return structure;
  } catch (const InputError& error) {
    return RefusedOutput{source, reason_of(error, path)};
  }
}

/// Structures of one list of atoms each, with and without stress apart, in the order of their first: what formats of
/// arrays put together. The pointers point into `structures`.
std::vector<std::vector<const LabelledStructure*>> by_atoms(const std::vector<LabelledStructure>& structures);

}  // namespace zeropoint
