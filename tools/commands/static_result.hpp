#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/space_group.hpp"
#include "phonons/finite_differences.hpp"
#include "phonons/relaxation.hpp"
#include "tools/figures/figures.hpp"
#include "tools/program/run_folder.hpp"

namespace zeropoint {

class Console;

/// What `relax` leaves.
struct RelaxResult {
  Crystal start;
  SpaceGroup group;        ///< kept
  SpaceGroup group_after;  ///< all that is found at the end
  double pressure;         ///< eV/angstrom^3, asked for
  bool cell_moved;
  phonons::Relaxation relaxation;
  std::vector<phonons::RelaxationStep> steps;
};
Summary summary_of(const RelaxResult& result);
StepTable step_table(const std::vector<phonons::RelaxationStep>& steps);
void write_result(const std::string& path, const RelaxResult& result, const std::string& settings);
/// Enthalpy, force and stress over the steps. @throws InputError when `path` is no such file.
std::vector<figures::Figure> figures_of_relax(const std::string& path);

/// What `phonons` leaves: frequencies [n_q][3n] in cm^-1, imaginary ones negative.
struct PhononsResult {
  phonons::HarmonicMatrices harmonic;
  SpaceGroup group;
  std::vector<std::vector<double>> frequencies;

  int n_imaginary() const;  ///< over the whole grid
};
Summary summary_of(const PhononsResult& result);
void write_result(const std::string& path, const PhononsResult& result, const std::string& settings);
/// The frequencies at the points of the grid. @throws InputError when `path` is no such file.
std::vector<figures::Figure> figures_of_phonons(const std::string& path);
/// One line of frequencies a star.
void show_frequencies(const PhononsResult& result, Console& console);

}  // namespace zeropoint
