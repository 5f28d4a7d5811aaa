#pragma once

#include <string>
#include <vector>

#include "core/potential.hpp"
#include "core/units.hpp"
#include "potentials/kind.hpp"

namespace zeropoint::potentials {

/// Labels that were collected from elsewhere, as a potential: a configuration has the labels of the stored one that has
/// its atoms in the same places.
class StoredLabels : public Potential {
 public:
  /// `populations`: files of write_population() or their folders; those without a label yet are passed over.
  /// @throws InputError, IoError as the reader of ensembles does, and when they are not all of one supercell's size.
  StoredLabels(const std::vector<std::string>& populations, const UnitSet& units);

  std::int64_t size() const { return energies_.defined() ? energies_.size(0) : 0; }
  /// @throws InputError naming the first configuration that is not there.
  Evaluation evaluate(const Supercell& reference, const at::Tensor& displacements) const override;
  bool waits_for_labels() const override { return true; }
  MissingLabels missing(const Supercell& reference, const at::Tensor& displacements) const override;

 private:
  /// [n] rows of the stored labels, -1 where there is none.
  std::vector<std::int64_t> rows_of(const Supercell& reference, const at::Tensor& displacements) const;

  at::Tensor positions_;  // [N, 3M] angstrom
  at::Tensor energies_, forces_, stresses_;
};

PotentialKind labels_kind();

}  // namespace zeropoint::potentials
