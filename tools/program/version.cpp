#include "tools/program/version.hpp"

#include <fmt/format.h>
#include <torch/version.h>

#include "core/build_info.hpp"

namespace zeropoint {

std::string version_text() {
  const BuildInfo& build = build_info();
  return fmt::format("zeropoint {} ({})\nLibTorch  {}\nCUDA      {}\ncompiler  {} {}\n", build.version, build.commit,
                     TORCH_VERSION, "loaded at run time with compute.device = \"cuda\"",
#ifdef __clang__
                     "clang++", __clang_version__
#else
                     "g++", __VERSION__
#endif
  );
}

}  // namespace zeropoint
