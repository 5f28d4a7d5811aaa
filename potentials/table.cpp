#include "potentials/table.hpp"

#include <chrono>
#include <cmath>

#include "core/error.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "potentials/command.hpp"
#include "potentials/labels.hpp"
#include "potentials/model.hpp"
#include "potentials/toys.hpp"

namespace zeropoint {

using Kind = PotentialSettings::Kind;

namespace {

Eigen::Array3d of_axes(const std::vector<double>& values, const char* name) {
  if (values.empty()) return Eigen::Array3d::Zero();
  if (values.size() != 3)
    throw ConfigError{"potential.{} has {} numbers: an oscillator needs one for each axis, 3", name, values.size()};
  return Eigen::Map<const Eigen::Array3d>(values.data());
}

}  // namespace

void declare(Schema& schema, PotentialSettings& settings) {
  Section& section = schema.section("potential", "what gives energies and forces");
  section.choice("kind", settings.kind,
                 {{"model", Kind::model},
                  {"harmonic", Kind::harmonic},
                  {"snte-toy", Kind::snte_toy},
                  {"oscillator", Kind::oscillator},
                  {"command", Kind::command},
                  {"labels", Kind::labels}},
                 "a trained potential; a program of yours; stored labels; or, to try things, force constants (dyn), a "
                 "rock-salt toy model on top of them, an oscillator");
  section.key("model", &settings.model, "that train wrote").example("\"model/model.h5\"").paths();
  section.choice("precision", settings.single_precision, {{"single", true}, {"double", false}},
                 "of the network; sums are double always");
  section
      .key("dyn", &settings.dyn,
           "force constants of harmonic and snte-toy (prefix), on the grid of the run; of an oscillator the two atoms "
           "at rest")
      .paths();
  section
      .key("command", &settings.command,
           "of your program, for a shell: it answers each frame of extended XYZ on its standard input with one that "
           "has energy and forces")
      .example("\"python3 ase_potential.py\"");
  section
      .key("labels", &settings.labels,
           "populations of `sample` and `collect` (folders); what has no label is written, and the run waits for it")
      .paths();
  section.key("processes", &settings.processes, "copies of the command that work side by side").at_least(1);
  section.quantity("patience", &settings.patience, "s", "a command that is silent for longer is started again")
      .above(0);
  section
      .quantity("uncertain", &settings.uncertain, "eV/angstrom",
                "of a committee: forces that deviate more are extrapolations, and are told")
      .above(0);
  section.key("k", &settings.k, "oscillator: k r^2/2 of the three axes, eV/angstrom^2");
  section.key("c", &settings.c, "and c r^3, eV/angstrom^3");
  section.key("g", &settings.g, "and g r^4, eV/angstrom^4");
}

std::unique_ptr<Potential> open_potential(const PotentialSettings& settings, const UnitSet& units,
                                          const std::function<void()>& idle) {
  if (settings.kind == Kind::model) {
    if (settings.model.empty())
      throw ConfigError{"potential.model is missing: write model = \"model/model.h5\", which `train` makes"};
    return std::make_unique<potentials::NetworkPotential>(mlp::read_model(settings.model),
                                                          settings.single_precision ? at::kFloat : at::kDouble);
  }
  if (settings.kind == Kind::command) {
    if (settings.command.empty())
      throw ConfigError{"potential.command is missing: write the command that starts your program"};
    return std::make_unique<potentials::CommandPotential>(
        potentials::CommandOptions{.command = settings.command,
                                   .n_processes = settings.processes,
                                   .patience = std::chrono::seconds(static_cast<long>(std::ceil(settings.patience))),
                                   .idle = idle});
  }
  if (settings.kind == Kind::labels) return std::make_unique<potentials::StoredLabels>(settings.labels, units);
  if (settings.dyn.empty())
    throw ConfigError{
        "potential.dyn is missing: this kind of potential is made of force constants, write dyn = \"ffield_dynq\""};
  const phonons::DynamicalMatrices matrices = phonons::read_qe_dyn(settings.dyn, units);
  if (settings.kind == Kind::harmonic) return std::make_unique<potentials::HarmonicPotential>(matrices);
  if (settings.kind == Kind::oscillator) {
    if (matrices.crystal.n_atoms() != 2 || matrices.grid.size() != 1) {
      throw InputError{"{}: {} atoms on {} q points; an oscillator is two atoms in one cell", settings.dyn,
                       matrices.crystal.n_atoms(), matrices.grid.size()};
    }
    const Vectors& sites = matrices.crystal.positions;
    return std::make_unique<potentials::OscillatorPotential>(of_axes(settings.k, "k"), of_axes(settings.c, "c"),
                                                             of_axes(settings.g, "g"), sites.row(1) - sites.row(0));
  }
  return std::make_unique<potentials::ToyTinTelluride>(matrices, units);
}

}  // namespace zeropoint
