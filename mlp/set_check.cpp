#include "mlp/set_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <optional>
#include <utility>

namespace zeropoint::mlp {
namespace {

constexpr double same_place = 1e-5;   // angstrom
constexpr double same_site = 0.5;     // angstrom, on average: displaced copies of one crystal
constexpr double similar_cell = 0.1;  // strain
constexpr double same_energy = 1e-3;  // eV per atom
constexpr std::size_t most_shown = 5;
constexpr std::size_t most_lists = 100;  // lists of atoms that are compared with one another

/// Lengths of the shortest vectors from the atoms of `a` to those of `b`, [n_atoms] angstrom.
Eigen::VectorXd apart(const LabelledStructure& a, const LabelledStructure& b) {
  Vectors moved = b.positions * b.cell.inverse() - a.positions * a.cell.inverse();
  moved = ((moved.array() - moved.array().round()).matrix() * a.cell).eval();
  return moved.rowwise().norm();
}

/// A number that neither images of atoms nor rounding change much.
double fingerprint(const LabelledStructure& structure) {
  const Vectors f = structure.positions * structure.cell.inverse();
  double sum = 0, weight = 1;
  for (Eigen::Index i = 0; i < f.size(); ++i) {
    weight = std::fmod(weight * 1.7 + 0.3, 2.0);
    sum += weight * std::cos(2 * std::numbers::pi * f.data()[i]);
  }
  return sum;
}

/// Sentences of one kind, the first few of them.
class Sentences {
 public:
  explicit Sentences(std::string more) : more_(std::move(more)) {}
  void add(std::string text) {
    if (++n_ <= most_shown) texts_.push_back(std::move(text));
  }
  void move_to(std::vector<std::string>& all) {
    if (n_ > most_shown) texts_.push_back(fmt::format("{} more {}", n_ - most_shown, more_));
    std::ranges::move(texts_, std::back_inserter(all));
  }

 private:
  std::string more_;
  std::vector<std::string> texts_;
  std::size_t n_ = 0;
};

/// "Na and Cl" when the elements of `b` are those of `a` exchanged for one another; nothing when they are not, or are
/// the same.
std::optional<std::string> exchanged(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::map<std::string, std::string> to, from;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (to.try_emplace(a[i], b[i]).first->second != b[i] || from.try_emplace(b[i], a[i]).first->second != a[i])
      return std::nullopt;
  }
  std::vector<std::string> names;
  for (const auto& [element, image] : to) {
    if (!to.contains(image)) return std::nullopt;  // another element: another crystal
    if (element != image) names.push_back(element);
  }
  if (names.empty()) return std::nullopt;
  return fmt::format("{}", fmt::join(names, " and "));
}

}  // namespace

std::vector<std::string> contradictions(const std::vector<const LabelledStructure*>& structures) {
  std::map<std::vector<std::string>, std::vector<std::pair<double, std::size_t>>> lists;
  for (std::size_t i = 0; i < structures.size(); ++i)
    lists[structures[i]->species].emplace_back(fingerprint(*structures[i]), i);

  Sentences repeated("structures repeat others"),
      contradicting("structures have the places of others and other energies");
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (auto& [species, members] : lists) {
    std::ranges::sort(members);
    const double n_atoms = static_cast<double>(species.size());
    for (std::size_t k = 0; k < members.size(); ++k) {
      // What 1e-5 angstrom in every coordinate add up to.
      for (std::size_t m = k + 1; m < members.size() && members[m].first - members[k].first < 1e-5 * n_atoms; ++m) {
        const LabelledStructure &a = *structures[members[k].second], &b = *structures[members[m].second];
        if ((a.cell - b.cell).cwiseAbs().maxCoeff() > same_place || apart(a, b).maxCoeff() > same_place) continue;
        pairs.push_back(std::minmax(members[k].second, members[m].second));
        break;
      }
    }
  }
  std::ranges::sort(pairs);
  for (const auto& [first, second] : pairs) {
    const LabelledStructure &a = *structures[first], &b = *structures[second];
    const double difference = (b.energy - a.energy) / a.n_atoms();
    if (std::abs(difference) < same_energy) {
      repeated.add(fmt::format("{} repeats {}: it counts twice, leave one out", b.source, a.source));
    } else {
      contradicting.add(
          fmt::format("{} and {} have the same atoms at the same places, but energies {:.1f} meV/atom apart: one is "
                      "not converged, or "
                      "computed in another way",
                      a.source, b.source, 1e3 * std::abs(difference)));
    }
  }

  Sentences swapped("lists of atoms are exchanged");
  std::vector<std::size_t> firsts;
  for (const auto& [species, members] : lists) {
    firsts.push_back(std::ranges::min(members, {}, [](const auto& member) { return member.second; }).second);
  }
  std::ranges::sort(firsts);
  if (firsts.size() > most_lists) firsts.resize(most_lists);
  for (std::size_t i = 0; i < firsts.size(); ++i) {
    for (std::size_t j = i + 1; j < firsts.size(); ++j) {
      const LabelledStructure &a = *structures[firsts[i]], &b = *structures[firsts[j]];
      if (a.n_atoms() != b.n_atoms()) continue;
      const auto names = exchanged(a.species, b.species);
      if (!names) continue;
      const Eigen::Matrix3d strain = a.cell.inverse() * b.cell - Eigen::Matrix3d::Identity();
      if (strain.cwiseAbs().maxCoeff() > similar_cell || apart(a, b).mean() > same_site) continue;
      swapped.add(
          fmt::format("{} has its atoms where those of {} are, but {} are exchanged: the order of the elements or the "
                      "type_map of one of "
                      "them is wrong",
                      b.source, a.source, *names));
    }
  }
  std::vector<std::string> all;
  swapped.move_to(all);
  contradicting.move_to(all);
  repeated.move_to(all);
  return all;
}

}  // namespace zeropoint::mlp
