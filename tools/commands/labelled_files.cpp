#include "tools/commands/labelled_files.hpp"

#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "files/labelled_formats.hpp"
#include "files/structures_hdf5.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "sscha/population_file.hpp"
#include "tools/commands/file_kind.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

/// Number of the population in a folder of python-sscha.
int only_population(const std::string& folder) {
  std::set<int> found;
  for (const auto& [prefix, suffix] :
       {std::pair<std::string, std::string>{"energies_pop", ".npy"}, {"energies_supercell_population", ".dat"}}) {
    for (const auto& entry : fs::directory_iterator{folder}) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with(prefix) || !name.ends_with(suffix) || name.size() <= prefix.size() + suffix.size())
        continue;
      const std::string digits = name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
      if (digits.size() < 9 && digits.find_first_not_of("0123456789") == std::string::npos)
        found.insert(std::stoi(digits));
    }
  }
  if (found.size() == 1) return *found.begin();
  if (found.empty() && fs::exists(fs::path{folder} / "energies.npy")) return 1;
  if (found.empty()) {
    throw InputError{
        "{}: a folder without anything that can be trained on: python-sscha's npy or text files, population.h5 or "
        "DeePMD's "
        "type.raw were looked for",
        folder};
  }
  throw InputError{"{} holds {} populations: say which one with data.population", folder, found.size()};
}

}  // namespace

std::vector<std::string> matching_files(const std::vector<std::string>& patterns, const std::string& key) {
  std::vector<std::string> names;
  for (const std::string& pattern : patterns) {
    glob_t found{};
    const int status = ::glob(pattern.c_str(), GLOB_BRACE | GLOB_TILDE, nullptr, &found);
    for (std::size_t i = 0; i < found.gl_pathc; ++i) names.emplace_back(found.gl_pathv[i]);
    ::globfree(&found);
    if (status != 0) throw InputError{"{}: nothing fits '{}'", key, pattern};
  }
  const auto before = [](const std::string& a, const std::string& b) {
    std::size_t i = 0, j = 0;
    while (i < a.size() && j < b.size()) {
      if (std::isdigit(static_cast<unsigned char>(a[i])) && std::isdigit(static_cast<unsigned char>(b[j]))) {
        const std::size_t end_a = std::min(a.find_first_not_of("0123456789", i), a.size());
        const std::size_t end_b = std::min(b.find_first_not_of("0123456789", j), b.size());
        const std::string x = a.substr(i, end_a - i), y = b.substr(j, end_b - j);
        const std::size_t length = std::max(x.size(), y.size());
        const std::string px = fmt::format("{:0>{}}", x, length), py = fmt::format("{:0>{}}", y, length);
        if (px != py) return px < py;
        i = end_a;
        j = end_b;
      } else if (a[i] != b[j]) {
        return a[i] < b[j];
      } else {
        ++i;
        ++j;
      }
    }
    return a.size() - i < b.size() - j;
  };
  std::sort(names.begin(), names.end(), before);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Supercell read_supercell(const std::string& path) {
  const Hdf5File file = Hdf5File::open(path, "zeropoint ensemble");
  const Crystal crystal{.cell = file.read_matrix("cell"),
                        .positions = file.read_matrix("positions"),
                        .species = file.read_strings("species"),
                        .masses = file.read_vector("masses")};
  return {crystal, file.read_vector("supercell").array().round().cast<int>().matrix()};
}

LabelledStructures structures_of(const Ensemble& ensemble, const Supercell& reference, const std::string& name) {
  const Crystal crystal = reference.crystal();
  LabelledStructures result;
  const Configurations all = ensemble.read(0, ensemble.size());
  const at::Tensor u = all.displacements.contiguous(), f = all.forces.contiguous(), e = all.energies.contiguous();
  for (std::int64_t c = 0; c < all.size(); ++c) {
    LabelledStructure structure;
    structure.cell = crystal.cell;
    structure.species = crystal.species;
    structure.positions = crystal.positions +
                          Eigen::Map<const Vectors>(u.const_data_ptr<double>() + c * u.stride(0), crystal.n_atoms(), 3);
    structure.forces = Eigen::Map<const Vectors>(f.const_data_ptr<double>() + c * f.stride(0), crystal.n_atoms(), 3);
    structure.energy = e.const_data_ptr<double>()[c];
    if (all.stresses.defined()) {
      const at::Tensor s = all.stresses[c].contiguous();
      structure.stress = Eigen::Map<const Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(s.const_data_ptr<double>());
    }
    structure.source = fmt::format("{}, configuration {}", name, c + 1);
    result.accepted.push_back(std::move(structure));
  }
  return result;
}

LabelledStructures read_training_file(const std::string& path, const LabelLimits& limits, const EnsembleHints& hints,
                                      const UnitSet& units) {
  const std::string population_file = sscha::population_file_in(path);
  const std::string file = !population_file.empty() ? population_file : path;
  if (!fs::is_directory(file) && fs::exists(file) && file_kind(file) == FileKind::hdf5 &&
      filetype(file) != structures_filetype) {
    const Supercell reference = read_supercell(file);
    return structures_of(*open_ensemble({.path = file}, reference, units), reference, path);
  }
  if (!fs::is_directory(file) || fs::exists(fs::path{file} / "type.raw")) return read_labelled_structures(file, limits);
  const int population = hints.population > 0 ? hints.population : only_population(file);
  std::string dyn = hints.dyn;
  if (const std::string own = fmt::format("{}/dyn_gen_pop{}_", file, population); dyn.empty() && fs::exists(own + "1"))
    dyn = own;
  if (dyn.empty()) {
    throw InputError{
        "{}: the folder does not hold the matrices that its displacements refer to: name them with data.dyn", path};
  }
  const Supercell reference = phonons::read_qe_dyn(dyn, units).supercell();
  return structures_of(*open_ensemble({.path = file, .population = population}, reference, units), reference, path);
}

}  // namespace zeropoint
