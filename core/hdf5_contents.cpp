#include "core/hdf5_contents.hpp"

#include <optional>

#include "core/error.hpp"

namespace zeropoint {
namespace {

/// Nothing for a group.
std::optional<std::vector<std::int64_t>> shape_of(const Hdf5File& file, const std::string& name) {
  try {
    return file.shape(name);
  } catch (const Error&) {
    return {};
  }
}

void add_group(const Hdf5File& file, const std::string& group, std::vector<Hdf5Array>& all) {
  for (const std::string& name : file.names(group)) {
    const std::string whole = group == "/" ? name : group + "/" + name;
    if (std::optional<std::vector<std::int64_t>> shape = shape_of(file, whole)) {
      all.push_back({whole, std::move(*shape), file.text_attribute(whole, "units").value_or("")});
    } else {
      add_group(file, whole, all);
    }
  }
}

}  // namespace

std::vector<Hdf5Array> arrays_of(const Hdf5File& file) {
  std::vector<Hdf5Array> all;
  add_group(file, "/", all);
  return all;
}

}  // namespace zeropoint
