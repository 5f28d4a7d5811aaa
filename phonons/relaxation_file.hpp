#pragma once

#include <string>
#include <vector>

#include "phonons/relaxation.hpp"

namespace zeropoint::phonons {

/// What the file of a relaxation, result.h5, says it is.
inline constexpr const char* relaxation_filetype = "zeropoint relax";

/// Writes where a relaxation began and ended, and its steps. `configuration`: the resolved run file. @throws IoError.
void write_relaxation(const std::string& path, const Crystal& start, const Crystal& end,
                      const std::vector<RelaxationStep>& steps, const std::string& configuration);

/// The steps, the first is the start. @throws IoError; InputError for another kind of file and a damaged one.
std::vector<RelaxationStep> read_relaxation(const std::string& path);

}  // namespace zeropoint::phonons
