#include "core/space_group.hpp"

#include <spglib.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>

#include "core/error.hpp"
#include "core/spglib_cell.hpp"
#include "core/standard_cell.hpp"

namespace zeropoint {
namespace {

struct Operations {
  std::vector<Eigen::Matrix3i> rotations;
  std::vector<Eigen::Vector3d> translations;
};

Operations all_operations(const Crystal& crystal, double tolerance) {
  SpglibCell cell(crystal);
  const std::unique_ptr<SpglibDataset, decltype(&spg_free_dataset)> dataset(
      spg_get_dataset(cell.lattice, cell.position_rows(), cell.types.data(), crystal.n_atoms(), tolerance),
      &spg_free_dataset);
  if (!dataset || dataset->n_operations == 0) {
    throw InputError{"spglib finds no space group within {} angstrom ({}): try another tolerance", tolerance,
                     spg_get_error_message(spg_get_error_code())};
  }
  Operations operations;
  for (int i = 0; i < dataset->n_operations; ++i) {
    operations.rotations.push_back(
        Eigen::Map<const Eigen::Matrix<int, 3, 3, Eigen::RowMajor>>(&dataset->rotations[i][0][0]));
    operations.translations.push_back(Eigen::Map<const Eigen::Vector3d>(dataset->translations[i]));
  }
  return operations;
}

/// Translations as the fractions they stand for (multiples of 1/24) when all of them are within `tolerance` of one: the
/// origin of the file is then a symmetric point, and the few decimals of its positions need not move the group.
void snap_translations(Operations& operations, const Eigen::Matrix3d& cell, double tolerance) {
  std::vector<Eigen::Vector3d> snapped;
  for (const Eigen::Vector3d& translation : operations.translations) {
    snapped.push_back((24 * translation).array().round() / 24);
    if ((cell.transpose() * (snapped.back() - translation)).norm() > tolerance) return;
  }
  operations.translations = std::move(snapped);
}

/// spglib does not recognise operations in cells of long, skew vectors: they are given in those of the reduced cell.
SpglibSpacegroupType type_of(Crystal crystal, const std::vector<SymmetryOperation>& operations, double tolerance) {
  const Eigen::Matrix3d reduced = niggli_cell(crystal.cell, tolerance);
  const Eigen::Matrix3d change =
      (reduced * crystal.cell.inverse()).array().round();           // rows: new vectors in terms of the old
  const Eigen::Matrix3d to_reduced = change.transpose().inverse();  // of crystal coordinates, columns
  crystal.cell = reduced;
  SpglibCell cell(crystal);
  std::vector<int> rotations;
  std::vector<double> translations;
  for (const SymmetryOperation& operation : operations) {
    const Eigen::Matrix3d w = (to_reduced * operation.rotation.cast<double>() * change.transpose()).array().round();
    const Eigen::Vector3d t = to_reduced * operation.translation;
    for (int i = 0; i < 9; ++i) rotations.push_back(static_cast<int>(w(i / 3, i % 3)));
    translations.insert(translations.end(), t.data(), t.data() + 3);
  }
  return spg_get_spacegroup_type_from_symmetry(reinterpret_cast<int (*)[3][3]>(rotations.data()),
                                               reinterpret_cast<double (*)[3]>(translations.data()),
                                               static_cast<int>(operations.size()), cell.lattice, tolerance);
}

/// Cell vectors whose metric has the point symmetry exactly, so that S = A^T W A^-T are orthogonal and form a group
/// to rounding even when the cell of the file has few decimals.
Eigen::Matrix3d idealised_cell(const Eigen::Matrix3d& cell, const std::vector<Eigen::Matrix3i>& rotations) {
  const Eigen::Matrix3d metric = cell * cell.transpose();
  Eigen::Matrix3d mean = Eigen::Matrix3d::Zero();
  for (const Eigen::Matrix3i& rotation : rotations) {
    const Eigen::Matrix3d w = rotation.cast<double>();
    mean += w.transpose() * metric * w;
  }
  mean /= static_cast<double>(rotations.size());
  const Eigen::Matrix3d lower = metric.llt().matrixL();
  const Eigen::Matrix3d mean_lower = mean.llt().matrixL();
  return mean_lower * lower.inverse() * cell;
}

/// How far the cell vectors and the projections of one on another change under a rotation of crystal coordinates,
/// angstrom.
double change_of_lengths(const Eigen::Matrix3d& cell, const Eigen::Matrix3d& rotation) {
  const Eigen::Matrix3d metric = cell * cell.transpose();
  const Eigen::Matrix3d turned = rotation.transpose() * metric * rotation;
  const Eigen::Vector3d lengths = metric.diagonal().cwiseSqrt();
  double largest = (turned.diagonal().cwiseSqrt() - lengths).cwiseAbs().maxCoeff();
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < i; ++j) {
      largest = std::max(largest, std::abs(turned(i, j) - metric(i, j)) / std::max(lengths[i], lengths[j]));
    }
  }
  return largest;
}

