#pragma once

#include <string>
#include <vector>

#include "sscha/gradient.hpp"
#include "sscha/hessian_file.hpp"
#include "tools/program/run_folder.hpp"

namespace zeropoint {

/// What a Hessian says about the crystal.
enum class HessianVerdict {
  stable,
  unstable,    ///< the free energy falls along a mode: a result
  no_minimum,  ///< the auxiliary matrices are at no minimum of the free energy
  not_solved,  ///< the iteration did not end
};

/// What the command hessian leaves, apart from the dyn files.
struct HessianResult {
  const sscha::Hessian& hessian;
  const sscha::HessianOptions& options;
  const sscha::Gradient& gradient;
  const SpaceGroup& group;
  sscha::Stability lowest;
  HessianVerdict verdict;
  std::int64_t n_configurations;
};

/// One sentence for people: what it means and what to do.
std::string explain(const HessianResult& result);

/// omega^2 (eV/amu/angstrom^2) in cm^-2, negative for imaginary modes.
double square_inverse_cm(double square, const UnitSet& units);

/// The numbers, under the names that every command uses.
Summary summary_of(const HessianResult& result);
/// hessian.dat: one line a mode of each irreducible q.
std::string mode_table(const HessianResult& result);
/// The supercell with its atoms moved along the lowest mode, the farthest by `amplitude` angstrom.
Crystal displaced_along(const sscha::Hessian& hessian, const sscha::Stability& lowest, double amplitude);

}  // namespace zeropoint
