#pragma once

#include <string>

namespace zeropoint {

/// What `zeropoint --version` prints: code, LibTorch, CUDA, compiler.
std::string version_text();

}  // namespace zeropoint
