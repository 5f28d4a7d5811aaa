#include "phonons/coset_chain.hpp"

#include <Eigen/Core>
#include <map>
#include <utility>

#include "core/error.hpp"

namespace zeropoint::phonons {
namespace {

using Element =
    std::pair<std::vector<int>, std::vector<int>>;  // rotation and permutation: {S|t} modulo lattice translations

Element element(const Eigen::Matrix3i& rotation, const std::vector<int>& permutation) {
  return {std::vector<int>(rotation.data(), rotation.data() + 9), permutation};
}

/// table[a][b] = index of operation a after operation b.
std::vector<std::vector<int>> multiplication_table(const std::vector<SymmetryOperation>& operations) {
  std::map<Element, int> index;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (!index.emplace(element(operations[i].rotation, operations[i].permutation), static_cast<int>(i)).second) {
      throw InputError{"symmetry operation {} occurs twice (modulo lattice translations): remove one", i + 1};
    }
  }
  std::vector<std::vector<int>> table(operations.size(), std::vector<int>(operations.size()));
  for (std::size_t a = 0; a < operations.size(); ++a) {
    for (std::size_t b = 0; b < operations.size(); ++b) {
      std::vector<int> permutation;
      for (const int image : operations[b].permutation) {
        permutation.push_back(operations[a].permutation[image]);
      }
      const auto product = index.find(element(operations[a].rotation * operations[b].rotation, permutation));
      if (product == index.end()) {
        throw InputError{
            "the {} symmetry operations are not a group: the product of number {} and number {} is missing. "
            "Give a closed list, or another tolerance",
            operations.size(), a + 1, b + 1};
      }
      table[a][b] = product->second;
    }
  }
  return table;
}

/// Smallest group that holds `members` and `generator`.
std::vector<int> generated_by(std::vector<int> members, int generator, const std::vector<std::vector<int>>& table) {
  std::vector<bool> inside(table.size(), false);
  for (const int m : members) inside[m] = true;
  const auto take = [&](int m) {
    if (!inside[m]) {
      inside[m] = true;
      members.push_back(m);
    }
  };
  take(generator);
  for (std::size_t i = 0; i < members.size(); ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      take(table[members[i]][members[j]]);
      take(table[members[j]][members[i]]);
    }
  }
  return members;
}

/// {e} = H_0 < H_1 < ... < G by steps as small as there are; for each step the representatives r != e with H_k+1 = U r
/// H_k.
std::vector<std::vector<int>> chain_of(const std::vector<std::vector<int>>& table) {
  const int n = static_cast<int>(table.size());
  int identity = 0;
  while (table[identity][0] != 0) ++identity;
  std::vector<std::vector<int>> chain;
  std::vector<int> subgroup{identity};
  while (static_cast<int>(subgroup.size()) < n) {
    std::vector<int> larger;
    for (int g = 0; g < n; ++g) {
      if (std::find(subgroup.begin(), subgroup.end(), g) != subgroup.end()) continue;
      std::vector<int> candidate = generated_by(subgroup, g, table);
      if (larger.empty() || candidate.size() < larger.size()) larger = std::move(candidate);
    }
    std::vector<bool> covered(table.size(), false);
    const auto cover = [&](int r) {
      for (const int h : subgroup) covered[table[static_cast<std::size_t>(r)][static_cast<std::size_t>(h)]] = true;
    };
    cover(identity);
    std::vector<int> representatives;
    for (const int r : larger) {
      if (covered[r]) continue;
      representatives.push_back(r);
      cover(r);
    }
    chain.push_back(std::move(representatives));
    subgroup = std::move(larger);
  }
  return chain;
}

}  // namespace

std::vector<std::vector<int>> coset_chain(const std::vector<SymmetryOperation>& operations) {
  return chain_of(multiplication_table(operations));
}

}  // namespace zeropoint::phonons
