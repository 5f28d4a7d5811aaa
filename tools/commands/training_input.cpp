#include "tools/commands/training_input.hpp"

#include <algorithm>
#include <filesystem>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "mlp/label_check.hpp"
#include "mlp/set_check.hpp"
#include "tools/program/console.hpp"
#include "tools/program/interruption.hpp"

namespace zeropoint {

void declare(Section& section, DataSettings& settings) {
  section
      .key("dyn", &settings.hints.dyn,
           "matrices that displacements of npy and text ensembles refer to; default: dyn_gen_popP_ beside them")
      .paths();
  section.key("population", &settings.hints.population, "number in the file names of such ensembles; 0: the only one")
      .at_least(0);
  section
      .quantity("largest_force", &settings.limits.force, "eV/angstrom",
                "structures with a longer force on an atom are refused")
      .above(0);
  section
      .quantity("net_force", &settings.limits.net_force_per_atom, "eV/angstrom",
                "forces must add up to less than this for each atom")
      .above(0);
  section.quantity("pulay_pressure", &settings.pulay_pressure, "GPa",
                   "added to the pressures of the labels: what their plane waves keep back");
}

std::vector<mlp::LabelledSet> read_sets(const std::vector<std::string>& patterns, const std::string& key,
                                        const DataSettings& settings, const UnitSet& units, Console& console,
                                        const std::string& advice) {
  const std::vector<std::string> names = matching_files(patterns, key);
  std::vector<LabelledStructures> pieces(names.size());
  {
    Progress bar(console, "reading", static_cast<std::int64_t>(names.size()), "files");
    constexpr std::size_t at_once = 16;
    for (std::size_t begin = 0; begin < names.size(); begin += at_once) {
      const std::size_t count = std::min(at_once, names.size() - begin);
      parallel_for(static_cast<std::int64_t>(count), [&](std::int64_t k) {
        const std::size_t i = begin + static_cast<std::size_t>(k);
        pieces[i] = read_training_file(names[i], settings.limits, settings.hints, units);
      });
      bar.advance(static_cast<std::int64_t>(count));
      stop_if_interrupted();
    }
  }
  std::vector<mlp::LabelledSet> sets;
  std::size_t n_refused = 0;
  constexpr std::size_t most_shown = 10;
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (const RefusedOutput& refused : pieces[i].refused) {
      if (n_refused++ < most_shown) {
        console.warn("{}: refused: {}", refused.source, refused.reason);
      } else {
        console.detail("refused: {}: {}", refused.source, refused.reason);
      }
    }
    if (pieces[i].accepted.empty()) continue;
    const bool is_single = pieces[i].accepted.size() == 1;
    const std::string folder = std::filesystem::path{names[i]}.parent_path().string();
    const std::string name = is_single ? (folder.empty() ? "." : folder) : names[i];
    const auto same = std::ranges::find(sets, name, &mlp::LabelledSet::name);
    mlp::LabelledSet& set = same == sets.end() ? sets.emplace_back(mlp::LabelledSet{name, {}}) : *same;
    for (LabelledStructure& structure : pieces[i].accepted) {
      if (structure.stress) structure.stress->diagonal().array() -= settings.pulay_pressure;
    }
    std::ranges::move(pieces[i].accepted, std::back_inserter(set.structures));
  }
  if (n_refused > most_shown) console.warn("{} structures were refused; log.txt lists all of them", n_refused);
  if (sets.empty())
    throw InputError{"{}: no structure is left of {} files: all were refused, see above{}", key, names.size(), advice};
  for (const mlp::LabelledSet& set : sets) {
    const auto n_stresses =
        std::ranges::count_if(set.structures, [](const LabelledStructure& s) { return s.stress.has_value(); });
    console.field("data", "{}: {} structures, {} with stress", set.name, set.structures.size(), n_stresses);
    for (const std::string& complaint : mlp::complaints(mlp::check_consistency(set.structures)))
      console.warn("{}: {}", set.name, complaint);
  }
  std::vector<const LabelledStructure*> all;
  for (const mlp::LabelledSet& set : sets) {
    for (const LabelledStructure& structure : set.structures) all.push_back(&structure);
  }
  for (const std::string& contradiction : mlp::contradictions(all)) console.warn("{}", contradiction);
  return sets;
}

}  // namespace zeropoint
