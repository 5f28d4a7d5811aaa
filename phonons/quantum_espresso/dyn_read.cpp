#include "phonons/quantum_espresso/dyn_read.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/extremes.hpp"
#include "files/text_scanner.hpp"
#include "phonons/quantum_espresso/dyn_file.hpp"

namespace zeropoint::phonons {
namespace {

namespace fs = std::filesystem;

constexpr double matrix_tolerance = 1e-3;  // of the largest element; printed matrices deviate by their rounding only

struct Grid0 {
  Eigen::Vector3i divisions;
  int n_files;
};

/// PREFIX0 of ph.x: N1 N2 N3, number of files, one q a file.
Grid0 read_dyn0(const std::string& path) {
  TextScanner scan(path);
  scan.require_filled("N1 N2 N3");
  scan.require_words(3, "N1 N2 N3");
  Grid0 grid{{scan.integer(0), scan.integer(1), scan.integer(2)}, 0};
  if ((grid.divisions.array() < 1).any()) scan.fail("every division of the q grid must be at least 1");
  scan.require_filled("the number of files");
  grid.n_files = scan.integer(0);
  if (grid.n_files < 1 || grid.n_files > grid.divisions.prod()) {
    scan.fail("{} files for a grid of {} q points", grid.n_files, grid.divisions.prod());
  }
  return grid;
}

bool is_file(const std::string& path) {
  std::error_code code;
  return fs::is_regular_file(path, code);
}

bool is_number(const std::string& text) {
  return !text.empty() && text.size() < 7 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The files PREFIXi or PREFIXi.xml of a set; a prefix that ends in .xml, as fildyn may, means those in XML.
class StarFiles {
 public:
  explicit StarFiles(const std::string& prefix)
      : only_xml_(prefix.ends_with(".xml")), stem_(only_xml_ ? prefix.substr(0, prefix.size() - 4) : prefix) {}

  /// Empty when there is none.
  std::string find(int i) const {
    const std::string text = stem_ + std::to_string(i);
    if (!only_xml_ && is_file(text)) return text;
    if (i == 0 && is_file(text)) return text;  // is never XML
    return is_file(text + ".xml") ? text + ".xml" : "";
  }
  std::string expected(int i) const { return stem_ + std::to_string(i) + (only_xml_ ? ".xml" : ""); }

  /// 0 when there is no file.
  int largest_index() const {
    const fs::path path(stem_);
    const std::string name = path.filename().string();
    int largest = 0;
    std::error_code code;
    for (const auto& entry :
         fs::directory_iterator(path.has_parent_path() ? path.parent_path() : fs::path("."), code)) {
      std::string candidate = entry.path().filename().string();
      const bool xml = candidate.ends_with(".xml");
      if (xml) candidate.resize(candidate.size() - 4);
      if ((xml || !only_xml_) && candidate.starts_with(name) && is_number(candidate.substr(name.size()))) {
        largest = std::max(largest, std::stoi(candidate.substr(name.size())));
      }
    }
    return largest;
  }

 private:
  bool only_xml_;
  std::string stem_;
};

std::vector<std::string> star_files(const std::string& prefix, const StarFiles& files,
                                    const std::optional<Grid0>& dyn0) {
  const int n_files = dyn0 ? dyn0->n_files : files.largest_index();
  if (n_files == 0) {
    throw IoError{
        "no dynamical matrices at {}: neither {} nor that name itself exists; give the prefix in front of 1, 2, ...",
        prefix, files.expected(1)};
  }
  std::vector<std::string> paths;
  for (int i = 1; i <= n_files; ++i) {
    paths.push_back(files.find(i));
    if (paths.back().empty()) {
      throw IoError{"{} is missing, but {} {}: all files of the set are needed", files.expected(i),
                    dyn0 ? files.find(0) : files.find(n_files),
                    dyn0 ? fmt::format("counts {} files", n_files) : "exists"};
    }
  }
  return paths;
}

void refuse_other_crystal(const QeDynFile& first, const QeDynFile& later) {
  const Crystal& a = first.crystal;
  const Crystal& b = later.crystal;
  const auto refuse = [&](const std::string& what) {
    throw InputError{"{} and {} are of two crystals: {} differ; give files of one calculation", first.path, later.path,
                     what};
  };
  if (a.n_atoms() != b.n_atoms()) refuse(fmt::format("numbers of atoms ({} and {})", a.n_atoms(), b.n_atoms()));
  if (a.species != b.species) refuse(fmt::format("species ({} and {})", a.formula(), b.formula()));
  // Headers printed with 7 to 16 decimals of the same crystal agree to 1e-6.
  const double length = a.cell.rowwise().norm().maxCoeff();
  if (!((a.cell - b.cell).cwiseAbs().maxCoeff() < 1e-5 * length)) refuse("cell vectors");
  if (!((a.positions - b.positions).cwiseAbs().maxCoeff() < 1e-5 * length)) refuse("atomic positions");
  if (!(((a.masses - b.masses).array() / a.masses.array()).abs().maxCoeff() < 1e-4)) refuse("masses");
}

void refuse_repeated_q(const std::vector<QeDynBlock>& blocks) {
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const Eigen::Vector3d d = blocks[i].q - blocks[j].q;
      if ((d.array() - d.array().round()).abs().maxCoeff() < 1e-4) {
        throw InputError{
            "{}: this q equals the q of {} (up to a reciprocal lattice vector): every q must be given once",
            blocks[i].where, blocks[j].where};
      }
    }
  }
}

QGrid grid_of(const std::string& prefix, const std::vector<QeDynBlock>& blocks, const std::vector<int>& stars) {
  std::vector<Eigen::Vector3d> points;
  for (const QeDynBlock& block : blocks) points.push_back(block.q);
  try {
    return QGrid(std::move(points), stars);
  } catch (const InputError& error) {
    throw InputError{"{}: {}", prefix, error.what()};
  }
}

double largest(const Eigen::MatrixXcd& matrix) { return largest_magnitude(matrix); }

/// Exact symmetries that printing has rounded away: D = D^dagger, D(-q) = D(q)^*.
std::vector<Eigen::MatrixXcd> restored(const std::vector<QeDynBlock>& blocks, const QGrid& grid) {
  std::vector<Eigen::MatrixXcd> matrices;
  for (const QeDynBlock& block : blocks) {
    const double deviation = largest(block.matrix - block.matrix.adjoint());
    if (!(deviation <= matrix_tolerance * largest(block.matrix))) {
      throw InputError{
          "{}: the matrix is not Hermitian: deviation {:.3g} of its largest element; the file is damaged or mixed",
          block.where, deviation / largest(block.matrix)};
    }
    matrices.push_back((block.matrix + block.matrix.adjoint()) / 2);
  }
  for (const int iq : grid.independent()) {
    const auto here = static_cast<std::size_t>(iq), there = static_cast<std::size_t>(grid.minus(iq));
    const Eigen::MatrixXcd partner = matrices[there].conjugate();
    const double deviation = largest(matrices[here] - partner);
    if (!(deviation <= matrix_tolerance * larger(largest(matrices[here]), largest(partner)))) {
      throw InputError{"{}: {}: deviation {:.3g} eV/angstrom^2; the file is damaged or mixed", blocks[here].where,
                       here == there
                           ? std::string("the matrix at q = -q + G is not real")
                           : "the matrix is not the complex conjugate of the one at -q, " + blocks[there].where,
                       deviation};
    }
    matrices[here] = (matrices[here] + partner).eval() / 2;
    if (here != there) matrices[there] = matrices[here].conjugate();
  }
  return matrices;
}

/// `prefix` is a file itself, not only the beginning of the names of others.
bool is_complete_name(const std::string& prefix) {
  return is_file(prefix) && (is_number(prefix.substr(prefix.size() - 1)) || !is_file(prefix + "1"));
}

/// The files of the set; `dyn0` gets what PREFIX0 says, where there is one.
std::vector<std::string> paths_of(const std::string& prefix, std::optional<Grid0>& dyn0) {
  if (is_complete_name(prefix)) return {prefix};
  const StarFiles files(prefix);
  if (const std::string path = files.find(0); !path.empty()) dyn0 = read_dyn0(path);
  return star_files(prefix, files, dyn0);
}

bool begins_as_dyn(const std::string& path) {
  if (!begins_as_text(path)) return false;
  TextScanner scan(path);
  if (!scan.next_filled()) return false;
  if (!scan.line().starts_with('<')) return scan.words()[0] == "Dynamical";
  return read_file(path).find("<DYNAMICAL_MAT_") != std::string::npos;
}

}  // namespace

