#include "sscha/harvest.hpp"

#include <algorithm>
#include <filesystem>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "core/parallel.hpp"
#include "files/configuration_match.hpp"
#include "files/ensemble_hdf5.hpp"
#include "files/site_match.hpp"

namespace zeropoint::sscha {
namespace {

Harvest begun(LabelledStructures& outputs) {
  Harvest harvest;
  harvest.n_outputs = outputs.accepted.size() + outputs.refused.size();
  harvest.refused = std::move(outputs.refused);
  return harvest;
}

Label label_of(std::int64_t configuration, const LabelledStructure& structure, const std::vector<int>& order) {
  return {configuration, structure.energy, in_supercell_order(structure.forces, order), structure.stress,
          structure.source};
}

/// Antithetic configurations are drawn in pairs 2k, 2k + 1.
std::vector<bool> without_partner(const std::vector<bool>& labelled) {
  std::vector<bool> alone(labelled.size(), false);
  for (std::size_t c = 0; c < alone.size(); ++c) {
    const std::size_t partner = c ^ 1;
    alone[c] = labelled[c] && (partner >= alone.size() || !labelled[partner]);
  }
  return alone;
}

}  // namespace

std::size_t Harvest::n_labelled() const {
  return static_cast<std::size_t>(std::count(labels.labelled.begin(), labels.labelled.end(), true));
}

std::vector<bool> Harvest::missing() const {
  std::vector<bool> without = labels.labelled;
  without.flip();
  return without;
}

void refuse_without_stress(LabelledStructures& outputs, const std::string& advice) {
  std::vector<LabelledStructure> kept;
  std::vector<RefusedOutput> refused;
  for (LabelledStructure& structure : outputs.accepted) {
    if (structure.stress) {
      kept.push_back(std::move(structure));
    } else {
      refused.push_back({structure.source, fmt::format("no stress: compute it (tstress, ISIF = 2){}{}",
                                                       advice.empty() ? "" : ", or ", advice)});
    }
  }
  outputs.accepted = std::move(kept);
  outputs.refused.insert(outputs.refused.end(), refused.begin(), refused.end());
}

Harvest harvest_labels(const std::string& population_file, const Supercell& reference, LabelledStructures outputs,
                       bool apply) {
  const Hdf5File stored = Hdf5File::open(population_file, ensemble_filetype);
  const ConfigurationIndex index(reference, stored.read("displacements").to(at::kDouble).contiguous());
  Harvest harvest = begun(outputs);
  std::vector<Match> matches(outputs.accepted.size());
  parallel_for(std::ssize(matches), [&](std::int64_t i) { matches[i] = index.find(outputs.accepted[i]); });
  std::vector<Label> labels;
  for (std::size_t i = 0; i < matches.size(); ++i) {
    const LabelledStructure& structure = outputs.accepted[i];
    if (matches[i]) {
      labels.push_back(label_of(matches[i].configuration, structure, matches[i].order));
    } else {
      harvest.refused.push_back({structure.source, matches[i].reason});
    }
  }
  harvest.labels = add_labels(population_file, labels, apply);
  if (stored.text_attribute("/", "sampling").value_or("") == "antithetic") {
    harvest.alone = without_partner(harvest.labels.labelled);
  }
  return harvest;
}

Harvest harvest_population(const std::string& file, const TrialDensity& generating, LabelledStructures outputs,
                           const PopulationFileInfo& info, bool apply) {
  const Supercell reference = generating.matrices().supercell();
  Harvest harvest = begun(outputs);
  std::vector<Vectors> displacements;
  std::vector<Label> labels;
  for (const LabelledStructure& structure : outputs.accepted) {
    SiteMatch match = match_to_sites(structure, reference);
    if (!match.reason.empty()) {
      harvest.refused.push_back({structure.source, match.reason});
      continue;
    }
    labels.push_back(label_of(std::ssize(labels), structure, match.order));
    displacements.push_back(std::move(match.displacements));
  }
  harvest.labels.n_new = std::ssize(labels);
  harvest.labels.labelled.assign(labels.size(), true);
  if (!apply || labels.empty()) return harvest;
  if (std::filesystem::exists(file)) throw InputError{"{} is there already", file};
  write_population(file, generating, displacements, info);
  add_labels(file, labels);
  return harvest;
}

Harvest harvest_set(const LabelledStructures& outputs) {
  Harvest harvest;
  harvest.n_outputs = outputs.accepted.size() + outputs.refused.size();
  harvest.refused = outputs.refused;
  harvest.labels.n_new = std::ssize(outputs.accepted);
  harvest.labels.labelled.assign(outputs.accepted.size(), true);
  return harvest;
}

}  // namespace zeropoint::sscha
