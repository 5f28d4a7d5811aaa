#include "superconductivity/coupling_files.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>

#include "core/error.hpp"
#include "phonons/quantum_espresso/dyn_read.hpp"
#include "superconductivity/coupling_readers.hpp"
#include "superconductivity/printed_lambda.hpp"

namespace zeropoint::superconductivity {
namespace {

namespace fs = std::filesystem;

constexpr double same_width = 1e-6;  // eV

std::optional<int> whole_number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return {};
  return value;
}

/// Calls take(END, path) for every file PREFIX.END.
template <class Take>
void for_endings(const std::string& prefix, const Take& take) {
  const fs::path path(prefix), folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::error_code error;
  const std::string name = path.filename().string() + ".";
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string other = entry.path().filename().string();
    if (other.starts_with(name)) take(std::string_view(other).substr(name.size()), entry.path().string());
  }
}

/// Files PREFIX.i by their number.
std::map<int, std::string> numbered(const std::string& prefix) {
  std::map<int, std::string> files;
  for_endings(prefix, [&](std::string_view ending, const std::string& path) {
    if (const std::optional<int> number = whole_number(ending)) files[*number] = path;
  });
  return files;
}

/// PREFIX.i.k by i and k.
std::map<int, std::map<int, std::string>> doubly_numbered(const std::string& prefix) {
  std::map<int, std::map<int, std::string>> files;
  for_endings(prefix, [&](std::string_view ending, const std::string& path) {
    const std::size_t dot = ending.find('.');
    if (dot == std::string_view::npos) return;
    const std::optional<int> i = whole_number(ending.substr(0, dot)), k = whole_number(ending.substr(dot + 1));
    if (i && k) files[*i][*k] = path;
  });
  return files;
}

struct Reader {
  const phonons::DynamicalMatrices& dyn;
  const UnitSet& units;
  CouplingFiles result;

  bool stars(const std::string& prefix);
  bool cells(const std::string& prefix);
  bool points(const std::string& prefix);

 private:
  void add_smearing(const Smearing& smearing, const std::string& path);
  /// The density of states of all files of one smearing, which one calculation of electrons gives.
  void same_smearing(std::size_t i, const Smearing& smearing, const std::string& path) const;
};

void Reader::add_smearing(const Smearing& smearing, const std::string& path) {
  for (const Smearing& other : result.smearings) {
    if (std::abs(other.width - smearing.width) < same_width) {
      throw InputError{
          "{}: a second set of files with a broadening of {:.4f} Ry: files of two calculations lie together", path,
          smearing.width / units.rydberg};
    }
  }
  result.smearings.push_back(smearing);
}

void Reader::same_smearing(std::size_t i, const Smearing& smearing, const std::string& path) const {
  const Smearing& first = result.smearings.at(i);
  if (std::abs(first.width - smearing.width) < same_width &&
      std::abs(first.density_of_states - smearing.density_of_states) < 1e-4 * first.density_of_states)
    return;
  throw InputError{
      "{}: broadening {:.4f} Ry, density of states {:.5f} per spin and Ry, but {:.4f} and {:.5f} in the files before: "
      "all stars must come from one calculation of the electrons",
      path,
      smearing.width / units.rydberg,
      smearing.density_of_states * units.rydberg,
      first.width / units.rydberg,
      first.density_of_states * units.rydberg};
}

bool Reader::stars(const std::string& prefix) {
  const auto files = doubly_numbered(prefix);
  if (files.empty()) return false;
  result.kind = "a2Fq2r files of ph.x";
  const Eigen::Matrix3d cell_in_alat = dyn.crystal.cell / dyn.alat;
  const std::size_t n_stars = files.begin()->second.size();
  for (const auto& [number, of_stars] : files) {
    if (of_stars.size() != n_stars) {
      throw InputError{"{}.{}.*: {} files, but {} of the first broadening: some are missing", prefix, number,
                       of_stars.size(), n_stars};
    }
    const bool first = result.smearings.empty();
    std::size_t point = 0;
    for (const auto& [star, path] : of_stars) {
      const StarCoupling file = read_star_coupling(path, dyn.crystal.n_atoms(), units);
      if (star == of_stars.begin()->first) add_smearing(file.smearing, path);
      same_smearing(result.smearings.size() - 1, file.smearing, path);
      for (const phonons::QeMatrixBlock& block : file.blocks) {
        const Eigen::Vector3d q = cell_in_alat * block.q;
        if (first) result.points.push_back({q, {}, block.where});
        if (point >= result.points.size() || !result.points[point].q.isApprox(q, 1e-6)) {
          throw InputError{
              "{}: this q is not where the files of the first broadening have it: they are of two "
              "calculations",
              block.where};
        }
        result.points[point++].gamma.push_back(block.matrix);
      }
    }
    if (point != result.points.size()) throw InputError{"{}.{}.*: points are missing", prefix, number};
  }
  return true;
}