/// Rotation and translation of "-y,x-y,z+1/3".
std::pair<Eigen::Matrix3i, Eigen::Vector3d> parse_jones(const std::string& text, const std::string& where) {
  const auto refuse = [&] { throw InputError{"{}: '{}' is not an operation such as -y,x-y,z+1/3", where, text}; };
  Eigen::Matrix3i rotation = Eigen::Matrix3i::Zero();
  Eigen::Vector3d translation = Eigen::Vector3d::Zero();
  std::stringstream rows(text);
  std::string row;
  int i = 0;
  for (; std::getline(rows, row, ','); ++i) {
    if (i == 3) refuse();
    std::erase_if(row, [](unsigned char c) { return std::isspace(c); });
    for (std::size_t at = 0; at < row.size();) {
      double sign = 1;
      if (row[at] == '+' || row[at] == '-') sign = row[at++] == '-' ? -1 : 1;
      if (at == row.size()) refuse();
      if (const char axis = static_cast<char>(std::tolower(row[at])); axis >= 'x' && axis <= 'z') {
        rotation(i, axis - 'x') += static_cast<int>(sign);
        ++at;
        continue;
      }
      std::size_t used = 0;
      double number = 0;
      try {
        number = std::stod(row.substr(at), &used);
        at += used;
        if (at < row.size() && row[at] == '/') {
          number /= std::stod(row.substr(at + 1), &used);
          at += used + 1;
        }
      } catch (const std::exception&) {
        refuse();
      }
      translation[i] += sign * number;
    }
  }
  if (i != 3) refuse();
  return {rotation, translation};
}

/// One operation a line as x,y,z or three lines of four numbers each; `#` begins a comment.
Operations read_operations(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw IoError{"cannot open the list of symmetry operations '{}'", path};
  Operations operations;
  std::vector<Eigen::Vector4d> rows;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    line.erase(std::min(line.find('#'), line.size()));
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::string where = fmt::format("{}:{}", path, number);
    if (line.find(',') != std::string::npos) {
      const auto [rotation, translation] = parse_jones(line, where);
      operations.rotations.push_back(rotation);
      operations.translations.push_back(translation);
      continue;
    }
    Eigen::Vector4d row;
    std::stringstream numbers(line);
    if (!(numbers >> row[0] >> row[1] >> row[2] >> row[3])) {
      throw InputError{"{}: expected x,y,z or a row 'W11 W12 W13 w1', found '{}'", where, line};
    }
    rows.push_back(row);
    if (rows.size() == 3) {
      Eigen::Matrix3i rotation;
      Eigen::Vector3d translation;
      for (int i = 0; i < 3; ++i) {
        rotation.row(i) = rows[i].head<3>().array().round().matrix().cast<int>().transpose();
        translation[i] = rows[i][3];
      }
      operations.rotations.push_back(rotation);
      operations.translations.push_back(translation);
      rows.clear();
    }
  }
  if (!rows.empty()) throw InputError{"{}: the last operation has {} of 3 rows (truncated?)", path, rows.size()};
  if (operations.rotations.empty()) throw InputError{"{}: no symmetry operation in it", path};
  return operations;
}

