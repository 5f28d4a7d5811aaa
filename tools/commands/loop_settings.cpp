#include "tools/commands/loop_settings.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "sscha/condition.hpp"
#include "tools/commands/shared_keys.hpp"

namespace zeropoint {
namespace {

/// A pressure goes with a volume that moves, and the other way round.
std::string problem_of_pressure(const LoopSettings& settings) {
  if (!settings.volume_moves() || !settings.pressures.empty())
    return problem_of_pressure(settings.cell, !settings.pressures.empty());
  return "conditions.pressure is missing: the volume moves until the pressure is the one that you want, write "
         "pressure = \"0 GPa\"";
}

}  // namespace

void declare(Schema& schema, LoopSettings& settings) {
  Section& conditions = schema.section(
      "conditions", "a value, a list, or { from = .., to = .., step = .. }: one run from each to the next");
  conditions.quantity("temperature", &settings.temperatures, "K", "0 K: zero-point motion alone")
      .required("\"300 K\"")
      .at_least(0);
  conditions.quantity("pressure", &settings.pressures, "GPa", "of the cell that moves; left out: the cell is fixed")
      .example("\"0 GPa\"");
  declare_cell(conditions, settings.cell,
               "isotropic: the volume moves; shape: the shape, at this volume (no pressure then); full: both");
  schema.rule({"conditions.pressure", "conditions.cell"}, [&settings] { return problem_of_pressure(settings); });
  schema.rule({"conditions.temperature", "conditions.pressure"}, [&settings]() -> std::string {
    try {
      sscha::ladder_of(settings.temperatures, settings.pressures);
      return "";
    } catch (const InputError& error) {
      return fmt::format("conditions: {}", error.problem());
    }
  });

  Section& populations = schema.section("populations", "drawn and labelled one after another");
  populations.key("sizes", &settings.sizes, "the last repeats").at_least(2);
  populations.key("maximum", &settings.maximum, "then it gives up (exit 3)").at_least(1);
  populations.key("final", &settings.final_size, "one last population for the numbers; 0: none").at_least(0);
  declare_sampling(populations, settings.sampling, "pairs +u, -u; independent; or scrambled Sobol points");

  Section& minimize = schema.section("minimize", "of each population");
  declare_minimisation(minimize, settings.minimize, "", "", 1);
}

}  // namespace zeropoint
