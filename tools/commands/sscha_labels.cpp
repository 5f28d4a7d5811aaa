#include "tools/commands/sscha_labels.hpp"

#include <algorithm>
#include <filesystem>

#include "core/atomic_file.hpp"
#include "files/ensemble_extxyz.hpp"
#include "sscha/population_file.hpp"

namespace zeropoint {

namespace fs = std::filesystem;

std::vector<std::string> populations_to_label(const std::string& folder) {
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

void require_labels(const Potential& potential, const sscha::TrialDensity& density, const sscha::Sampler& sampler,
                    int number, std::int64_t size, const std::string& folder, std::int64_t seed,
                    const std::string& settings) {
  if (!potential.waits_for_labels()) return;
  const Supercell supercell = density.matrices().supercell();
  const MissingLabels missing = potential.missing(supercell, sampler.displacements(0, size));
  if (missing.configurations.empty()) return;
  const std::string reason = fmt::format("configuration {} of {} has no label among the {} that are stored",
                                         missing.configurations.front() + 1, size, missing.n_stored);
  const fs::path where = fs::path{folder} / fmt::format("population{}", number);
  fs::create_directories(where);
  const std::string file = (where / "population.h5").string(), frames = (where / "configurations.extxyz").string();
  if (!fs::exists(file)) {  // else some of its labels may be there already
    AtomicFile extxyz(frames);
    sscha::write_population(
        file, density, sampler, size, {.population = number, .seed = seed, .sampling = "", .configuration = settings},
        [&](const at::Tensor& u, std::int64_t first) { extxyz.write(extxyz_configurations(u, first, supercell)); });
    extxyz.commit();
  }
  throw WaitingForLabels{
      "population {} waits for labels ({}). Compute the {} configurations of {}, gather the outputs with `zeropoint "
      "collect` "
      "(population.path = \"{}\"), and repeat this command",
      number,
      reason,
      size,
      frames,
      where.string()};
}

}  // namespace zeropoint
