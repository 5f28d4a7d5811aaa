#include "potentials/table.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sample_ensembles.hpp"

namespace zeropoint {
namespace {

/// Atoms on springs to their sites: what a new kind takes, in one file.
class EinsteinPotential : public Potential {
 public:
  explicit EinsteinPotential(double spring) : spring_(spring) {}
  Evaluation evaluate(const Supercell& reference, const at::Tensor& displacements) const override {
    check_displacements(displacements, reference);
    return {displacements.square().sum(at::IntArrayRef{1, 2}) * (spring_ / 2), displacements * -spring_, {}, {}};
  }

 private:
  double spring_;  // eV/angstrom^2
};

PotentialKind einstein_kind() {
  return {"einstein", "springs to the sites", [](Section& section, PotentialSettings&) -> PotentialKind::Open {
            const auto spring = std::make_shared<double>(0);
            section.key("spring", spring.get(), "of every atom, eV/angstrom^2").above(0);
            return [spring](const PotentialSettings&, const PotentialOpening&) {
              return std::make_unique<EinsteinPotential>(*spring);
            };
          }};
}

std::unique_ptr<Potential> opened(const std::string& text, const std::vector<PotentialKind>& kinds) {
  PotentialSettings settings;
  Schema schema;
  declare(schema, settings, kinds);
  schema.read_text(text, "run.toml", ".");
  return open_potential(settings);
}

TEST(PotentialTable, TakesANewKindAsOneLine) {
  std::vector<PotentialKind> kinds = potential_kinds();
  kinds.push_back(einstein_kind());
  const std::unique_ptr<Potential> potential = opened("[potential]\nkind = \"einstein\"\nspring = 3\n", kinds);
  const Supercell supercell(test::cubic_crystal(), {1, 1, 1});
  const Evaluation found = potential->evaluate(supercell, at::full({1, 2, 3}, 0.1, at::kDouble));
  EXPECT_NEAR(found.energies.item<double>(), 0.09, 1e-15);
  EXPECT_NEAR(found.forces[0][1][2].item<double>(), -0.3, 1e-15);
}

TEST(PotentialTable, TellsTheKindsAndTheirKeys) {
  PotentialSettings settings;
  Schema schema;
  std::vector<PotentialKind> kinds = potential_kinds();
  kinds.push_back(einstein_kind());
  declare(schema, settings, kinds);
  const std::string text = schema.template_text();
  for (const char* part :
       {"model | command | labels | harmonic | snte-toy | oscillator | einstein: a trained potential",
        "springs to the sites", "spring = ", "patience = \"600 s\"", "dyn = "}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  }
  EXPECT_COMPLAINT(opened("[potential]\nkind = \"einstien\"\n", kinds), "einstein");
}

TEST(PotentialTable, MissesTheKeyThatAKindNeeds) {
  const std::vector<PotentialKind> kinds = potential_kinds();
  for (const auto& [kind, key] : std::vector<std::pair<std::string, std::string>>{{"model", "model"},
                                                                                  {"command", "command"},
                                                                                  {"harmonic", "dyn"},
                                                                                  {"snte-toy", "dyn"},
                                                                                  {"oscillator", "dyn"}}) {
    EXPECT_COMPLAINT(opened("[potential]\nkind = \"" + kind + "\"\n", kinds), "potential." + key + " is missing");
  }
  EXPECT_TRUE(opened("[potential]\nkind = \"labels\"\n", kinds)->waits_for_labels());
}

}  // namespace
}  // namespace zeropoint
