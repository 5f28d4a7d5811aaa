#include "potentials/labels.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "files/ensemble.hpp"
#include "sscha/population_file.hpp"

namespace zeropoint::potentials {
namespace {

constexpr double same_label_place = 1e-5;  // angstrom

/// [3M] Cartesian positions of the sites.
at::Tensor sites_of(const Supercell& supercell) {
  const Vectors positions = supercell.crystal().positions;
  at::Tensor sites = at::empty({positions.size()}, at::kDouble);
  std::copy_n(positions.data(), positions.size(), sites.mutable_data_ptr<double>());
  return sites;
}

bool has_labels(const std::string& file) {
  const Hdf5File stored = Hdf5File::open(file);
  return stored.has("energies") && (!stored.has("labelled") || stored.read("labelled").sum().item<std::int64_t>() > 0);
}

}  // namespace

StoredLabels::StoredLabels(const std::vector<std::string>& populations, const UnitSet& units) {
  std::vector<at::Tensor> positions, energies, forces, stresses;
  for (const std::string& path : populations) {
    const std::string file = sscha::population_file_in(path);
    if (file.empty()) throw InputError{"{}: no population: give population.h5, or the folder that `sample` made", path};
    if (!has_labels(file)) continue;
    const Supercell supercell = sscha::read_generating(file, units).matrices().supercell();
    const auto ensemble = open_ensemble({.path = file}, supercell, units);
    const Configurations all = ensemble->read(0, ensemble->size());
    if (!positions.empty() && positions.front().size(1) != 3 * supercell.n_atoms()) {
      throw InputError{"{}: {} atoms, the populations before it have {}", path, supercell.n_atoms(),
                       positions.front().size(1) / 3};
    }
    positions.push_back(all.displacements.reshape({all.size(), -1}) + sites_of(supercell));
    energies.push_back(all.energies);
    forces.push_back(all.forces);
    if (all.stresses.defined()) stresses.push_back(all.stresses);
  }
  if (positions.empty()) return;
  positions_ = at::cat(positions);
  energies_ = at::cat(energies);
  forces_ = at::cat(forces);
  if (stresses.size() == positions.size()) stresses_ = at::cat(stresses);
}

std::vector<std::int64_t> StoredLabels::rows_of(const Supercell& reference, const at::Tensor& displacements) const {
  check_displacements(displacements, reference);
  const std::int64_t n = displacements.size(0);
  const at::Tensor asked = displacements.cpu().reshape({n, -1}) + sites_of(reference);
  std::vector<std::int64_t> rows(n, -1);
  if (size() == 0 || positions_.size(1) != asked.size(1)) return rows;
  for (std::int64_t c = 0; c < n; ++c) {
    const auto [distances, nearest] = (positions_ - asked[c]).abs().amax(1).min(0);
    if (distances.item<double>() < same_label_place) rows[c] = nearest.item<std::int64_t>();
  }
  return rows;
}

MissingLabels StoredLabels::missing(const Supercell& reference, const at::Tensor& displacements) const {
  const std::vector<std::int64_t> rows = rows_of(reference, displacements);
  MissingLabels result{{}, size()};
  for (std::size_t c = 0; c < rows.size(); ++c) {
    if (rows[c] < 0) result.configurations.push_back(static_cast<std::int64_t>(c));
  }
  return result;
}

Evaluation StoredLabels::evaluate(const Supercell& reference, const at::Tensor& displacements) const {
  const std::vector<std::int64_t> rows = rows_of(reference, displacements);
  const auto none = std::find(rows.begin(), rows.end(), -1);
  if (none != rows.end()) {
    throw InputError{"configuration {} of {} has no label among the {} that are stored", none - rows.begin() + 1,
                     rows.size(), size()};
  }
  const at::Tensor where = at::tensor(rows);
  const auto pick = [&](const at::Tensor& all) {
    return all.defined() ? all.index_select(0, where).to(displacements.device()) : all;
  };
  return {pick(energies_), pick(forces_), pick(stresses_), {}};
}

PotentialKind labels_kind() {
  return {"labels", "stored labels", [](Section& section, PotentialSettings&) -> PotentialKind::Open {
            const auto paths = std::make_shared<std::vector<std::string>>();
            section
                .key("labels", paths.get(),
                     "populations of `sample` and `collect` (folders); what has no label is written, and the run waits "
                     "for it")
                .paths();
            return [paths](const PotentialSettings&, const PotentialOpening& opening) {
              std::vector<std::string> all = *paths;
              all.insert(all.end(), opening.populations.begin(), opening.populations.end());
              return std::make_unique<StoredLabels>(all, opening.units);
            };
          }};
}

}  // namespace zeropoint::potentials