using Members = std::set<int>;

/// All subgroups, from the cyclic ones by adding generators, as sets of indices into `operations`.
std::set<Members> all_subgroups(const std::vector<SymmetryOperation>& operations) {
  const int n = static_cast<int>(operations.size());
  const auto product = [&](int a, int b) {
    const SymmetryOperation &left = operations[a], &right = operations[b];
    for (int c = 0; c < n; ++c) {
      const SymmetryOperation& candidate = operations[c];
      if (candidate.rotation != left.rotation * right.rotation) continue;
      bool same = true;
      for (std::size_t s = 0; s < candidate.permutation.size() && same; ++s) {
        same = candidate.permutation[s] == left.permutation[right.permutation[s]];
      }
      if (same) return c;
    }
    throw InternalError{"the operations that spglib found are not a group"};
  };
  std::vector<std::vector<int>> table(static_cast<std::size_t>(n), std::vector<int>(static_cast<std::size_t>(n)));
  for (int a = 0; a < n; ++a) {
    for (int b = 0; b < n; ++b) table[a][b] = product(a, b);
  }
  const auto closure = [&](Members members) {
    for (std::size_t before = 0; before != members.size();) {
      before = members.size();
      const std::vector<int> list(members.begin(), members.end());
      for (const int a : list) {
        for (const int b : list) members.insert(table[a][b]);
      }
    }
    return members;
  };
  std::set<Members> found{{0}};
  std::vector<Members> queue{{0}};
  for (std::size_t at = 0; at < queue.size(); ++at) {
    for (int g = 0; g < n; ++g) {
      Members larger = queue[at];
      if (!larger.insert(g).second) continue;
      larger = closure(std::move(larger));
      if (found.insert(larger).second) queue.push_back(larger);
    }
  }
  return found;
}

/// Symbols compare without blanks and underscores: "P 4 m m", "P4mm", "Cmc2_1".
std::string plain(std::string symbol) {
  std::erase_if(symbol, [](unsigned char c) { return std::isspace(c) || c == '_'; });
  return symbol;
}

std::vector<SymmetryOperation> subgroup(const Crystal& crystal, std::vector<SymmetryOperation> operations,
                                        const SymmetryOptions& options) {
  const std::string wanted = plain(options.space_group);
  const auto matches = [&](const SpglibSpacegroupType& type) {
    return wanted == std::to_string(type.number) || wanted == plain(type.international_short);
  };
  std::vector<SymmetryOperation> largest;
  std::set<std::string> available;
  for (const Members& members : all_subgroups(operations)) {
    std::vector<SymmetryOperation> candidate;
    for (const int m : members) candidate.push_back(operations[m]);
    const SpglibSpacegroupType type = type_of(crystal, candidate, options.tolerance);
    if (type.number == 0) continue;
    available.insert(fmt::format("{} ({})", type.number, plain(type.international_short)));
    if (matches(type) && candidate.size() > largest.size()) largest = std::move(candidate);
  }
  if (largest.empty()) {
    throw InputError{"the space group '{}' is not a subgroup of the crystal's group within {} angstrom; these are: {}",
                     options.space_group, options.tolerance, fmt::join(available, ", ")};
  }
  return largest;
}

}  // namespace

