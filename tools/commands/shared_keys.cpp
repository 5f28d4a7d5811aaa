#include "tools/commands/shared_keys.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace zeropoint {
namespace {

template <class Value>
using Choices = std::vector<std::pair<std::string, Value>>;

const Choices<CellKind> cell_kinds{{"fixed", CellKind::fixed},
                                   {"isotropic", CellKind::isotropic},
                                   {"shape", CellKind::shape},
                                   {"full", CellKind::full}};

using sscha::SamplingMethod;
const Choices<SamplingMethod> sampling_methods{
    {"antithetic", SamplingMethod::antithetic}, {"random", SamplingMethod::random}, {"sobol", SamplingMethod::sobol}};

template <class Value>
std::string name_in(const Choices<Value>& choices, Value value) {
  return std::ranges::find(choices, value, &std::pair<std::string, Value>::second)->first;
}

}  // namespace

void declare_masses(Section& section, std::map<std::string, double>& masses) {
  section.quantity("masses", &masses, "amu", "isotopes: { H = \"2.014 amu\", \"site 3\" = \"6.015 amu\" }").above(0);
}

void declare_cell(Section& section, CellKind& cell, const std::string& help) {
  section.choice("cell", cell, cell_kinds, help);
}

std::string name_of(CellKind cell) { return name_in(cell_kinds, cell); }

std::string problem_of_pressure(CellKind cell, bool pressure_given) {
  const bool volume_moves = cell == CellKind::isotropic || cell == CellKind::full;
  if (volume_moves || !pressure_given) return "";
  return fmt::format(
      "conditions.pressure is given, but conditions.cell = \"{}\" keeps the volume: write cell = \"isotropic\" or "
      "\"full\", or leave the pressure out",
      name_of(cell));
}

void declare_sampling(Section& section, SamplingMethod& method, const std::string& help) {
  section.choice("sampling", method, sampling_methods, help);
}

std::string name_of(SamplingMethod method) { return name_in(sampling_methods, method); }

void declare_minimisation(Section& section, sscha::MinimizeOptions& options, const std::string& gradient_note,
                          const std::string& steps_help, int least_steps) {
  section.key("kong_liu_ratio", &options.kong_liu_ratio, "stop when N_eff/N falls below").at_least(0).at_most(1);
  section
      .key("gradient_to_error", &options.gradient_to_error,
           "converged when |gradient| < this x its standard error" + gradient_note + "; 0: to rounding")
      .at_least(0);
  section.key("centroids", &options.centroids, "move them, too");
  section.key("max_steps", &options.max_steps, steps_help).at_least(least_steps);
}

std::string problem_of_divisions(const std::vector<int>& list) {
  return list.size() == 3 ? "" : "three divisions are needed: [6, 6, 6]";
}

Eigen::Vector3i divisions_of(const std::vector<int>& list) { return {list[0], list[1], list[2]}; }

}  // namespace zeropoint
