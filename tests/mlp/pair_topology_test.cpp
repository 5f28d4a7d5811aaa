#include "mlp/pair_topology.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "core/error.hpp"
#include "tests/mlp/random_structure.hpp"

namespace zeropoint::mlp {
namespace {

/// Displacements of which none is longer than `most` (angstrom), and one reaches it.
Vectors displaced(Eigen::Index n_atoms, double most, unsigned seed) {
  std::mt19937 random{seed};
  std::normal_distribution<double> normal;
  Vectors u = Vectors::NullaryExpr(n_atoms, 3, [&] { return normal(random); });
  return u * (most / u.rowwise().norm().maxCoeff());
}

/// The pairs of each atom, those that are equally far (an atom's own images) in one order.
std::vector<std::vector<std::array<double, 3>>> ordered(const Neighbours& pairs) {
  std::vector<std::vector<std::array<double, 3>>> result;
  for (std::size_t i = 0; i + 1 < pairs.first.size(); ++i) {
    auto& of_atom = result.emplace_back();
    for (std::int64_t e = pairs.first[i]; e < pairs.first[i + 1]; ++e)
      of_atom.push_back({pairs.vectors(e, 0), pairs.vectors(e, 1), pairs.vectors(e, 2)});
    std::sort(of_atom.begin(), of_atom.end());
  }
  return result;
}

TEST(PairTopology, FindsThePairsOfEveryDisplacedCopy) {
  constexpr double cutoff = 5;
  // A cell smaller than the cutoff, whose atoms see images of themselves, and one of many atoms.
  for (const int n_atoms : {2, 4, 60}) {
    const test::RandomStructure rest = test::random_structure(31, n_atoms, 3);
    for (const double margin : {0.4, 1.0}) {
      const PairTopology topology(rest.cell, rest.positions, cutoff, margin);
      bool changes = false;
      for (unsigned seed = 1; seed <= 5; ++seed) {
        const Vectors u = displaced(n_atoms, margin / 2, seed), moved = rest.positions + u;
        ASSERT_TRUE(topology.holds(u));
        const Neighbours found = topology.neighbours(moved), exact = find_neighbours(rest.cell, moved, cutoff);
        EXPECT_EQ(found.first, exact.first);
        EXPECT_EQ(found.atom, exact.atom);
        EXPECT_EQ(ordered(found), ordered(exact));
        changes = changes || exact.first != find_neighbours(rest.cell, rest.positions, cutoff).first;
      }
      EXPECT_TRUE(changes) << "no pair has crossed the cutoff";
    }
  }
}

TEST(PairTopology, SaysWhenAtomsMoveBeyondItsMargin) {
  const test::RandomStructure rest = test::random_structure(33, 5, 3);
  const PairTopology topology(rest.cell, rest.positions, 5, 1);
  Vectors u = Vectors::Zero(5, 3);
  u(3, 1) = 0.99;
  EXPECT_TRUE(topology.holds(u));  // the others rest
  u(0, 2) = -0.02;
  EXPECT_FALSE(topology.holds(u));
  u(3, 1) = 0.9;
  EXPECT_TRUE(topology.holds(u));
  u(2, 0) = 0.2;
  EXPECT_FALSE(topology.holds(u));
}

TEST(PairTopology, RefusesAtomsAtOnePlace) {
  test::RandomStructure rest = test::random_structure(34, 4, 3);
  const PairTopology topology(rest.cell, rest.positions, 5, 20);
  rest.positions.row(1) = rest.positions.row(2);
  EXPECT_THROW(topology.neighbours(rest.positions), ConfigurationError);
}

}  // namespace
}  // namespace zeropoint::mlp
