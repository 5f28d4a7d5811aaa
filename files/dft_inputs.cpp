#include "files/dft_inputs.hpp"

#include <algorithm>
#include <filesystem>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "files/ensemble_extxyz.hpp"
#include "files/ensemble_text.hpp"
#include "files/poscar_folders.hpp"
#include "files/pwx_inputs.hpp"

namespace zeropoint {
namespace {

/// One file with a frame for each configuration.
class ExtxyzWriter : public InputWriter {
 public:
  ExtxyzWriter(const Supercell& supercell, const InputOptions& options)
      : supercell_(supercell), folder_(options.folder) {}

  void write(const at::Tensor& displacements, std::int64_t first) override {
    if (!file_) file_.emplace((std::filesystem::path(folder_) / "configurations.extxyz").string());
    file_->write(extxyz_configurations(displacements, first, supercell_));
  }
  void finish() override {
    if (file_) file_->commit();
  }

 private:
  Supercell supercell_;
  std::string folder_;
  std::optional<AtomicFile> file_;
};

class TextWriter : public InputWriter {
 public:
  TextWriter(const Supercell& supercell, const InputOptions& options)
      : supercell_(supercell),
        folder_((std::filesystem::path(options.folder) / "python-sscha").string()),
        population_(options.population),
        units_(options.constants) {}

  void write(const at::Tensor& displacements, std::int64_t first) override {
    write_text_configurations(displacements, first, supercell_, folder_, population_, units_);
  }
  void finish() override { sync_folder(folder_); }

 private:
  Supercell supercell_;
  std::string folder_;
  int population_;
  UnitSet units_;
};

template <class Writer>
std::unique_ptr<InputWriter> opened(const Supercell& supercell, const InputOptions& options) {
  return std::make_unique<Writer>(supercell, options);
}

}  // namespace

const std::vector<InputFormat>& input_formats() {
  static const std::vector<InputFormat> all{
      pwx_inputs_format(),
      poscar_folders_format(),
      {.name = "extxyz", .open = opened<ExtxyzWriter>},
      {.name = "python-sscha", .open = opened<TextWriter>},
  };
  return all;
}

const InputFormat& input_format(const std::string& name) {
  const auto found = std::ranges::find(input_formats(), name, &InputFormat::name);
  if (found == input_formats().end()) throw ConfigError{"inputs are not written as '{}'", name};
  return *found;
}

Crystal displaced(Crystal crystal, const at::Tensor& displacements, std::int64_t c) {
  crystal.positions += Eigen::Map<const Vectors>(displacements.const_data_ptr<double>() + c * displacements.stride(0),
                                                 crystal.n_atoms(), 3);
  return crystal;
}

std::string configuration_name(std::int64_t number, const InputOptions& options) {
  return fmt::format("{:0{}}", number, std::max<std::size_t>(4, std::to_string(options.n_configurations).size()));
}

}  // namespace zeropoint
