#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>

#include "core/supercell.hpp"
#include "core/units.hpp"

namespace zeropoint {

/// Labelled configurations of one supercell, float64 on one device, atoms in the order of `Supercell`.
struct Configurations {
  at::Tensor displacements;  ///< [n, n_atoms, 3] angstrom, from the positions of the reference supercell
  at::Tensor energies;       ///< [n] eV per supercell
  at::Tensor forces;         ///< [n, n_atoms, 3] eV/angstrom
  at::Tensor stresses;  ///< [n, 3, 3] eV/angstrom^3, positive = tensile (ASE); undefined when the ensemble has none

  std::int64_t size() const { return energies.size(0); }
  /// The same on `device`; what is there already is shared.
  Configurations on(at::Device device) const;
};

/// An ensemble on disk (or in memory), read in pieces: it may be larger than memory.
class Ensemble {
 public:
  virtual ~Ensemble() = default;

  virtual std::int64_t size() const = 0;
  virtual bool has_stresses() const = 0;
  /// What it is and where, for people: "python-sscha npy, population 1 in cspbi3/".
  virtual std::string description() const = 0;
  /// Configurations begin <= c < end, checked: finite, atoms near their sites, all labels there.
  /// @throws InputError or IoError naming file, line or configuration.
  virtual Configurations read(std::int64_t begin, std::int64_t end) const = 0;
  /// read() copies nothing: it hands out views of what memory holds, on the device where it lies. Else pieces are on
  /// the CPU.
  virtual bool in_memory() const { return false; }
};

struct EnsembleSource {
  std::string path = "";              ///< folder (npy, repacked npy or text of python-sscha), .h5 or .extxyz file
  int population = 1;                 ///< number in the file names
  std::int64_t n_configurations = 0;  ///< 0: all; else the first so many
  double reference_energy = 0;        ///< eV per supercell, subtracted
};

/// Opens any ensemble format for configurations of `reference`; `units` turns the foreign units of npy and text files.
/// @throws InputError when nothing readable is there (the message lists what was looked for), when shapes disagree
/// with the supercell or files are missing.
std::unique_ptr<Ensemble> open_ensemble(const EnsembleSource& source, const Supercell& reference,
                                        const UnitSet& units = units::codata2022);

/// Configurations that are in memory already. @throws InputError when shapes disagree.
std::unique_ptr<Ensemble> ensemble_in_memory(Configurations configurations, std::string description);

/// What every reader does with a piece before it hands it out: all numbers finite, and atoms near their sites (else
/// they are in another order, positions are wrapped, or units are wrong). With d the shortest interatomic distance, one
/// displacement may reach max(d, 1.5 angstrom), the mean of an atom over 16 configurations or more d/2 within four
/// standard errors: real ensembles have single displacements beyond d/2, and a mean near zero by construction. `first`
/// is the number of the first configuration as people count (from 1), `source` names the files. @throws InputError.
void check(const Configurations& configurations, const Supercell& reference, std::int64_t first,
           const std::string& source);

}  // namespace zeropoint
