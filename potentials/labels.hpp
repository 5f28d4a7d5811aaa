#pragma once

#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/potential.hpp"
#include "core/units.hpp"

namespace zeropoint::potentials {

/// A configuration was asked for that nobody has labelled yet.
class MissingLabels : public Error {
 public:
  using Error::Error;
};

/// Labels that were collected from elsewhere, as a potential: a configuration has the labels of the stored one that has
/// its atoms in the same places.
class StoredLabels : public Potential {
 public:
  /// `populations`: files of write_population() or their folders; those without a label yet are passed over.
  /// @throws InputError, IoError as the reader of ensembles does, and when they are not all of one supercell's size.
  StoredLabels(const std::vector<std::string>& populations, const UnitSet& units);

  std::int64_t size() const { return energies_.defined() ? energies_.size(0) : 0; }
  /// @throws MissingLabels naming the first configuration that is not there.
  Evaluation evaluate(const Supercell& reference, const at::Tensor& displacements) const override;

 private:
  at::Tensor positions_;  // [N, 3M] angstrom
  at::Tensor energies_, forces_, stresses_;
};

}  // namespace zeropoint::potentials