std::vector<SymmetryOperation> complete_operations(const Crystal& crystal,
                                                   const std::vector<Eigen::Matrix3i>& rotations,
                                                   const std::vector<Eigen::Vector3d>& translations, double tolerance) {
  const Vectors fractional = crystal.fractional();
  const Eigen::Matrix3d cell = idealised_cell(crystal.cell, rotations);
  std::vector<SymmetryOperation> operations;
  for (std::size_t i = 0; i < rotations.size(); ++i) {
    SymmetryOperation operation{rotations[i], translations[i], {}, {}, {}};
    const Eigen::Matrix3d w = rotations[i].cast<double>();
    operation.cartesian = cell.transpose() * w * cell.transpose().inverse();
    if (const double stretch = change_of_lengths(crystal.cell, w); !(stretch <= 4 * tolerance)) {
      throw InputError{
          "symmetry operation {} does not keep the lengths of the cell vectors and the angles between them "
          "({:.2e} angstrom, allowed {:.1e}): it belongs to another cell",
          i + 1, stretch, 4 * tolerance};
    }
    for (int s = 0; s < crystal.n_atoms(); ++s) {
      const Eigen::Vector3d image = w * fractional.row(s).transpose() + translations[i];
      int nearest = -1;
      double distance = 0;
      Eigen::Vector3d nearest_shift = Eigen::Vector3d::Zero();
      for (int t = 0; t < crystal.n_atoms(); ++t) {
        if (crystal.species[s] != crystal.species[t] || crystal.masses[s] != crystal.masses[t]) {
          continue;
        }
        const Eigen::Vector3d difference = image - fractional.row(t).transpose();
        const Eigen::Vector3d shift = difference.array().round();
        const double miss = (crystal.cell.transpose() * (difference - shift)).norm();
        if (nearest < 0 || miss < distance) {
          nearest = t;
          distance = miss;
          nearest_shift = shift;
        }
      }
      if (distance > tolerance) {
        throw InputError{
            "symmetry operation {} moves atom {} ({}) {:.2e} angstrom away from the nearest {} (allowed {:.1e}): "
            "the list belongs to another crystal, setting or origin",
            i + 1,
            s + 1,
            crystal.species[s],
            distance,
            crystal.species[s],
            tolerance};
      }
      operation.permutation.push_back(nearest);
      operation.shift.push_back(nearest_shift.cast<int>());
    }
    operations.push_back(std::move(operation));
  }
  return operations;
}

SpaceGroup find_space_group(const Crystal& crystal, const SymmetryOptions& options) {
  Operations found;
  if (!options.enabled) {
    found = {{Eigen::Matrix3i::Identity()}, {Eigen::Vector3d::Zero()}};
  } else if (!options.operations_file.empty()) {
    found = read_operations(options.operations_file);
  } else {
    found = all_operations(crystal, options.tolerance);
    snap_translations(found, crystal.cell, options.tolerance);
  }
  // spglib accepts chains of matches, each within its tolerance; an explicit list must fit as it is.
  const double allowed = options.operations_file.empty() ? 4 * options.tolerance : options.tolerance;
  SpaceGroup group;
  group.tolerance = options.tolerance;
  group.operations = complete_operations(crystal, found.rotations, found.translations, allowed);
  const auto identity =
      std::find_if(group.operations.begin(), group.operations.end(), [](const SymmetryOperation& operation) {
        return operation.rotation == Eigen::Matrix3i::Identity() &&
               std::is_sorted(operation.permutation.begin(), operation.permutation.end());
      });
  if (identity == group.operations.end()) {
    throw InputError{"{}: the identity x,y,z is missing in the list of operations", options.operations_file};
  }
  std::iter_swap(group.operations.begin(), identity);
  if (options.enabled && !options.space_group.empty()) group.operations = subgroup(crystal, group.operations, options);
  const SpglibSpacegroupType type = type_of(crystal, group.operations, options.tolerance);
  if (type.number > 0) {
    group.number = type.number;
    group.symbol = plain(type.international_short);
  } else {
    group.number = 0;
    group.symbol = "unknown";
  }
  return group;
}

Crystal symmetrized(const Crystal& crystal, const SpaceGroup& group) {
  const Vectors fractional = crystal.fractional();
  Vectors sum = Vectors::Zero(crystal.n_atoms(), 3);
  for (const SymmetryOperation& operation : group.operations) {
    for (int s = 0; s < crystal.n_atoms(); ++s) {
      const std::size_t at = static_cast<std::size_t>(s);
      sum.row(operation.permutation[at]) += (operation.rotation.cast<double>() * fractional.row(s).transpose() +
                                             operation.translation - operation.shift[at].cast<double>())
                                                .transpose();
    }
  }
  Crystal result = crystal;
  result.positions = sum / static_cast<double>(group.operations.size()) * crystal.cell;
  return result;
}

}  // namespace zeropoint
