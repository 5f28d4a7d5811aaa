#include "sscha/labels_file.hpp"

#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "files/ensemble_hdf5.hpp"

namespace zeropoint::sscha {
namespace {

/// Held while labels are added: two processes would each write their own copy of the file.
class FolderLock {
 public:
  explicit FolderLock(const std::string& file) {
    std::string folder = std::filesystem::path(file).parent_path().string();
    if (folder.empty()) folder = ".";
    descriptor_ = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor_ < 0 || ::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      if (descriptor_ >= 0) ::close(descriptor_);
      throw IoError{"{}: another process adds labels in this folder: wait for it and run this again", file};
    }
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock() { ::close(descriptor_); }

 private:
  int descriptor_;
};

/// The stored array, or one of NaN where there is none yet.
at::Tensor stored(const Hdf5File& file, const std::string& name, const std::vector<std::int64_t>& shape) {
  if (!file.has(name)) return at::full(shape, std::numeric_limits<double>::quiet_NaN(), at::kDouble);
  if (file.shape(name) != shape)
    throw InputError{"{}: '{}' has a wrong shape: the file was damaged", file.path(), name};
  return file.read(name).to(at::kDouble).contiguous();
}

// What the same calculation gives on another machine, or with other numbers of processes.
constexpr double same_energy = 1e-5;  // eV
constexpr double same_force = 1e-3;   // eV/angstrom

}  // namespace

LabelsAdded add_labels(const std::string& path, const std::vector<Label>& labels, bool apply) {
  const FolderLock lock(path);
  Hdf5File file = apply ? Hdf5File::modify(path, ensemble_filetype) : Hdf5File::open(path, ensemble_filetype);
  const std::int64_t n = file.shape("displacements").front(), n_atoms = file.shape("displacements").at(1);
  const at::Tensor energies = stored(file, "energies", {n}), forces = stored(file, "forces", {n, n_atoms, 3}),
                   stresses = stored(file, "stresses", {n, 3, 3});
  std::vector<std::string> sources(static_cast<std::size_t>(n));
  if (file.has("label_source")) sources = file.read_strings("label_source");
  double* const energy = energies.data_ptr<double>();

  LabelsAdded result;
  for (const Label& label : labels) {
    const std::int64_t c = label.configuration;
    Eigen::Map<Vectors> force(forces.data_ptr<double>() + c * n_atoms * 3, n_atoms, 3);
    if (!std::isnan(energy[c])) {
      const double off = std::abs(energy[c] - label.energy), off_force = (force - label.forces).cwiseAbs().maxCoeff();
      if (off < same_energy && off_force < same_force) {
        ++result.n_known;
      } else {
        result.conflicts.push_back(
            fmt::format("configuration {}: {} differs by {:.3g} eV in energy and up to {:.3g} eV/angstrom in forces "
                        "from {}, which is kept",
                        c + 1, label.source, off, off_force, sources[c]));
      }
      continue;
    }
    ++result.n_new;
    energy[c] = label.energy;
    force = label.forces;
    if (label.stress) {
      Eigen::Map<Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(stresses.data_ptr<double>() + 9 * c) = *label.stress;
    }
    sources[c] = label.source;
  }
  at::Tensor labelled = at::zeros({n}, at::kByte);
  for (std::int64_t c = 0; c < n; ++c) {
    result.labelled.push_back(!std::isnan(energy[c]));
    labelled.data_ptr<std::uint8_t>()[c] = result.labelled.back();
  }
  if (!apply || result.n_new == 0) return result;
  const auto put = [&](const char* name, const at::Tensor& values, const char* units, const char* axes) {
    if (file.has(name)) {
      file.overwrite(name, values);
    } else {
      file.write(name, values, units, axes);
    }
  };
  put("energies", energies, "eV", "configuration");
  put("forces", forces, "eV/angstrom", "configuration,atom,xyz");
  put("stresses", stresses, "eV/angstrom^3", "configuration,xyz,xyz");
  put("labelled", labelled, "1", "configuration");
  if (file.has("label_source")) file.remove("label_source");
  file.write("label_source", sources, "configuration");
  file.close();
  return result;
}

}  // namespace zeropoint::sscha
