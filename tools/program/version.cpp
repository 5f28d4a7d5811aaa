#include "tools/program/version.hpp"

#include <fmt/format.h>
#include <torch/version.h>

namespace zeropoint {

std::string version_text() {
  const std::string commit = ZEROPOINT_GIT_SHA;
  return fmt::format("zeropoint {}{}\nLibTorch  {}\nCUDA      {}\ncompiler  {} {}\n", ZEROPOINT_VERSION,
                     commit.empty() ? "" : fmt::format(" ({})", commit), TORCH_VERSION,
                     "loaded at run time with compute.device = \"cuda\"",
#ifdef __clang__
                     "clang++", __clang_version__
#else
                     "g++", __VERSION__
#endif
  );
}

}  // namespace zeropoint
