#include "files/training_set.hpp"

#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "core/parallel.hpp"
#include "files/labelled_formats.hpp"
#include "files/structures_hdf5.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

/// Number of the population in a folder of python-sscha.
int only_population(const std::string& folder, const std::string& advice) {
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
  throw advised(InputError{"{} holds {} populations", folder, found.size()}, advice);
}

/// Numbers in names in their order: 2 before 10.
bool before(const std::string& a, const std::string& b) {
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
}

/// A file of ours that holds an ensemble with its crystal: `path` itself, or population.h5 in a folder; else empty.
std::string own_ensemble(const std::string& path) {
  const fs::path inside = fs::path{path} / "population.h5";
  if (fs::is_directory(path)) return fs::exists(inside) ? inside.string() : "";
  if (!fs::exists(path) || !is_hdf5(path)) return "";
  return Hdf5File::open(path).text_attribute("/", "filetype").value_or("") == structures_filetype ? "" : path;
}

LabelledStructures read_sscha_folder(const std::string& folder, const EnsembleHints& hints, const UnitSet& units) {
  const int population = hints.population > 0 ? hints.population : only_population(folder, hints.population_advice);
  std::string dyn = hints.dyn;
  if (const std::string own = fmt::format("{}/dyn_gen_pop{}_", folder, population);
      dyn.empty() && fs::exists(own + "1"))
    dyn = own;
  if (dyn.empty() || !hints.supercell_of) {
    throw advised(InputError{"{}: the folder does not hold the matrices that its displacements refer to", folder},
                  hints.dyn_advice);
  }
  const Supercell reference = hints.supercell_of(dyn);
  return structures_of(*open_ensemble({.path = folder, .population = population}, reference, units), reference, folder);
}

/// Single calculations of a folder are one set, files of many structures one each.
std::string name_of_set(const std::string& file, std::size_t n_structures) {
  if (n_structures > 1) return file;
  const std::string folder = fs::path{file}.parent_path().string();
  return folder.empty() ? "." : folder;
}

}  // namespace

std::vector<std::string> matching_files(const std::vector<std::string>& patterns, const std::string& what) {
  std::vector<std::string> names;
  for (const std::string& pattern : patterns) {
    glob_t found{};
    const int status = ::glob(pattern.c_str(), GLOB_BRACE | GLOB_TILDE, nullptr, &found);
    for (std::size_t i = 0; i < found.gl_pathc; ++i) names.emplace_back(found.gl_pathv[i]);
    ::globfree(&found);
    if (status != 0) throw InputError{"{}: nothing fits '{}'", what, pattern};
  }
  std::ranges::sort(names, before);
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
  if (const std::string file = own_ensemble(path); !file.empty()) {
    const Supercell reference = read_supercell(file);
    return structures_of(*open_ensemble({.path = file}, reference, units), reference, path);
  }
  if (fs::is_directory(path) && !fs::exists(fs::path{path} / "type.raw")) return read_sscha_folder(path, hints, units);
  return read_labelled_structures(path, limits);
}

TrainingSet read_training_set(const std::vector<std::string>& files, const TrainingSetOptions& options,
                              const UnitSet& units, const std::function<void(std::size_t)>& observe) {
  constexpr std::size_t at_once = 16;
  std::vector<LabelledStructures> pieces(files.size());
  for (std::size_t begin = 0; begin < files.size(); begin += at_once) {
    const std::size_t count = std::min(at_once, files.size() - begin);
    parallel_for(static_cast<std::int64_t>(count), [&](std::int64_t k) {
      pieces[begin + k] = read_training_file(files[begin + k], options.limits, options.hints, units);
    });
    if (observe) observe(begin + count);
  }
  TrainingSet result{.sets = {}, .refused = {}, .n_files = files.size()};
  for (std::size_t i = 0; i < files.size(); ++i) {
    std::ranges::move(pieces[i].refused, std::back_inserter(result.refused));
    std::vector<LabelledStructure>& accepted = pieces[i].accepted;
    if (accepted.empty()) continue;
    for (LabelledStructure& structure : accepted) {
      if (structure.stress) structure.stress->diagonal().array() -= options.pulay_pressure;
    }
    const std::string name = name_of_set(files[i], accepted.size());
    const auto same = std::ranges::find(result.sets, name, &LabelledSet::name);
    LabelledSet& set = same == result.sets.end() ? result.sets.emplace_back(LabelledSet{name, {}}) : *same;
    std::ranges::move(accepted, std::back_inserter(set.structures));
  }
  return result;
}

}  // namespace zeropoint
