#pragma once

#include <string>

namespace zeropoint {

/// "1:02:03", "2:03" or "4.5 s".
std::string format_duration(double seconds);

}  // namespace zeropoint
