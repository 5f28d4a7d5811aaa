#include "potentials/table.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "potentials/command.hpp"
#include "potentials/harmonic.hpp"
#include "potentials/labels.hpp"
#include "potentials/model.hpp"
#include "potentials/oscillator.hpp"
#include "potentials/tin_telluride.hpp"

namespace zeropoint {

std::vector<PotentialKind> potential_kinds() {
  return {
      potentials::model_kind(),     //
      potentials::command_kind(),   //
      potentials::labels_kind(),    //
      potentials::harmonic_kind(),  //
      potentials::tin_telluride_kind(), potentials::oscillator_kind(),
  };
}

void declare(Schema& schema, PotentialSettings& settings, const std::vector<PotentialKind>& kinds) {
  Section& section = schema.section("potential", "what gives energies and forces");
  std::vector<std::string> names;
  std::string help;
  for (const PotentialKind& kind : kinds) {
    names.push_back(kind.name);
    help += (help.empty() ? "" : "; ") + kind.help;
  }
  section.choice("kind", &settings.kind, names, help);
  for (const PotentialKind& kind : kinds) settings.kinds.emplace_back(kind.name, kind.declare(section, settings));
  section
      .key("dyn", &settings.dyn,
           "force constants of harmonic and snte-toy (prefix), on the grid of the run; of an oscillator the two atoms "
           "at rest")
      .paths();
  section
      .quantity("uncertain", &settings.uncertain, "eV/angstrom",
                "of a committee: forces that deviate more are extrapolations, and are told")
      .above(0);
}

std::unique_ptr<Potential> open_potential(const PotentialSettings& settings, const PotentialOpening& opening) {
  for (const auto& [name, open] : settings.kinds) {
    if (name == settings.kind) return open(settings, opening);
  }
  throw InternalError{"no kind of potential is called {}", settings.kind};
}

}  // namespace zeropoint
