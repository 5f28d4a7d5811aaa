#include "tools/commands/training_input.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "mlp/label_check.hpp"
#include "mlp/set_check.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "tools/program/console.hpp"
#include "tools/program/interruption.hpp"

namespace zeropoint {
namespace {

TrainingSet read_with_bar(const std::vector<std::string>& files, TrainingSetOptions options, const UnitSet& units,
                          Console& console) {
  options.hints.supercell_of = [&units](const std::string& dyn) {
    return phonons::read_qe_dyn(dyn, units).supercell();
  };
  options.hints.dyn_advice = "name them with data.dyn";
  options.hints.population_advice = "say which one with data.population";
  Progress bar(console, "reading", static_cast<std::int64_t>(files.size()), "files");
  std::size_t shown = 0;
  return read_training_set(files, options, units, [&](std::size_t done) {
    bar.advance(static_cast<std::int64_t>(done - shown));
    shown = done;
    stop_if_interrupted();
  });
}

void show_refused(const std::vector<RefusedOutput>& refused, Console& console) {
  constexpr std::size_t most_shown = 10;
  for (std::size_t i = 0; i < refused.size(); ++i) {
    if (i < most_shown) {
      console.warn("{}: refused: {}", refused[i].source, refused[i].reason);
    } else {
      console.detail("refused: {}: {}", refused[i].source, refused[i].reason);
    }
  }
  if (refused.size() > most_shown)
    console.warn("{} structures were refused; log.txt lists all of them", refused.size());
}

/// What is there, and whether it fits together.
void show_sets(const std::vector<LabelledSet>& sets, Console& console) {
  std::vector<const LabelledStructure*> all;
  for (const LabelledSet& set : sets) {
    const auto n_stresses =
        std::ranges::count_if(set.structures, [](const LabelledStructure& s) { return s.stress.has_value(); });
    console.field("data", "{}: {} structures, {} with stress", set.name, set.structures.size(), n_stresses);
    for (const std::string& complaint : mlp::complaints(mlp::check_consistency(set.structures)))
      console.warn("{}: {}", set.name, complaint);
    for (const LabelledStructure& structure : set.structures) all.push_back(&structure);
  }
  for (const std::string& contradiction : mlp::contradictions(all)) console.warn("{}", contradiction);
}

}  // namespace

void declare(Section& section, TrainingSetOptions& options) {
  section
      .key("dyn", &options.hints.dyn,
           "matrices that displacements of npy and text ensembles refer to; default: dyn_gen_popP_ beside them")
      .paths();
  section.key("population", &options.hints.population, "number in the file names of such ensembles; 0: the only one")
      .at_least(0);
  section
      .quantity("largest_force", &options.limits.force, "eV/angstrom",
                "structures with a longer force on an atom are refused")
      .above(0);
  section
      .quantity("net_force", &options.limits.net_force_per_atom, "eV/angstrom",
                "forces must add up to less than this for each atom")
      .above(0);
  section.quantity("pulay_pressure", &options.pulay_pressure, "GPa",
                   "added to the pressures of the labels: what their plane waves keep back");
}

std::vector<LabelledSet> read_sets(const std::vector<std::string>& patterns, const std::string& key,
                                   const TrainingSetOptions& options, const UnitSet& units, Console& console,
                                   const std::string& advice) {
  TrainingSet read_set = read_with_bar(matching_files(patterns, key), options, units, console);
  show_refused(read_set.refused, console);
  if (read_set.sets.empty()) {
    throw InputError{"{}: no structure is left of {} files: all were refused, see above{}", key, read_set.n_files,
                     advice};
  }
  show_sets(read_set.sets, console);
  return std::move(read_set.sets);
}

}  // namespace zeropoint
