#include "sscha/opened_ensemble.hpp"

#include <algorithm>

#include "core/hdf5_file.hpp"
#include "phonons/quantum_espresso/dyn_read.hpp"
#include "sscha/population_file.hpp"

namespace zeropoint::sscha {
namespace {

/// `file`: the population file among what was named, empty for other formats.
TrialDensity generating_density(const std::string& file, const StoredEnsemble& stored, const UnitSet& units) {
  std::optional<double> temperature = stored.temperature;
  if (!stored.dyn) {
    if (file.empty() || !Hdf5File::open(file).has("generating"))
      throw UnknownDensity(UnknownDensity::Part::matrices, stored.source.path);
    const TrialDensity own = read_generating(file, units);
    return temperature ? TrialDensity(own.matrices(), *temperature, units) : own;
  }
  if (!temperature && !file.empty()) temperature = Hdf5File::open(file).number_attribute("/", "temperature");
  if (!temperature) throw UnknownDensity(UnknownDensity::Part::temperature, stored.source.path);
  return {phonons::read_qe_dyn(*stored.dyn, units), *temperature, units};
}

/// A density in which some modes do not move is not the one that weights are made with.
void require_all_modes(const std::string& file) {
  const Hdf5File stored = Hdf5File::open(file);
  if (stored.number_attribute("/", "n_locked_modes").value_or(0) == 0 &&
      stored.number_attribute("/", "fixed_sites").value_or(0) == 0)
    return;
  throw LockedModes{
      "{}: it was drawn with locked modes or fixed atoms, averages over it are not those of its matrices. Draw a "
      "population in which everything moves",
      file};
}

}  // namespace

UnknownDensity::UnknownDensity(Part what, const std::string& path)
    : InputError("{} does not hold the {}", path,
                 what == Part::matrices ? "matrices that generated it" : "temperature of its generating density"),
      part(what) {}

std::vector<PopulationPart> OpenedEnsemble::parts() const {
  std::vector<PopulationPart> result;
  for (std::size_t k = 0; k < ensembles.size(); ++k) result.push_back({ensembles[k].get(), generating[k]});
  return result;
}

std::int64_t OpenedEnsemble::size() const {
  std::int64_t n = 0;
  for (const auto& ensemble : ensembles) n += ensemble->size();
  return n;
}

bool OpenedEnsemble::has_stresses() const {
  return std::ranges::all_of(ensembles, [](const auto& ensemble) { return ensemble->has_stresses(); });
}

double OpenedEnsemble::bytes() const {
  return 2.0 * 3 * 8 * static_cast<double>(size()) * generating.at(0).matrices().supercell().n_atoms();
}

std::optional<double> OpenedEnsemble::temperature() const {
  const double first = generating.at(0).temperature();
  const bool same = std::ranges::all_of(generating, [&](const auto& other) { return other.temperature() == first; });
  return same ? std::optional(first) : std::nullopt;
}

OpenedEnsemble open(const std::vector<StoredEnsemble>& stored, bool all_modes, const UnitSet& units) {
  OpenedEnsemble opened;
  for (const StoredEnsemble& one : stored) {
    const std::string file = population_file_in(one.source.path);
    opened.generating.push_back(generating_density(file, one, units));
    if (all_modes && !file.empty()) require_all_modes(file);
    EnsembleSource source = one.source;
    if (!file.empty()) source.path = file;
    opened.ensembles.push_back(open_ensemble(source, opened.generating.back().matrices().supercell(), units));
  }
  return opened;
}

}  // namespace zeropoint::sscha
