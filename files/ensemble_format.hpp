#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "files/ensemble.hpp"

namespace zeropoint {

/// What is written beside the configurations.
struct EnsembleMetadata {
  int population = 1;                      ///< number in file names
  std::optional<double> temperature = {};  ///< K, of the generating density; stored in h5
  std::string configuration = {};          ///< the resolved run file; stored in h5
  std::optional<std::int64_t> seed = {};   ///< stored in h5
};

/// One way in which configurations of a supercell are stored. A new one is a source beside this header that exports
/// such a struct, and a line in ensemble_formats.cpp.
struct EnsembleFormat {
  std::string name;  ///< a word: "npy"
  /// What is looked for in a folder, for people, {} for the number of the population; empty for formats of one file.
  std::string looked_for;
  /// Whether `source` leads to one of this format. The table is asked from its beginning.
  std::function<bool(const EnsembleSource& source)> recognises;
  /// @throws InputError when files are missing, or shapes disagree with the supercell.
  std::function<std::unique_ptr<Ensemble>(const EnsembleSource&, const Supercell& reference, const UnitSet&)> open;
  /// Writes all configurations with all digits, see write_ensemble(). Empty for what is only read.
  std::function<void(const Ensemble&, const Supercell& reference, const std::string& path, const EnsembleMetadata&,
                     const UnitSet&)>
      write = {};
};

}  // namespace zeropoint
