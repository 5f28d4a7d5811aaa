#pragma once

#include <vector>

#include "core/space_group.hpp"
#include "phonons/finite_differences.hpp"
#include "phonons/relaxation.hpp"
#include "tools/program/run_folder.hpp"

namespace zeropoint {

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

/// What `phonons` leaves: frequencies [n_q][3n] in cm^-1, imaginary ones negative.
struct PhononsResult {
  phonons::HarmonicMatrices harmonic;
  SpaceGroup group;
  std::vector<std::vector<double>> frequencies;

  int n_imaginary() const;  ///< over the whole grid
};
Summary summary_of(const PhononsResult& result);

}  // namespace zeropoint
