#pragma once

#include <string>
#include <vector>

#include "core/quantity.hpp"
#include "core/run_file.hpp"
#include "core/space_group.hpp"
#include "phonons/interpolation.hpp"
#include "superconductivity/coupled_modes.hpp"

namespace zeropoint {

/// What the run file of `a2f` says. Energies in eV, smearings in Ry.
struct A2fSettings {
  std::string dyn, coarse, fine, elph, elph_dyn;
  std::vector<std::string> compare;
  std::vector<int> grid;
  superconductivity::GammaPolicy gamma = superconductivity::GammaPolicy::optical;
  superconductivity::ImaginaryPolicy imaginary = superconductivity::ImaginaryPolicy::error;
  std::vector<double> smearings;
  int shown = -1;  ///< smearing of the figures of one, from 0; negative: the middle one
  double broadening = 1e-3, step = 2e-4;
  bool tetrahedra = false, isotopes = true;
  phonons::SumRule sum_rule = phonons::SumRule::crystal;
  double spacing = 0.05;
  SymmetryOptions symmetry;
  std::vector<std::string> formats{};
  double mu_star = 0.1;
};

void declare(Schema& schema, A2fSettings& settings);

/// As the run file has them.
std::string name_of(superconductivity::GammaPolicy policy);
std::string name_of(superconductivity::ImaginaryPolicy policy);

}  // namespace zeropoint