bool Reader::cells(const std::string& prefix) {
  const auto files = numbered(prefix);
  if (files.empty()) return false;
  result.kind = "a2Fmatdyn files of q2r.x";
  for (const auto& [number, path] : files) {
    const CellCoupling file = read_cell_coupling(path, dyn.crystal, units);
    const Eigen::Vector3i ours = dyn.grid.divisions(), theirs = file.divisions;
    if (ours != theirs) {
      throw InputError{"{}: a grid of {} x {} x {}, the dyn files are of {} x {} x {}",
                       path,
                       theirs[0],
                       theirs[1],
                       theirs[2],
                       ours[0],
                       ours[1],
                       ours[2]};
    }
    const std::vector<Eigen::MatrixXcd> blocks = phonons::to_bloch(file.gamma, dyn.grid);
    if (result.smearings.empty()) {
      for (int iq = 0; iq < dyn.grid.size(); ++iq) result.points.push_back({dyn.grid.points()[iq], {}, path});
    }
    add_smearing(file.smearing, path);
    for (std::size_t iq = 0; iq < blocks.size(); ++iq)
      result.points[iq].gamma.push_back((blocks[iq] + blocks[iq].adjoint()) / 2);
  }
  return true;
}

bool Reader::points(const std::string& prefix) {
  const std::vector<int> firsts = dyn.grid.representatives();
  const auto name = [&](std::size_t star) { return fmt::format("{0}{1}.elph.d.mat.{1}", prefix, star + 1); };
  if (!fs::exists(name(0))) return false;
  result.kind = "elph.d.mat files of the patched ph.x";
  for (std::size_t star = 0; star < firsts.size(); ++star) {
    const std::string path = name(star);
    if (!fs::exists(path))
      throw InputError{"{} is missing: there is a file for each of the {} stars", path, firsts.size()};
    PointCoupling file = read_point_coupling(path, dyn.n_modes(), units);
    if (star == 0) {
      for (const Smearing& smearing : file.smearings) add_smearing(smearing, path);
    }
    if (file.smearings.size() != result.smearings.size()) {
      throw InputError{"{}: {} broadenings, {} in the first file: it is truncated or of another calculation", path,
                       file.smearings.size(), result.smearings.size()};
    }
    for (std::size_t i = 0; i < file.smearings.size(); ++i) same_smearing(i, file.smearings[i], path);
    result.points.push_back({dyn.grid.points()[firsts[star]], std::move(file.gamma), path});
  }
  return true;
}

}  // namespace

CouplingFiles read_coupling(const std::string& path, const std::string& dyn_prefix, const UnitSet& units) {
  const phonons::DynamicalMatrices dyn = phonons::read_qe_dyn(dyn_prefix, units);
  Reader reader{dyn, units, {dyn.crystal, dyn.alat, dyn.grid, "", {}, {}}};
  const bool folder = fs::is_directory(path);
  const auto inside = [&](const char* name) { return (fs::path(path) / name).string(); };
  const std::string kind = fs::path(path).filename().string();
  const bool found = folder                       ? reader.stars(inside("a2Fq2r")) || reader.cells(inside("a2Fmatdyn"))
                     : kind.starts_with("a2Fq2r") ? reader.stars(path)
                     : kind.starts_with("a2Fmatdyn") ? reader.cells(path)
                                                     : reader.points(path);
  if (found) return std::move(reader.result);
  if (has_printed_lambda(path)) {
    throw advised(
        InputError{"{}: lambda is printed here for the frequencies and eigenvectors of the calculation alone, "
                   "without the matrices that other phonons need",
                   path},
        "give the folder with a2Fq2r.* of the same run of ph.x (electron_phonon = 'interpolated')");
  }
  throw InputError{"{}: no electron-phonon files: a2Fq2r.51.1 and so on in this folder, or {}1.elph.d.mat.1 and so on",
                   path, path};
}

}  // namespace zeropoint::superconductivity
