#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/supercell.hpp"
#include "core/units.hpp"
#include "files/ensemble.hpp"
#include "files/labelled_structure.hpp"

namespace zeropoint {

/// Structures of one origin, reported together.
struct LabelledSet {
  std::string name;  ///< of the file or folder
  std::vector<LabelledStructure> structures;
};

/// What is needed to read ensembles that do not hold their crystal.
struct EnsembleHints {
  std::string dyn = {};  ///< prefix of matrices; empty: dyn_gen_popP_ in the folder of the ensemble
  int population = 0;    ///< number in the file names; 0: the only one that is there
  /// The supercell of the matrices with a prefix; called from several threads. Empty: such ensembles are refused.
  std::function<Supercell(const std::string& dyn)> supercell_of = {};
  /// How people name the two where they are missing: the ends of the messages.
  std::string dyn_advice = "name their prefix", population_advice = "say which one";
};

/// How a training set is read.
struct TrainingSetOptions {
  EnsembleHints hints = {};
  LabelLimits limits = {};
  double pulay_pressure = 0;  ///< eV/angstrom^3, added to the pressures of the labels
};

struct TrainingSet {
  std::vector<LabelledSet> sets;       ///< none is empty
  std::vector<RefusedOutput> refused;  ///< in the order of the files
  std::size_t n_files = 0;
};

/// Names that fit `patterns` (with *, ? and {a,b}), each once: numbers in names in their order, 2 before 10.
/// @throws InputError, which begins with `what` the list is called, when nothing fits one of them.
std::vector<std::string> matching_files(const std::vector<std::string>& patterns, const std::string& what);

/// The supercell that an ensemble file of our own holds. @throws InputError, IoError.
Supercell read_supercell(const std::string& path);

/// All configurations of an ensemble as labelled structures; `name` begins their source.
LabelledStructures structures_of(const Ensemble& ensemble, const Supercell& reference, const std::string& name);

/// Labelled structures of a file or folder in any format: outputs of DFT codes, files of many structures, DeePMD
/// folders, ensembles of python-sscha and our own. `units` turns foreign units of ensembles.
/// @throws InputError, IoError when it is none of them.
LabelledStructures read_training_file(const std::string& path, const LabelLimits& limits, const EnsembleHints& hints,
                                      const UnitSet& units);

/// Reads files side by side: one set for each folder or file of many structures, one for all outputs of single
/// calculations of a folder. `observe` is called with the number of files done, and may throw to stop.
TrainingSet read_training_set(const std::vector<std::string>& files, const TrainingSetOptions& options,
                              const UnitSet& units, const std::function<void(std::size_t)>& observe = {});

}  // namespace zeropoint
