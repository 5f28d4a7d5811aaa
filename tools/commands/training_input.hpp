#pragma once

#include <string>
#include <vector>

#include "core/run_file.hpp"
#include "files/labelled_structure.hpp"
#include "mlp/training_data.hpp"
#include "tools/commands/labelled_files.hpp"

namespace zeropoint {

class Console;

/// What [data] of train and evaluate share: how files are read.
struct DataSettings {
  EnsembleHints hints;
  LabelLimits limits;
  double pulay_pressure = 0;  ///< eV/angstrom^3, added to the pressures of the labels
};
void declare(Section& section, DataSettings& settings);

/// Reads all files that fit `patterns`: one set for each folder or file of many structures, one for all outputs of
/// single calculations of a folder. Says what was accepted, and what was refused and why. @throws InputError when
/// nothing is left; `advice` ends its message.
std::vector<mlp::LabelledSet> read_sets(const std::vector<std::string>& patterns, const std::string& key,
                                        const DataSettings& settings, const UnitSet& units, Console& console,
                                        const std::string& advice = {});

}  // namespace zeropoint
