#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/potential.hpp"
#include "core/run_file.hpp"
#include "core/units.hpp"

namespace zeropoint {

struct PotentialSettings;

/// What a potential is opened with besides its keys.
struct PotentialOpening {
  const UnitSet& units = zeropoint::units::codata2022;
  std::function<void()> idle = {};            ///< called while a program works; what it throws ends the work
  std::vector<std::string> populations = {};  ///< files of populations that may have labels by now, besides those named
};

/// One kind of potential, as its file exports it: a line of the table.
struct PotentialKind {
  /// Opens the potential once the keys are read. @throws ConfigError when the key that it needs is missing.
  using Open = std::function<std::unique_ptr<Potential>(const PotentialSettings&, const PotentialOpening&)>;

  std::string name;  ///< potential.kind
  std::string help;
  /// Declares the keys of this kind alone in [potential] and gives back what opens it, which owns what they fill.
  std::function<Open(Section&, PotentialSettings&)> declare;
};

/// [potential]: what gives energies and forces. Here are the keys that several kinds share, or that others ask for.
struct PotentialSettings {
  std::string kind = "model";
  std::string dyn;               ///< force constants
  bool single_precision = true;  ///< of a network
  double uncertain = 0.3;        ///< eV/angstrom: forces of a committee that deviate more are extrapolations

  std::vector<std::pair<std::string, PotentialKind::Open>> kinds;  ///< filled by declare()
};

}  // namespace zeropoint
