#pragma once

#include <string>
#include <vector>

#include "sscha/gradient.hpp"
#include "sscha/hessian_file.hpp"
#include "sscha/stability.hpp"
#include "tools/program/run_folder.hpp"

namespace zeropoint {

/// What the command hessian leaves, apart from the dyn files.
struct HessianResult {
  const sscha::Hessian& hessian;
  const sscha::HessianOptions& options;
  const sscha::Gradient& gradient;
  const SpaceGroup& group;
  sscha::Stability lowest;
  sscha::HessianVerdict verdict;
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

}  // namespace zeropoint
