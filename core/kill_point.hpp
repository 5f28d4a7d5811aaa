#pragma once

#include <string>
#include <string_view>

namespace zeropoint {

/// A named point at which tests end the program, as a failing machine would: with ZEROPOINT_KILL_AT="name" in the
/// environment the process sends itself SIGKILL on arriving here; "name:3" at the third arrival, "name:3:TERM" or
/// "name:3:INT" with another signal. Without that variable nothing happens.
///
/// Every file that the program writes has four points, wherever it lies: "result.h5 begun" (result.h5.tmp is there,
/// empty), "result.h5 partly written" (after each piece), "result.h5 written" (the same, whole and on the disk),
/// "result.h5 in place" (it has its name).
void kill_point(std::string_view name);

/// A point of the file `path`: "FILE moment".
void kill_point(const std::string& path, std::string_view moment);

}  // namespace zeropoint
