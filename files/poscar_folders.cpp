#include "files/poscar_folders.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "files/poscar.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 3> companions{"INCAR", "KPOINTS", "POTCAR"};

class PoscarWriter : public InputWriter {
 public:
  PoscarWriter(const Supercell& supercell, const InputOptions& options)
      : options_(options), crystal_(supercell.crystal()), folder_(fs::path(options.folder) / "vasp") {
    for (const char* name : companions) {
      if (!options.vasp_folder.empty() && !fs::exists(fs::path(options.vasp_folder) / name)) {
        throw InputError{"{}: it has no {}: a folder with INCAR, KPOINTS and POTCAR is needed", options.vasp_folder,
                         name};
      }
    }
  }

  void write(const at::Tensor& displacements, std::int64_t first) override {
    parallel_for(displacements.size(0), [&](std::int64_t c) {
      const std::int64_t number = first + c + 1;
      const fs::path folder = folder_ / configuration_name(number, options_);
      AtomicFile file{(folder / "POSCAR").string()};
      file.write(poscar_text(displaced(crystal_, displacements, c), fmt::format("configuration {}", number)));
      file.commit(false);
      if (!options_.vasp_folder.empty()) put_companions(folder);
    });
  }

  void finish() override { sync_folder(folder_.string()); }

 private:
  /// Links where the disk allows it: a POTCAR is large.
  void put_companions(const fs::path& folder) const {
    for (const char* name : companions) {
      const fs::path from = fs::path(options_.vasp_folder) / name, to = folder / name;
      std::error_code failed;
      fs::remove(to, failed);
      fs::create_hard_link(from, to, failed);
      if (failed) fs::copy_file(from, to, fs::copy_options::overwrite_existing, failed);
      if (failed) throw IoError{"{}: it cannot be copied to {}: {}", from.string(), to.string(), failed.message()};
    }
  }

  InputOptions options_;
  Crystal crystal_;
  fs::path folder_;
};

}  // namespace

InputFormat poscar_folders_format() {
  return {.name = "vasp", .open = [](const Supercell& supercell, const InputOptions& options) {
            return std::make_unique<PoscarWriter>(supercell, options);
          }};
}

}  // namespace zeropoint
