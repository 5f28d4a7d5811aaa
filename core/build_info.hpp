#pragma once

#include <string>

namespace zeropoint {

/// The code that a program was built from.
struct BuildInfo {
  std::string version;  ///< "0.1.0"
  /// Twelve digits of the git commit at the last build, with "-dirty" when tracked files differed from it; "unknown"
  /// for sources without git.
  std::string commit;
};

const BuildInfo& build_info();

}  // namespace zeropoint
