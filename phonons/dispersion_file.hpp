#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "phonons/dispersion.hpp"

namespace zeropoint::phonons {

/// What the file of a dispersion, result.h5, says it is.
inline constexpr const char* dispersion_filetype = "zeropoint dispersion";

/// How errors of bands were found, for people and files.
extern const char* const band_error_method;

/// A frequency for people, cm^-1: the acoustic modes at Gamma are zero up to rounding, -0.00 would look like an
/// instability.
double shown_inverse_cm(double frequency);

/// One sqrt(eV/amu), the unit of velocities, in angstrom THz (0.1 km/s).
double angstrom_thz();

/// Thermodynamics as files and tables have them.
struct ThermodynamicsColumn {
  const char *name, *unit;
  double (*value)(const Thermodynamics&);  ///< in `unit`
};
std::span<const ThermodynamicsColumn> thermodynamics_columns();

/// Layout version 2. `figure_unit`: of frequencies in figures; `configuration`: the resolved run file. @throws IoError.
void write_dispersion(const std::string& path, const Dispersion& result, const std::string& figure_unit,
                      const std::string& configuration, std::int64_t seed);

/// What is drawn of a dispersion, in the units of the file: frequencies in cm^-1, imaginary as negative.
struct StoredDispersion {
  struct Bands {
    std::string name;
    bool dashed = false;
    Eigen::MatrixXd frequencies, errors;  ///< [n, 3n_atoms]; errors empty: unknown
  };
  std::string figure_unit;
  std::vector<double> distances;  ///< [n] 1/angstrom
  std::vector<int> pieces;        ///< [n] of the path
  std::vector<SampledPath::Tick> ticks;
  Bands bands;
  std::vector<Bands> others;               ///< those for comparison first
  std::vector<std::string> species;        ///< [n_atoms]
  Eigen::VectorXd dos_frequencies, total;  ///< cm^-1, states per cm^-1 and unit cell
  Eigen::MatrixXd projected;               ///< [n, n_atoms]
  /// [n_temperatures] of each of thermodynamics_columns(); empty where there are none.
  std::vector<std::vector<double>> thermodynamics;
  std::vector<SiteTensors> displacements;  ///< [n_temperatures][n_atoms] angstrom^2; empty in files of version 1

  bool has_thermodynamics() const { return !thermodynamics.empty(); }
  /// A column by its name. @throws InternalError when there is none.
  const std::vector<double>& column(const std::string& name) const;
};
/// @throws IoError; InputError for another kind of file and a damaged one.
StoredDispersion read_dispersion(const std::string& path);

}  // namespace zeropoint::phonons
