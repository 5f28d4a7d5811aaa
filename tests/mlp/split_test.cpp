#include "mlp/split.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "core/error.hpp"
#include "mlp/training_data.hpp"
#include "tests/mlp/toy_labels.hpp"

namespace zeropoint::mlp {
namespace {

/// `n` configurations of one crystal in pairs +u, -u, shuffled; with `lost` of them missing.
std::vector<LabelledStructure> antithetic_set(int n_pairs, int lost, std::vector<int>* pair_of = nullptr) {
  const test::RandomStructure reference = test::random_structure(41, 6, 2);
  std::mt19937 generator{3};
  std::normal_distribution<double> normal{0, 0.05};
  std::vector<std::pair<int, LabelledStructure>> made;
  for (int p = 0; p < n_pairs; ++p) {
    Vectors u(6, 3);
    for (Eigen::Index i = 0; i < u.size(); ++i) u.data()[i] = normal(generator);
    for (const double sign : {1.0, -1.0}) {
      test::RandomStructure moved = reference;
      moved.positions += sign * u;
      moved.positions.row(p % 6) += reference.cell.row(p % 3);  // wrapped or not does not matter
      made.emplace_back(p, test::toy_label(moved));
    }
  }
  std::shuffle(made.begin(), made.end(), generator);
  made.resize(made.size() - static_cast<std::size_t>(lost));
  std::vector<LabelledStructure> set;
  for (auto& [pair, structure] : made) {
    if (pair_of) pair_of->push_back(pair);
    set.push_back(std::move(structure));
  }
  return set;
}

TEST(Groups, FindAntitheticPartnersByGeometry) {
  for (const int lost : {0, 7}) {
    std::vector<int> pair_of;
    const std::vector<LabelledStructure> set = antithetic_set(40, lost, &pair_of);
    const Groups groups = find_groups(set);
    std::set<int> seen;
    std::int64_t n_pairs = 0;
    for (std::size_t i = 0; i < set.size(); ++i) {
      n_pairs += !seen.insert(pair_of[i]).second;
      for (std::size_t j = 0; j < i; ++j) EXPECT_EQ(groups.of[i] == groups.of[j], pair_of[i] == pair_of[j]);
    }
    EXPECT_EQ(groups.n_pairs, n_pairs);
    EXPECT_EQ(groups.n_duplicates, 0);
  }
}

TEST(Groups, SeeNoPartnersInIndependentConfigurations) {
  std::vector<LabelledStructure> set = antithetic_set(40, 0);
  const Groups all = find_groups(set);
  std::vector<LabelledStructure> singles;
  std::set<std::int64_t> taken;
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (taken.insert(all.of[i]).second) singles.push_back(set[i]);
  }
  EXPECT_EQ(find_groups(singles).n_pairs, 0);
}

TEST(Groups, KeepDuplicatesTogether) {
  std::vector<LabelledStructure> set = antithetic_set(10, 0);
  set.push_back(set[4]);
  set.back().positions.array() += 1e-6;
  const Groups groups = find_groups(set);
  EXPECT_EQ(groups.n_duplicates, 1);
  EXPECT_EQ(groups.of.back(), groups.of[4]);
  EXPECT_EQ(groups.n_pairs, 10);
}

TEST(Split, NeverPartsPartnersAndReachesItsFractions) {
  const Groups groups = find_groups(antithetic_set(50, 0));
  const std::vector<Part> split = draw_split(groups, {.validation = 0.1, .test = 0.2}, 5);
  for (std::size_t i = 0; i < split.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (groups.of[i] == groups.of[j]) {
        EXPECT_EQ(split[i], split[j]);
      }
    }
  }
  EXPECT_EQ(members_of(split, Part::test).size(), 20u);
  EXPECT_EQ(members_of(split, Part::validation).size(), 10u);
  EXPECT_EQ(draw_split(groups, {.validation = 0.1, .test = 0.2}, 5), split);
  EXPECT_NE(draw_split(groups, {.validation = 0.1, .test = 0.2}, 6), split);
  EXPECT_THROW(draw_split(groups, {.validation = 0.6, .test = 0.4}, 1), InputError);
}

TEST(Split, HasDisjointFoldsThatCoverAll) {
  const Groups groups = find_groups(antithetic_set(50, 0));
  std::vector<int> n_tests(groups.of.size(), 0);
  for (int fold = 0; fold < 5; ++fold) {
    const std::vector<Part> split = draw_split(groups, {.validation = 0.1, .test = 0.2, .fold = fold}, 5);
    for (const std::size_t i : members_of(split, Part::test)) ++n_tests[i];
    EXPECT_EQ(members_of(split, Part::validation).size(), 10u);
  }
  EXPECT_EQ(std::ranges::count(n_tests, 1), 100);
  EXPECT_THROW(draw_split(groups, {.test = 0.2, .fold = 5}, 1), InputError);
}

TEST(Split, LeavesOutWhatIsNotWantedForTraining) {
  const Groups groups = find_groups(antithetic_set(50, 0));
  const std::vector<Part> split = draw_split(groups, {.test = 0.2, .n_training = 30}, 5);
  EXPECT_EQ(members_of(split, Part::training).size(), 30u);
  EXPECT_EQ(members_of(split, Part::left_out).size(), 50u);
  EXPECT_EQ(members_of(split, Part::test), members_of(draw_split(groups, {.test = 0.2}, 5), Part::test));
}

TEST(ReferenceEnergies, AreThoseOfTheAtomsWhereCompositionsDecide) {
  std::vector<LabelledStructure> set = test::toy_set(60, 30);
  for (LabelledStructure& structure : set) {
    structure.energy = 0;
    for (const std::string& label : structure.species) structure.energy += label == "Na" ? -3 : -5;
  }
  const TrainingData data({{"toy", set}}, 5);
  std::vector<std::size_t> all(set.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  const std::vector<double> energies = reference_energies(data, all);
  EXPECT_NEAR(energies[0], -3, 1e-10);
  EXPECT_NEAR(energies[1], -5, 1e-10);
  // One composition decides nothing but the sum.
  const TrainingData same({{"toy", {set[0]}}}, 5);
  const std::vector<double> share = reference_energies(same, {0});
  EXPECT_NEAR(4 * share[0] + 4 * share[1], set[0].energy, 1e-10);
}

TEST(TrainingData, GivesTheSamePairsWhenTheyDoNotFitIntoMemory) {
  const std::vector<LabelledStructure> set = test::toy_set(70, 80);
  const TrainingData roomy({{"toy", set}}, 5), narrow({{"toy", set}}, 5, {}, 1000);
  EXPECT_TRUE(roomy.all_in_memory());
  EXPECT_FALSE(narrow.all_in_memory());
  EXPECT_EQ(roomy.hash(), narrow.hash());
  EXPECT_EQ(roomy.geometry(79)->neighbours.atom, narrow.geometry(79)->neighbours.atom);
}

TEST(TrainingData, NamesTheStructureWithAnUnknownElement) {
  std::vector<LabelledStructure> set = test::toy_set(70, 3);
  set[1].source = "set.xyz, frame 2";
  try {
    const TrainingData data({{"toy", set}}, 5, {"Na"});
    FAIL() << "Cl was accepted";
  } catch (const InputError& error) {
    EXPECT_NE(std::string{error.what()}.find("Cl is unknown"), std::string::npos);
  }
}

}  // namespace
}  // namespace zeropoint::mlp
