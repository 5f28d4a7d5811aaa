#include "tools/potential_settings.hpp"

#include "core/error.hpp"
#include "mlp/network_potential.hpp"
#include "phonons/qe_dyn.hpp"
#include "sscha/model_potentials.hpp"

namespace zeropoint {

using Kind = PotentialSettings::Kind;

void declare(Schema& schema, PotentialSettings& settings) {
  Section& section = schema.section("potential", "what gives energies and forces");
  section.choice("kind", settings.kind, {{"model", Kind::model}, {"harmonic", Kind::harmonic}, {"snte-toy", Kind::snte_toy}},
                 "a trained potential; or, to try things, force constants (dyn), or a rock-salt toy model on top of them");
  section.key("model", &settings.model, "that train wrote").example("\"model/model.h5\"").paths();
  section.choice("precision", settings.single_precision, {{"single", true}, {"double", false}}, "of the network; sums are double always");
  section.key("dyn", &settings.dyn, "force constants of harmonic and snte-toy (prefix), on the grid of the run").paths();
}

std::unique_ptr<Potential> open_potential(const PotentialSettings& settings, const UnitSet& units) {
  if (settings.kind == Kind::model) {
    if (settings.model.empty()) throw ConfigError{"potential.model is missing: write model = \"model/model.h5\", which `train` makes"};
    return std::make_unique<mlp::NetworkPotential>(mlp::read_model(settings.model), settings.single_precision ? at::kFloat : at::kDouble);
  }
  if (settings.dyn.empty()) throw ConfigError{"potential.dyn is missing: this kind of potential is made of force constants, write dyn = \"ffield_dynq\""};
  const phonons::DynamicalMatrices matrices = phonons::read_qe_dyn(settings.dyn, units);
  if (settings.kind == Kind::harmonic) return std::make_unique<sscha::HarmonicPotential>(matrices);
  return std::make_unique<sscha::ToyTinTelluride>(matrices, units);
}

}  // namespace zeropoint
