#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/quantity.hpp"
#include "core/run_file.hpp"
#include "core/space_group.hpp"
#include "phonons/band_path.hpp"
#include "phonons/interpolation.hpp"

namespace zeropoint {

/// What the run file of `dispersion` says.
struct DispersionSettings {
  std::string dyn, coarse, fine;
  std::vector<std::string> compare, overlay;
  std::vector<std::string> labels;  ///< of dyn, compare, overlay in figures; empty: from their names
  std::vector<int> grid{6, 6, 6};
  std::string path = "auto";
  std::vector<std::string> points;
  double spacing = 0.025;
  std::string unit = "cm-1";
  phonons::SumRule sum_rule = phonons::SumRule::crystal;
  SymmetryOptions symmetry;
  std::vector<int> mesh{30, 30, 30};
  double step = find_unit("cm-1").factor;
  double smearing = 0;               ///< eV; 0: tetrahedra
  bool skip_unit_direction = false;  ///< as matdyn.x, for comparison
  std::vector<double> temperatures;
  bool skip_imaginary = false;
  std::optional<double> structure_temperature;
  std::vector<std::string> formats{"qe"};
};

void declare(Schema& schema, DispersionSettings& settings);

/// The standard path of the crystal, or the one that was typed. @throws ConfigError for an unknown label or a point
/// that is none.
phonons::BandPath path_of(const DispersionSettings& settings, const Crystal& crystal);

}  // namespace zeropoint
