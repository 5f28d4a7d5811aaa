#include <algorithm>
#include <filesystem>
#include <optional>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "files/dft_output.hpp"
#include "files/npy.hpp"
#include "files/text_scanner.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

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

  LabelledStructures read(const LabelLimits& limits) const {
    std::vector<fs::path> sets;
    for (const auto& entry : fs::directory_iterator{folder_}) {
      if (entry.is_directory() && entry.path().filename().string().starts_with("set.")) sets.push_back(entry.path());
    }
    std::sort(sets.begin(), sets.end());
    if (sets.empty()) throw InputError{"{} holds type.raw but no folder set.000: no frames", folder_.string()};
    LabelledStructures all;
    for (const fs::path& path : sets) {
      const Set set = read_set(path, static_cast<std::int64_t>(types_.size()));
      for (std::int64_t frame = 0; frame < set.energies.size(0); ++frame) {
        const std::string source = fmt::format("{}, frame {}", path.string(), frame + 1);
        try {
          LabelledStructure structure = structure_of(set, frame);
          check(structure, limits);
          structure.source = source;
          all.accepted.push_back(std::move(structure));
        } catch (const InputError& error) {
          all.refused.push_back({source, error.what()});
        }
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
    using Matrix = Eigen::Matrix<double, 3, 3, Eigen::RowMajor>;
    found.cell = Eigen::Map<const Matrix>(row(set.box));
    found.energy = *row(set.energies);
    if (set.virials.defined()) {
      found.stress =
          -Eigen::Map<const Matrix>(row(set.virials)) / std::abs(found.cell.determinant());  // virial = -volume stress
    }
    return found;
  }

  fs::path folder_;
  std::vector<std::string> types_, names_;
};

}  // namespace

LabelledStructures read_deepmd(const std::string& path, const LabelLimits& limits) {
  return DeepmdSystem{path}.read(limits);
}

}  // namespace zeropoint
