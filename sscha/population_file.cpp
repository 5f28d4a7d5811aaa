#include "sscha/population_file.hpp"

#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <filesystem>

#include "core/error.hpp"
#include "files/ensemble_hdf5.hpp"
#include "phonons/hdf5_matrices.hpp"

namespace zeropoint::sscha {

namespace {

Hdf5File begun(const std::string& path, const TrialDensity& generating, const PopulationFileInfo& info) {
  Hdf5File file =
      Hdf5File::create(path, {.filetype = ensemble_filetype, .configuration = info.configuration, .seed = info.seed});
  const phonons::DynamicalMatrices& matrices = generating.matrices();
  write_crystal(matrices.supercell(), file);
  file.write_attribute("/", "population", info.population);
  file.write_attribute("/", "temperature", generating.temperature());
  file.write_attribute("/", "sampling", info.sampling);
  file.write_attribute("/", "n_locked_modes", std::int64_t{info.n_locked_modes});
  file.write_attribute("/", "fixed_sites", std::int64_t{info.fixed_sites});
  phonons::write_matrices(matrices, file, "generating");
  return file;
}

constexpr const char* axes = "configuration,atom,xyz";

}  // namespace

void write_population(const std::string& path, const TrialDensity& generating, const Sampler& sampler, std::int64_t n,
                      const PopulationFileInfo& info,
                      const std::function<void(const at::Tensor&, std::int64_t)>& each) {
  Hdf5File file = begun(path, generating, info);
  constexpr std::int64_t piece = 1024;
  for (std::int64_t begin = 0; begin < n; begin += piece) {
    const std::int64_t end = std::min(n, begin + piece);
    const at::Tensor displacements = sampler.displacements(begin, end).cpu();
    file.append("displacements", displacements, "angstrom", axes);
    if (each) each(displacements, begin);
  }
  file.close();
}

void write_population(const std::string& path, const TrialDensity& generating,
                      const std::vector<Vectors>& displacements, const PopulationFileInfo& info) {
  Hdf5File file = begun(path, generating, info);
  for (const Vectors& u : displacements) {
    file.append("displacements", at::from_blob(const_cast<double*>(u.data()), {1, u.rows(), 3}, at::kDouble),
                "angstrom", axes);
  }
  file.close();
}

void write_population(const std::string& path, const TrialDensity& generating, const Configurations& labelled,
                      const PopulationFileInfo& info) {
  const Configurations configurations = labelled.on(at::kCPU);
  Hdf5File file = begun(path, generating, info);
  file.append("displacements", configurations.displacements, "angstrom", axes);
  file.append("energies", configurations.energies, "eV", "configuration");
  file.append("forces", configurations.forces, "eV/angstrom", axes);
  if (configurations.stresses.defined())
    file.append("stresses", configurations.stresses, "eV/angstrom^3", "configuration,xyz,xyz");
  file.close();
}

TrialDensity read_generating(const std::string& path, const UnitSet& units) {
  const Hdf5File file = Hdf5File::open(path, ensemble_filetype);
  const auto temperature = file.number_attribute("/", "temperature");
  if (!file.has("generating") || !temperature) {
    throw InputError{"{}: it does not hold the density that generated it: give its matrices and temperature", path};
  }
  return {phonons::read_matrices(file, "generating"), *temperature, units};
}

std::string population_file_in(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    const std::string inside = (fs::path(path) / "population.h5").string();
    return fs::exists(inside, ignored) ? inside : std::string{};
  }
  return fs::exists(path, ignored) && is_hdf5(path) ? path : std::string{};
}

}  // namespace zeropoint::sscha
