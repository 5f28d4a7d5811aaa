#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "files/ensemble.hpp"
#include "sscha/population.hpp"

namespace zeropoint::sscha {

/// A stored ensemble, and what is said about its generating density where its file does not hold it.
struct StoredEnsemble {
  EnsembleSource source{};              ///< a folder that holds population.h5 stands for that file
  std::optional<std::string> dyn{};     ///< prefix of the generating matrices; nothing: those of the file
  std::optional<double> temperature{};  ///< K of the generating density; nothing: that of the file
};

/// Neither the file nor who names it knows the density that generated an ensemble.
class UnknownDensity : public InputError {
 public:
  enum class Part { matrices, temperature };
  UnknownDensity(Part what, const std::string& path);
  Part part;
};

/// A population was drawn with locked modes or fixed atoms: averages over it are not those of its matrices.
class LockedModes : public InputError {
 public:
  using InputError::InputError;
};

/// Ensembles with the densities that generated them: one, or several that are merged.
struct OpenedEnsemble {
  std::vector<TrialDensity> generating;
  std::vector<std::unique_ptr<Ensemble>> ensembles;

  /// As parts of a population; they refer to the ensembles here.
  std::vector<PopulationPart> parts() const;
  std::int64_t size() const;
  bool has_stresses() const;
  /// Bytes of displacements and forces in memory.
  double bytes() const;
  /// K at which all were drawn; nothing when they were drawn at several temperatures.
  std::optional<double> temperature() const;
};

/// @throws UnknownDensity; LockedModes when `all_modes` must move and some did not; InputError and IoError of the
/// files.
OpenedEnsemble open(const std::vector<StoredEnsemble>& stored, bool all_modes, const UnitSet& units);

}  // namespace zeropoint::sscha
