#include "sscha/label_requests.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "core/atomic_file.hpp"
#include "files/ensemble_extxyz.hpp"

namespace zeropoint::sscha {

namespace fs = std::filesystem;

std::optional<LabelRequest> request_labels(const Potential& potential, const Drawing& drawing,
                                           const std::string& folder, const PopulationFileInfo& info) {
  if (!potential.waits_for_labels()) return {};
  const Supercell supercell = drawing.density.matrices().supercell();
  MissingLabels missing = potential.missing(supercell, drawing.sampler.displacements(0, drawing.size));
  if (missing.configurations.empty()) return {};
  const fs::path where = fs::path{folder} / fmt::format("population{}", drawing.number);
  const std::string file = (where / "population.h5").string(), frames = (where / "configurations.extxyz").string();
  fs::create_directories(where);
  if (!fs::exists(file)) {
    AtomicFile extxyz(frames);
    write_population(file, drawing.density, drawing.sampler, drawing.size, info,
                     [&](const at::Tensor& displacements, std::int64_t first) {
                       extxyz.write(extxyz_configurations(displacements, first, supercell));
                     });
    extxyz.commit();
  }
  return LabelRequest{drawing.number, drawing.size, std::move(missing), where.string(), frames};
}

std::vector<std::string> requested_populations(const std::string& folder) {
  std::vector<std::string> files;
  if (!fs::is_directory(folder)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const fs::path& path = entry.path();
    if (path.filename() == "population.h5" && path.parent_path().filename().string().starts_with("population"))
      files.push_back(path.string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace zeropoint::sscha
