#include "phonons/point_group.hpp"

#include <fmt/format.h>

#include <Eigen/LU>
#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "core/error.hpp"

namespace zeropoint::phonons {
namespace {

// Classes of the proper groups. second: about the main axis, or the squares of fourfold ones; prime, double_prime:
// other twofold axes.
enum Kind { identity, second, prime, double_prime, third, fourth, sixth, n_kinds };

struct Row {
  const char* label;
  std::array<double, n_kinds> characters;
};

// The eleven proper groups. Every other is one of them times inversion, or has the same table when -S is put for each
// improper S.
const std::map<std::string, std::vector<Row>>& proper_tables() {
  static const std::map<std::string, std::vector<Row>> tables = {
      //            E  C2  C2' C2'' C3  C4  C6
      {"C1", {{"A", {1, 0, 0, 0, 0, 0, 0}}}},
      {"C2", {{"A", {1, 1, 0, 0, 0, 0, 0}}, {"B", {1, -1, 0, 0, 0, 0, 0}}}},
      {"C3", {{"A", {1, 0, 0, 0, 1, 0, 0}}, {"E", {2, 0, 0, 0, -1, 0, 0}}}},
      {"C4", {{"A", {1, 1, 0, 0, 0, 1, 0}}, {"B", {1, 1, 0, 0, 0, -1, 0}}, {"E", {2, -2, 0, 0, 0, 0, 0}}}},
      {"C6",
       {{"A", {1, 1, 0, 0, 1, 0, 1}},
        {"B", {1, -1, 0, 0, 1, 0, -1}},
        {"E1", {2, -2, 0, 0, -1, 0, 1}},
        {"E2", {2, 2, 0, 0, -1, 0, -1}}}},
      {"D2",
       {{"A", {1, 1, 1, 1, 0, 0, 0}},
        {"B1", {1, 1, -1, -1, 0, 0, 0}},
        {"B2", {1, -1, 1, -1, 0, 0, 0}},
        {"B3", {1, -1, -1, 1, 0, 0, 0}}}},
      {"D3", {{"A1", {1, 0, 1, 0, 1, 0, 0}}, {"A2", {1, 0, -1, 0, 1, 0, 0}}, {"E", {2, 0, 0, 0, -1, 0, 0}}}},
      {"D4",
       {{"A1", {1, 1, 1, 1, 0, 1, 0}},
        {"A2", {1, 1, -1, -1, 0, 1, 0}},
        {"B1", {1, 1, 1, -1, 0, -1, 0}},
        {"B2", {1, 1, -1, 1, 0, -1, 0}},
        {"E", {2, -2, 0, 0, 0, 0, 0}}}},
      {"D6",
       {{"A1", {1, 1, 1, 1, 1, 0, 1}},
        {"A2", {1, 1, -1, -1, 1, 0, 1}},
        {"B1", {1, -1, 1, -1, 1, 0, -1}},
        {"B2", {1, -1, -1, 1, 1, 0, -1}},
        {"E1", {2, -2, 0, 0, -1, 0, 1}},
        {"E2", {2, 2, 0, 0, -1, 0, -1}}}},
      {"T", {{"A", {1, 1, 0, 0, 1, 0, 0}}, {"E", {2, 2, 0, 0, -1, 0, 0}}, {"T", {3, -1, 0, 0, 0, 0, 0}}}},
      {"O",
       {{"A1", {1, 1, 1, 0, 1, 1, 0}},
        {"A2", {1, 1, -1, 0, 1, -1, 0}},
        {"E", {2, 2, 0, 0, -1, 0, 0}},
        {"T1", {3, -1, -1, 0, 0, 1, 0}},
        {"T2", {3, -1, 1, 0, 0, -1, 0}}}}};
  return tables;
}

struct Name {
  const char *schoenflies, *international;
};

const std::map<std::string, Name> with_inversion = {
    {"C1", {"Ci", "-1"}},     {"C2", {"C2h", "2/m"}}, {"C3", {"C3i", "-3"}},  {"C4", {"C4h", "4/m"}},
    {"C6", {"C6h", "6/m"}},   {"D2", {"D2h", "mmm"}}, {"D3", {"D3d", "-3m"}}, {"D4", {"D4h", "4/mmm"}},
    {"D6", {"D6h", "6/mmm"}}, {"T", {"Th", "m-3"}},   {"O", {"Oh", "m-3m"}}};
const std::map<std::string, const char*> proper_names = {{"C1", "1"},   {"C2", "2"},   {"C3", "3"},  {"C4", "4"},
                                                         {"C6", "6"},   {"D2", "222"}, {"D3", "32"}, {"D4", "422"},
                                                         {"D6", "622"}, {"T", "23"},   {"O", "432"}};

// Groups with improper operations and no inversion, and what their representations are called there.
struct Mixed {
  Name name;
  std::map<std::string, std::string> labels;
};
const std::map<std::string, Mixed> mixed_groups = {
    {"C2", {{"Cs", "m"}, {{"A", "A'"}, {"B", "A''"}}}},
    {"C4", {{"S4", "-4"}, {}}},
    {"C6", {{"C3h", "-6"}, {{"A", "A'"}, {"B", "A''"}, {"E1", "E''"}, {"E2", "E'"}}}},
    {"D2", {{"C2v", "mm2"}, {{"A", "A1"}, {"B1", "A2"}, {"B2", "B1"}, {"B3", "B2"}}}},
    {"D3", {{"C3v", "3m"}, {}}},
    {"D4", {{"C4v", "4mm"}, {}}},
    {"D4 with S4", {{"D2d", "-42m"}, {}}},
    {"D6", {{"C6v", "6mm"}, {}}},
    {"D6 with S3",
     {{"D3h", "-6m2"}, {{"A1", "A1'"}, {"A2", "A2'"}, {"B1", "A1''"}, {"B2", "A2''"}, {"E1", "E''"}, {"E2", "E'"}}}},
    {"O", {{"Td", "-43m"}, {}}}};

/// An operation as +- a proper rotation.
struct Operation {
  Eigen::Matrix3d proper;
  bool improper;
  int order;             // of the proper rotation
  Eigen::Vector3d axis;  // unit vector, either sign
  Kind kind = identity;
};

Operation analysed(const Eigen::Matrix3d& rotation) {
  const bool improper = rotation.determinant() < 0;
  Operation result{improper ? Eigen::Matrix3d(-rotation) : rotation, improper, 0, Eigen::Vector3d::UnitZ(), identity};
  static const std::map<int, int> orders = {{3, 1}, {-1, 2}, {0, 3}, {1, 4}, {2, 6}};
  const double trace = result.proper.trace();
  const auto order = orders.find(static_cast<int>(std::lround(trace)));
  if (order == orders.end() || std::abs(trace - std::round(trace)) > 0.01) {
    throw InputError{"a symmetry operation turns by an angle with trace {:.4f}, which no crystal allows", trace};
  }
  result.order = order->second;
  if (result.order == 1) return result;
  // 2 (1 - cos) n n^T
  const Eigen::Matrix3d dyad = result.proper + result.proper.transpose() + (1 - trace) * Eigen::Matrix3d::Identity();
  Eigen::Index column = 0;
  dyad.colwise().norm().maxCoeff(&column);
  result.axis = dyad.col(column).normalized();
  return result;
}

double alignment(const Eigen::Vector3d& axis, const Eigen::Matrix3d& conventional, int vector) {
  return std::abs(axis.dot(conventional.row(vector).transpose().normalized()));
}

bool parallel(const Eigen::Vector3d& a, const Eigen::Vector3d& b) { return std::abs(a.dot(b)) > 0.99; }

std::string proper_symbol(const std::vector<Operation>& distinct) {
  std::array<int, 7> count{};
  for (const Operation& operation : distinct) ++count[operation.order];
  switch (distinct.size()) {
    case 1:
      return "C1";
    case 2:
      return "C2";
    case 3:
      return "C3";
    case 4:
      return count[4] > 0 ? "C4" : "D2";
    case 6:
      return count[6] > 0 ? "C6" : "D3";
    case 8:
      return "D4";
    case 12:
      return count[6] > 0 ? "D6" : "T";
    case 24:
      return "O";
    default:
      throw InputError{"{} rotations are no crystallographic point group", distinct.size()};
  }
}

/// The axes of 222 or mm2 as z, y, x.
std::array<Eigen::Vector3d, 3> orthogonal_axes(const std::vector<Operation>& operations,
                                               const Eigen::Matrix3d& conventional, bool mixed) {
  std::vector<Operation> twofold;
  for (const Operation& operation : operations) {
    const bool known = std::any_of(twofold.begin(), twofold.end(),
                                   [&](const Operation& other) { return parallel(other.axis, operation.axis); });
    if (operation.order == 2 && !known) twofold.push_back(operation);
  }
  std::array<int, 3> order{0, 1, 2}, best = order;
  double most = -1;
  do {
    // The only true axis of mm2 is z, whatever its direction.
    if (mixed && twofold.at(static_cast<std::size_t>(order[0])).improper) continue;
    double sum = 0;
    for (std::size_t i = 0; i < 3; ++i)
      sum += alignment(twofold.at(static_cast<std::size_t>(order[i])).axis, conventional, 2 - static_cast<int>(i));
    if (sum > most + 1e-6) most = sum, best = order;
  } while (std::next_permutation(order.begin(), order.end()));
  return {twofold[best[0]].axis, twofold[best[1]].axis, twofold[best[2]].axis};
}

/// Two twofold axes of 422 or 622 are of one class when they are this many degrees apart, or a multiple of it.
bool same_class(const Eigen::Vector3d& a, const Eigen::Vector3d& b, bool hexagonal) {
  const double angle = std::acos(std::min(1.0, std::abs(a.dot(b)))) * 180 / std::acos(-1.0),
               period = hexagonal ? 60 : 90;
  const double rest = std::abs(angle - period * std::round(angle / period));
  return rest < 10;
}

std::string axis_text(const Eigen::Vector3d& axis) {
  Eigen::Index largest = 0;
  axis.cwiseAbs().maxCoeff(&largest);
  const Eigen::Vector3d n = axis[largest] < 0 ? Eigen::Vector3d(-axis) : axis;
  return fmt::format("({:.3f}, {:.3f}, {:.3f})", n[0] + 0.0, n[1] + 0.0, n[2] + 0.0);
}

/// Gives every operation its class and returns the choice that was made.
std::string classify(std::vector<Operation>& operations, const std::string& proper, bool mixed,
                     const Eigen::Matrix3d& conventional) {
  static constexpr std::array<Kind, 7> by_order{identity, identity, second, third, fourth, identity, sixth};
  for (Operation& operation : operations) operation.kind = by_order[operation.order];
  if (proper == "D2") {
    const auto [z, y, x] = orthogonal_axes(operations, conventional, mixed);
    for (Operation& operation : operations) {
      if (operation.order == 2)
        operation.kind = parallel(operation.axis, z) ? second : parallel(operation.axis, y) ? prime : double_prime;
    }
    return mixed ? fmt::format("B1 is symmetric under the mirror normal to {} (Cartesian)", axis_text(y))
                 : fmt::format("B1, B2, B3 are symmetric under the axes {}, {}, {} (Cartesian)", axis_text(z),
                               axis_text(y), axis_text(x));
  }
  if (proper == "D3") {
    for (Operation& operation : operations) {
      if (operation.order == 2) operation.kind = prime;
    }
  }
  if (proper == "O") {
    for (Operation& operation : operations) {
      const bool square = std::any_of(operations.begin(), operations.end(), [&](const Operation& other) {
        return other.order == 4 && parallel(other.axis, operation.axis);
      });
      if (operation.order == 2 && !square) operation.kind = prime;
    }
  }
  if (proper != "D4" && proper != "D6") return "";
  const auto main = std::find_if(operations.begin(), operations.end(), [&](const Operation& operation) {
    return operation.order == (proper == "D4" ? 4 : 6);
  });
  const Operation* first = nullptr;  // of the class '
  for (const Operation& operation : operations) {
    if (operation.order != 2 || parallel(operation.axis, main->axis)) continue;
    if (mixed && main->improper) {
      if (!operation.improper) first = &operation;  // true axes and mirrors are told apart by themselves
    } else if (!first || alignment(operation.axis, conventional, 0) > alignment(first->axis, conventional, 0) + 1e-6) {
      first = &operation;
    }
  }
  const Eigen::Vector3d axis = first->axis, along = main->axis;
  const bool chosen = !(mixed && main->improper), mirror = first->improper && mixed;
  for (Operation& operation : operations) {
    if (operation.order != 2 || parallel(operation.axis, along)) continue;
    operation.kind = same_class(operation.axis, axis, proper == "D6") ? prime : double_prime;
  }
  if (!chosen) return "";
  return fmt::format("B1 is symmetric under the {} {} (Cartesian)", mirror ? "mirror normal to" : "twofold axis",
                     axis_text(axis));
}

}  // namespace

double multiplicity(const Irrep& irrep, const std::vector<double>& characters) {
  double product = 0, norm = 0;
  for (std::size_t i = 0; i < characters.size(); ++i) {
    product += irrep.characters[i] * characters[i];
    norm += irrep.characters[i] * irrep.characters[i];
  }
  return product / norm;
}

PointGroup point_group(const std::vector<Eigen::Matrix3d>& rotations, const Eigen::Matrix3d& conventional) {
  std::vector<Operation> operations, distinct;
  bool inversion = false, any_improper = false;
  for (const Eigen::Matrix3d& rotation : rotations) {
    const Operation operation = analysed(rotation);
    any_improper |= operation.improper;
    inversion |= operation.improper && operation.order == 1;
    operations.push_back(operation);
    const bool known = std::any_of(distinct.begin(), distinct.end(), [&](const Operation& other) {
      return (other.proper - operation.proper).cwiseAbs().maxCoeff() < 1e-2;
    });
    if (!known) distinct.push_back(operation);
  }
  const std::string proper = proper_symbol(distinct);
  const bool mixed = any_improper && !inversion;
  if (operations.size() != distinct.size() * (inversion ? 2 : 1)) {
    throw InputError{"{} rotations are no point group: some are there twice, or some are missing", operations.size()};
  }
  PointGroup group;
  group.convention = classify(operations, proper, mixed, conventional);
  std::map<std::string, std::string> other_labels;
  if (mixed) {
    std::string key = proper;
    const auto main = [&](int order) {
      return std::any_of(operations.begin(), operations.end(),
                         [&](const Operation& o) { return o.order == order && o.improper; });
    };
    if (proper == "D4" && main(4)) key = "D4 with S4";
    if (proper == "D6" && main(6)) key = "D6 with S3";
    const auto found = mixed_groups.find(key);
    if (found == mixed_groups.end())
      throw InputError{"{} rotations are no crystallographic point group", rotations.size()};
    group.schoenflies = found->second.name.schoenflies;
    group.international = found->second.name.international;
    other_labels = found->second.labels;
  } else if (inversion) {
    group.schoenflies = with_inversion.at(proper).schoenflies;
    group.international = with_inversion.at(proper).international;
  } else {
    group.schoenflies = proper;
    group.international = proper_names.at(proper);
  }

  std::vector<double> vector, tensor;
  for (const Eigen::Matrix3d& rotation : rotations) {
    vector.push_back(rotation.trace());
    tensor.push_back((rotation.trace() * rotation.trace() + (rotation * rotation).trace()) / 2);
  }
  for (const char* parity : {"g", "u"}) {
    if (!inversion && *parity == 'u') break;
    for (const Row& row : proper_tables().at(proper)) {
      Irrep irrep{row.label, {}, false, false};
      for (const Operation& operation : operations) {
        const double sign = inversion && operation.improper && *parity == 'u' ? -1 : 1;
        irrep.characters.push_back(sign * row.characters[operation.kind]);
      }
      if (const auto other = other_labels.find(irrep.label); other != other_labels.end()) irrep.label = other->second;
      if (inversion) irrep.label += parity;
      irrep.infrared = multiplicity(irrep, vector) > 0.5;
      irrep.raman = multiplicity(irrep, tensor) > 0.5;
      group.irreps.push_back(std::move(irrep));
    }
  }
  return group;
}

}  // namespace zeropoint::phonons
