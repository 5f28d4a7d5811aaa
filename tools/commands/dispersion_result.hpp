#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/estimate.hpp"
#include "phonons/band_structure.hpp"
#include "phonons/mesh_properties.hpp"
#include "tools/figures/figures.hpp"
#include "tools/program/run_folder.hpp"

namespace zeropoint {

/// What `dispersion` finds. Frequencies in sqrt(eV/amu)/angstrom.
struct DispersionResult {
  /// Bands along the path, of one set of matrices.
  struct Bands : phonons::Bands {
    std::string name{};
    bool dashed = false;  ///< for comparison
  };
  /// F of the SSCHA on two grids, eV per unit cell.
  struct FreeEnergy {
    double temperature;    ///< K
    Estimate coarse;       ///< of the minimisation
    Estimate anharmonic;   ///< <V - V_harmonic>, taken over
    double harmonic_fine;  ///< of the interpolated matrices on the mesh
    Estimate fine() const { return {harmonic_fine + anharmonic.value, anharmonic.standard_error}; }
  };
  phonons::DynamicalMatrices fine;  ///< on the grid asked for, in stars
  std::string zone{};               ///< "cF2"
  std::string unit = "cm-1";        ///< of frequencies in figures
  phonons::SampledPath path{};
  Bands bands{};
  std::vector<Eigen::MatrixX3d> velocities{};  ///< [n] of [3n, 3] d omega/dk, sqrt(eV/amu)
  std::vector<Bands> others{};
  std::optional<phonons::GammaModes> gamma{};       ///< nothing when the cell is not primitive
  std::vector<phonons::GammaLimit> longitudinal{};  ///< of polar crystals
  Eigen::Vector3i mesh = Eigen::Vector3i::Ones();   ///< of the density of states and the thermodynamics
  phonons::MeshProperties on_mesh{};                ///< at the temperatures asked for
  double structure_temperature = 0;                 ///< K, of U_ij in the structure files
  phonons::SiteTensors structure_displacements{};   ///< [n_atoms], empty where imaginary modes forbid it
  std::optional<FreeEnergy> free_energy{};
};

/// A frequency for people, cm^-1: the acoustic modes at Gamma are zero up to rounding, -0.00 would look like an
/// instability.
double shown_inverse_cm(double frequency);

/// Layout version 2 of result.h5 of type "zeropoint dispersion".
void write_result(const std::string& path, const DispersionResult& result, const std::string& configuration,
                  std::int64_t seed);
/// bands.dat, dos.dat, thermodynamics.dat and displacements.dat.
void write_tables(const RunFolder& folder, const DispersionResult& result);
Summary summary_of(const DispersionResult& result);

}  // namespace zeropoint
