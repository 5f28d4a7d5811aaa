#include "core/potential.hpp"

#include <ATen/ops/isfinite.h>

#include "core/error.hpp"

namespace zeropoint {
namespace {

/// Number (from 1) of the first row with a number that is not finite; 0 when there is none.
std::int64_t first_bad_row(const at::Tensor& values) {
  if (!values.defined() || values.numel() == 0) return 0;
  const at::Tensor good = at::isfinite(values).reshape({values.size(0), -1}).all(1).cpu();
  const bool* flags = good.const_data_ptr<bool>();
  for (std::int64_t i = 0; i < good.size(0); ++i) {
    if (!flags[i]) return i + 1;
  }
  return 0;
}

}  // namespace

void check_displacements(const at::Tensor& displacements, const Supercell& reference) {
  const int n_atoms = reference.n_atoms();
  if (displacements.dim() != 3 || displacements.size(1) != n_atoms || displacements.size(2) != 3 ||
      displacements.scalar_type() != at::kDouble) {
    throw InputError{
        "displacements of {} numbers in {} axes: float64 of [n_config, {}, 3] is needed for a supercell of {} atoms",
        displacements.numel(), displacements.dim(), n_atoms, n_atoms};
  }
  if (const std::int64_t bad = first_bad_row(displacements)) {
    throw InputError{"configuration {} has a displacement that is not finite", bad};
  }
}

void check_finite(const Evaluation& evaluation, const std::string& potential) {
  for (const at::Tensor& values : {evaluation.energies, evaluation.forces, evaluation.stresses}) {
    if (const std::int64_t bad = first_bad_row(values)) {
      throw ConfigurationError{
          "{} gives a number that is not finite for configuration {}: atoms on top of each other, or far "
          "outside of what it was trained on",
          potential, bad};
    }
  }
}

}  // namespace zeropoint
