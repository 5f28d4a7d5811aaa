#include "files/deepmd_npy.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "files/npy.hpp"
#include "files/text_scanner.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

using RowMajor = Eigen::Matrix<double, 3, 3, Eigen::RowMajor>;
using Frames = std::vector<const LabelledStructure*>;

/// Words of a text file, whatever its lines.
std::vector<std::string> words_in(const fs::path& path) {
  std::string text = read_file(path.string());
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::replace(text.begin(), text.end(), '\r', ' ');
  const auto words = split_words(text);
  return {words.begin(), words.end()};
}

/// The arrays of one set.* folder.
struct Set {
  at::Tensor box, coordinates, energies, forces, virials, types;
};

at::Tensor array(const fs::path& folder, const char* name, std::int64_t n_frames, std::int64_t width,
                 bool required = true) {
  const fs::path path = folder / name;
  if (!fs::exists(path)) {
    if (required) throw InputError{"{} is missing: frames without these labels cannot be trained on", path.string()};
    return {};
  }
  const NpyFile file{path.string()};
  std::int64_t per_row = file.row_size();
  if ((n_frames >= 0 && file.n_rows() != n_frames) || (width > 0 && per_row != width)) {
    throw InputError{"{}: {} frames of {} numbers, {} of {} expected from the atoms in type.raw and the other arrays",
                     path.string(),
                     file.n_rows(),
                     per_row,
                     n_frames,
                     width};
  }
  return file.read();
}

Set read_set(const fs::path& folder, std::int64_t n_atoms) {
  Set set;
  set.coordinates = array(folder, "coord.npy", -1, 3 * n_atoms);
  const std::int64_t n = set.coordinates.size(0);
  set.box = array(folder, "box.npy", n, 9);
  set.energies = array(folder, "energy.npy", n, 1);
  set.forces = array(folder, "force.npy", n, 3 * n_atoms);
  set.virials = array(folder, "virial.npy", n, 9, false);
  set.types = array(folder, "real_atom_types.npy", n, n_atoms, false);
  return set;
}

class DeepmdSystem {
 public:
  explicit DeepmdSystem(fs::path folder) : folder_(std::move(folder)), types_(words_in(folder_ / "type.raw")) {
    if (fs::exists(folder_ / "nopbc")) throw InputError{"{}/nopbc: the structures are not periodic", folder_.string()};
    if (!fs::exists(folder_ / "type_map.raw")) {
      throw InputError{"{}/type_map.raw is missing: write the chemical symbols of types 0, 1 ... into it",
                       folder_.string()};
    }
    names_ = words_in(folder_ / "type_map.raw");
  }

  std::vector<LabelledEntry> read() const {
    std::vector<fs::path> sets;
    for (const auto& entry : fs::directory_iterator{folder_}) {
      if (entry.is_directory() && entry.path().filename().string().starts_with("set.")) sets.push_back(entry.path());
    }
    std::sort(sets.begin(), sets.end());
    if (sets.empty()) throw InputError{"{} holds type.raw but no folder set.000: no frames", folder_.string()};
    std::vector<LabelledEntry> all;
    for (const fs::path& path : sets) {
      const Set set = read_set(path, static_cast<std::int64_t>(types_.size()));
      for (std::int64_t frame = 0; frame < set.energies.size(0); ++frame) {
        all.push_back(labelled_entry(fmt::format("{}, frame {}", path.string(), frame + 1), path.string(),
                                     [&] { return structure_of(set, frame); }));
      }
    }
    return all;
  }

 private:
  const std::string& name_of(long type) const {
    if (type < 0 || type >= static_cast<long>(names_.size())) {
      throw InputError{"type {} is not one of the {} names in type_map.raw", type, names_.size()};
    }
    return names_[type];
  }

