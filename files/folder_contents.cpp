#include "files/folder_contents.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "core/error.hpp"
#include "files/npy.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

/// P where `name` is PREFIXPSUFFIX; -1 for another name.
int number_in(const std::string& name, const std::string& prefix, const std::string& suffix) {
  if (!name.starts_with(prefix) || !name.ends_with(suffix) || name.size() <= prefix.size() + suffix.size()) return -1;
  const std::string digits = name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
  const bool is_number = digits.size() < 9 && digits.find_first_not_of("0123456789") == std::string::npos;
  return is_number ? std::stoi(digits) : -1;
}

}  // namespace

std::vector<int> populations_in(const std::string& folder) {
  std::set<int> found;
  for (const auto& entry : fs::directory_iterator{folder}) {
    const std::string name = entry.path().filename().string();
    for (const int number :
         {number_in(name, "energies_pop", ".npy"), number_in(name, "energies_supercell_population", ".dat")}) {
      if (number >= 0) found.insert(number);
    }
  }
  if (found.empty() && fs::exists(fs::path{folder} / "energies.npy")) found.insert(1);
  return {found.begin(), found.end()};
}

std::int64_t n_stored_energies(const std::string& folder, int population) {
  const std::string file = fmt::format("{}/energies_pop{}.npy", folder, population);
  return fs::exists(file) ? NpyFile{file}.n_rows() : -1;
}

FrameCount count_frames(const std::string& path) {
  std::ifstream stream{path};
  FrameCount count;
  for (std::string line; std::getline(stream, line); ++count.n_frames) {
    count.n_atoms = std::strtoll(line.c_str(), nullptr, 10);
    if (count.n_atoms <= 0) {
      throw InputError{"{}: frame {} begins with '{}', the number of atoms is expected", path, count.n_frames + 1,
                       line};
    }
    for (std::int64_t i = 0; i <= count.n_atoms; ++i) {
      if (!std::getline(stream, line)) throw InputError{"{}: frame {} is cut short", path, count.n_frames + 1};
    }
  }
  return count;
}

}  // namespace zeropoint
