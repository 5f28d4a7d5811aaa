#pragma once

#include <string>

#include "core/run_file_key.hpp"
#include "core/run_file_table.hpp"

namespace zeropoint {

/// Fills the variable of `key`, whose full name is `name`, from its value in `table`, and notes there what is wrong
/// with it; a key that is not given keeps its default. Relative paths count from `folder`.
void read_value(Key& key, const std::string& name, RunFileTable& table, const std::string& folder);

}  // namespace zeropoint
