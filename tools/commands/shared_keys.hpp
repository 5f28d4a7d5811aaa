#pragma once

#include <Eigen/Core>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/cell_kind.hpp"
#include "core/run_file.hpp"
#include "sscha/minimizer.hpp"
#include "sscha/sampling.hpp"

namespace zeropoint {

// Keys that several commands have, declared once.

/// masses: of species or sites, amu.
void declare_masses(Section& section, std::map<std::string, double>& masses);

/// cell: what of it moves.
void declare_cell(Section& section, CellKind& cell, const std::string& help);
/// "fixed", "isotropic", "shape" or "full".
std::string name_of(CellKind cell);

/// What is wrong with conditions.pressure where the volume is kept; empty where it moves, or where no pressure is
/// given.
std::string problem_of_pressure(CellKind cell, bool pressure_given);

/// sampling: how random numbers are drawn.
void declare_sampling(Section& section, sscha::SamplingMethod& method, const std::string& help);
std::string name_of(sscha::SamplingMethod method);

/// kong_liu_ratio, gradient_to_error, centroids and max_steps. `gradient_note` stands behind the meaning of
/// gradient_to_error, `steps_help` is that of max_steps, which is `least_steps` at least.
void declare_minimisation(Section& section, sscha::MinimizeOptions& options, const std::string& gradient_note,
                          const std::string& steps_help, int least_steps);

/// "three divisions are needed" where a list has another length; empty where it is right.
std::string problem_of_divisions(const std::vector<int>& list);
/// Of a list of three.
Eigen::Vector3i divisions_of(const std::vector<int>& list);

}  // namespace zeropoint
