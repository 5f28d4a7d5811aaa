#pragma once

#include <source_location>

#include "core/error.hpp"

namespace zeropoint {

/// Contracts inside the rooms: shapes and states that callers in this house get right. Checked in builds without
/// NDEBUG; what a user can get wrong is an InputError instead.
/// @throws InternalError naming the place.
inline void contract([[maybe_unused]] bool holds, [[maybe_unused]] const char* kind, [[maybe_unused]] const char* what,
                     [[maybe_unused]] const std::source_location& where) {
#ifndef NDEBUG
  if (!holds)
    throw InternalError{"{} in {} ({}:{}): {}", kind, where.function_name(), where.file_name(), where.line(), what};
#endif
}

/// What a function relies on: expect(u.dim() == 3, "displacements are [n_config, n_atoms, 3]").
inline void expect(bool holds, const char* what, const std::source_location& where = std::source_location::current()) {
  contract(holds, "expected", what, where);
}

/// What a function promises.
inline void ensure(bool holds, const char* what, const std::source_location& where = std::source_location::current()) {
  contract(holds, "not ensured", what, where);
}

}  // namespace zeropoint
