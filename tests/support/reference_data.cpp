#include "tests/support/reference_data.hpp"

#include <cstdlib>
#include <filesystem>

namespace zeropoint::test {

std::optional<std::string> reference_data() {
  const char* variable = std::getenv("ZEROPOINT_DATA");
  const std::filesystem::path folder = variable ? variable : ZEROPOINT_SOURCE_DIR "/../shared/data";
  if (!std::filesystem::is_directory(folder / "ensembles")) return std::nullopt;
  return folder.string();
}

}  // namespace zeropoint::test