  LabelledStructure structure_of(const Set& set, std::int64_t frame) const {
    const auto row = [&](const at::Tensor& values) {
      return values.const_data_ptr<double>() + frame * (values.numel() / values.size(0));
    };
    LabelledStructure found;
    std::vector<Eigen::Index> kept;  // padding of mixed-type systems is left out
    for (std::size_t i = 0; i < types_.size(); ++i) {
      const long type =
          set.types.defined() ? std::lround(row(set.types)[i]) : std::strtol(types_[i].c_str(), nullptr, 10);
      if (set.types.defined() && type < 0) continue;
      found.species.push_back(name_of(type));
      kept.push_back(static_cast<Eigen::Index>(i));
    }
    const Eigen::Index n_all = static_cast<Eigen::Index>(types_.size());
    found.positions = Eigen::Map<const Vectors>(row(set.coordinates), n_all, 3)(kept, Eigen::all);
    found.forces = Eigen::Map<const Vectors>(row(set.forces), n_all, 3)(kept, Eigen::all);
    found.cell = Eigen::Map<const RowMajor>(row(set.box));
    found.energy = *row(set.energies);
    if (set.virials.defined()) {
      found.stress = -Eigen::Map<const RowMajor>(row(set.virials)) /
                     std::abs(found.cell.determinant());  // virial = -volume stress
    }
    return found;
  }

  fs::path folder_;
  std::vector<std::string> types_, names_;
};

/// eV, positive under compression.
RowMajor virial_of(const LabelledStructure& structure) {
  return -*structure.stress * std::abs(structure.cell.determinant());
}

/// [n_frames, width], `row(frame)` gives the numbers of one.
template <class Row>
void write_array(const fs::path& path, const Frames& frames, std::int64_t width, Row&& row) {
  NpyWriter writer(path.string(), {static_cast<std::int64_t>(frames.size()), width});
  for (const LabelledStructure* frame : frames) {
    const auto values = row(*frame);
    writer.append(values.data(), width);
  }
  writer.finish();
}

void write_system(const Frames& frames, const std::vector<std::string>& names, const fs::path& folder) {
  const std::int64_t n_atoms = frames.front()->n_atoms();
  const fs::path set = folder / "set.000";
  write_array(set / "box.npy", frames, 9, [](const LabelledStructure& s) { return RowMajor(s.cell); });
  write_array(set / "coord.npy", frames, 3 * n_atoms, [](const LabelledStructure& s) { return s.positions; });
  write_array(set / "force.npy", frames, 3 * n_atoms, [](const LabelledStructure& s) { return s.forces; });
  if (frames.front()->stress) write_array(set / "virial.npy", frames, 9, virial_of);
  NpyWriter energies((set / "energy.npy").string(), {static_cast<std::int64_t>(frames.size())});
  for (const LabelledStructure* frame : frames) energies.append(&frame->energy, 1);
  energies.finish();
  std::string types, map;
  for (const std::string& species : frames.front()->species)
    types += fmt::format("{}\n", std::ranges::find(names, species) - names.begin());
  for (const std::string& name : names) map += name + '\n';
  write_file((folder / "type_map.raw").string(), map);
  write_file((folder / "type.raw").string(), types);  // the last: a folder without it is none
}

}  // namespace

std::vector<std::string> write_deepmd(const std::vector<LabelledStructure>& structures, const std::string& path) {
  std::vector<std::string> names;
  for (const LabelledStructure& structure : structures) {
    for (const std::string& species : structure.species) {
      if (std::ranges::find(names, species) == names.end()) names.push_back(species);
    }
  }
  const std::vector<Frames> systems = by_atoms(structures);
  std::vector<std::string> folders;
  for (std::size_t k = 0; k < systems.size(); ++k) {
    folders.push_back(systems.size() == 1 ? path : (fs::path{path} / std::to_string(k + 1)).string());
    if (fs::exists(fs::path{folders.back()} / "type.raw")) {
      throw InputError{"{} holds a type.raw already: two sets would mix, write into another folder", folders.back()};
    }
  }
  for (std::size_t k = 0; k < systems.size(); ++k) write_system(systems[k], names, folders[k]);
  return folders;
}

LabelledFormat deepmd_format() {
  return {
      .name = "deepmd",
      .description = "folders of DeePMD",
      .recognises =
          [](const FileContent& file) { return file.is_folder() && fs::exists(fs::path{file.path()} / "type.raw"); },
      .read = [](const FileContent& file) { return DeepmdSystem{file.path()}.read(); },
      .write = write_deepmd};
}

}  // namespace zeropoint
