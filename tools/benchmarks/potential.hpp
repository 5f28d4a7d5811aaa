#pragma once

#include <string>
#include <vector>

#include "tools/benchmarks/cases.hpp"

namespace zeropoint::bench {

/// A folder of published ensembles. @throws InputError when it is not there.
std::string stored(const std::string& name);

/// Training and prediction of the potential.
std::vector<Case> potential_cases();

}  // namespace zeropoint::bench
