#include "files/pwx_inputs.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "core/atomic_file.hpp"
#include "core/parallel.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

class PwxWriter : public InputWriter {
 public:
  PwxWriter(const Supercell& supercell, const InputOptions& options)
      : options_(options),
        crystal_(supercell.crystal()),
        input_(options.pwx_template),
        mesh_(options.k_points ? options.k_points : input_.mesh_of(supercell)),
        folder_((fs::path(options.folder) / "pwx").string()) {
    input_.text(crystal_, mesh_, "1", folder_);  // complains now
  }

  void write(const at::Tensor& displacements, std::int64_t first) override {
    parallel_for(displacements.size(0), [&](std::int64_t c) {
      const std::string name = configuration_name(first + c + 1, options_);
      AtomicFile file{(fs::path(folder_) / (name + ".in")).string()};
      file.write(input_.text(displaced(crystal_, displacements, c), mesh_, name, folder_));
      file.commit(false);
    });
  }

  void finish() override { sync_folder(folder_); }

  std::vector<std::pair<std::string, std::string>> notes() const override {
    const std::optional<KMesh>& mesh = mesh_ ? mesh_ : input_.k_mesh();
    return {{"k points", mesh ? fmt::format("{} {}", fmt::join(mesh->divisions, " "), fmt::join(mesh->shifts, " "))
                              : "those of the template"}};
  }

 private:
  InputOptions options_;
  Crystal crystal_;
  PwxInput input_;
  std::optional<KMesh> mesh_;
  std::string folder_;
};

}  // namespace

InputFormat pwx_inputs_format() {
  return {.name = "pwx", .open = [](const Supercell& supercell, const InputOptions& options) {
            return std::make_unique<PwxWriter>(supercell, options);
          }};
}

}  // namespace zeropoint
