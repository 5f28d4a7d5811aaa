#pragma once

#include <string>
#include <vector>

#include "files/ensemble.hpp"
#include "files/labelled_structure.hpp"

namespace zeropoint {

/// Names that fit `patterns` (with * and ?), each once: numbers in names in their order, 2 before 10.
/// @throws InputError, naming the key of the run file, when nothing fits one of them.
std::vector<std::string> matching_files(const std::vector<std::string>& patterns, const std::string& key);

/// The supercell that an ensemble file of our own holds.
Supercell read_supercell(const std::string& path);

/// All configurations of an ensemble as labelled structures; `name` begins their source.
LabelledStructures structures_of(const Ensemble& ensemble, const Supercell& reference, const std::string& name);

/// What is needed to read ensembles that do not hold their crystal.
struct EnsembleHints {
  std::string dyn;     ///< prefix of matrices; empty: dyn_gen_popP_ in the folder of the ensemble
  int population = 0;  ///< number in the file names; 0: the only one that is there
};

/// Labelled structures of a file or folder in any format: outputs of DFT codes, files of many structures, DeePMD
/// folders, ensembles of python-sscha and our own. @throws InputError, IoError when it is none of them.
LabelledStructures read_training_file(const std::string& path, const LabelLimits& limits, const EnsembleHints& hints,
                                      const UnitSet& units);

}  // namespace zeropoint