bool is_qe_dyn(const std::string& path) {
  const std::string first = is_complete_name(path) ? path : StarFiles(path).find(1);
  return !first.empty() && (!is_file(path) || begins_as_dyn(first));
}

std::vector<std::string> qe_dyn_paths(const std::string& prefix) {
  std::optional<Grid0> dyn0;
  return paths_of(prefix, dyn0);
}

DynamicalMatrices read_qe_dyn(const std::string& prefix, const UnitSet& units) {
  std::optional<Grid0> dyn0;
  const std::vector<std::string> paths = paths_of(prefix, dyn0);

  std::optional<QeDynFile> first;
  std::optional<Polar> polar;
  std::vector<QeDynBlock> blocks;
  std::vector<int> stars;
  for (const std::string& path : paths) {
    QeDynFile file = read_qe_dyn_file(path, units);
    if (file.polar) polar = file.polar;
    stars.push_back(static_cast<int>(file.blocks.size()));
    std::move(file.blocks.begin(), file.blocks.end(), std::back_inserter(blocks));
    if (first) {
      refuse_other_crystal(*first, file);
    } else {
      first = std::move(file);
    }
  }
  refuse_repeated_q(blocks);
  QGrid grid = grid_of(prefix, blocks, stars);
  if (dyn0 && dyn0->divisions != grid.divisions()) {
    throw InputError{
        "{}0 announces a {} x {} x {} grid, the files hold {} x {} x {}: they are of two calculations, or a file is "
        "missing",
        prefix,
        dyn0->divisions[0],
        dyn0->divisions[1],
        dyn0->divisions[2],
        grid.divisions()[0],
        grid.divisions()[1],
        grid.divisions()[2]};
  }
  std::vector<Eigen::MatrixXcd> matrices = restored(blocks, grid);
  return {std::move(first->crystal), std::move(grid), std::move(matrices),
          std::move(polar),          first->alat,     std::move(first->title)};
}

}  // namespace zeropoint::phonons
