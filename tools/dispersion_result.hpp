#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "phonons/band_path.hpp"
#include "phonons/dos.hpp"
#include "phonons/thermodynamics.hpp"
#include "tools/figures.hpp"
#include "tools/run_folder.hpp"

namespace zeropoint {

/// What `dispersion` finds. Frequencies in sqrt(eV/amu)/angstrom.
struct DispersionResult {
  struct Comparison {
    std::string name;
    Eigen::MatrixXd frequencies;  ///< [n, 3n] at the points of the path
  };
  phonons::DynamicalMatrices fine;       ///< on the grid asked for
  std::string zone{};                      ///< "cF2"
  phonons::SampledPath path{};
  Eigen::MatrixXd bands{};                 ///< [n, 3n]
  std::vector<Comparison> comparisons{};
  Eigen::Vector3i mesh = Eigen::Vector3i::Ones();                 ///< of the density of states and the thermodynamics
  phonons::DensityOfStates dos{};
  phonons::ImaginaryModes imaginary{};     ///< on the mesh
  std::vector<phonons::Thermodynamics> thermodynamics{};  ///< empty where imaginary modes forbid it
};

/// A frequency for people, cm^-1: the acoustic modes at Gamma are zero up to rounding, -0.00 would look like an instability.
double shown_inverse_cm(double frequency);

/// Layout version 1 of result.h5 of type "zeropoint dispersion".
void write_result(const std::string& path, const DispersionResult& result, const std::string& configuration, std::int64_t seed);
/// bands.dat, dos.dat and thermodynamics.dat.
void write_tables(const RunFolder& folder, const DispersionResult& result);
Summary summary_of(const DispersionResult& result);
/// Bands, density of states and, when there is one, thermodynamics, from result.h5.
std::vector<figures::Figure> figures_of_dispersion(const std::string& path);

}  // namespace zeropoint
