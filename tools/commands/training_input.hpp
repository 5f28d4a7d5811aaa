#pragma once

#include <string>
#include <vector>

#include "core/run_file.hpp"
#include "files/training_set.hpp"

namespace zeropoint {

class Console;

/// What [data] of train and evaluate share: how files are read.
void declare(Section& section, TrainingSetOptions& options);

/// Reads all files that fit `patterns`, the value of the key `key`. Says what was accepted, what was refused and why,
/// and what does not fit together. @throws InputError when nothing is left; `advice` ends its message.
std::vector<LabelledSet> read_sets(const std::vector<std::string>& patterns, const std::string& key,
                                   const TrainingSetOptions& options, const UnitSet& units, Console& console,
                                   const std::string& advice = {});

}  // namespace zeropoint
