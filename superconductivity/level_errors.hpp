#pragma once

#include <Eigen/Core>
#include <functional>
#include <vector>

#include "core/estimate.hpp"
#include "core/space_group.hpp"
#include "superconductivity/coupled_modes.hpp"
#include "superconductivity/moments.hpp"
#include "superconductivity/spectral_function.hpp"

namespace zeropoint::superconductivity {

/// Modes that symmetry makes one: degenerate at a q and at all points of its star.
struct Level {
  std::vector<Eigen::Vector2i> modes;  ///< row of the table, mode
  double error;                        ///< standard error of omega^2 over omega^2
};

/// The levels of modes on a grid with the errors of their omega^2, `squared_errors` [n_q][3n] eV/amu/angstrom^2 in the
/// order of `modes`. Modes that do not couple are left out.
std::vector<Level> levels(const CoupledModes& modes, const std::vector<std::vector<double>>& squared_errors,
                          const phonons::QGrid& grid, const SpaceGroup& group,
                          const UnitSet& units = units::codata2022);

/// `modes` with omega^2 of one level (1 + change) times as large: its lambda is smaller by that factor.
CoupledModes with_level_moved(const CoupledModes& modes, const Level& level, double change);

/// Standard error of `quantity`, which is taken for linear in each level: sqrt(sum_levels (dquantity/dln omega^2
/// error)^2). Different levels count as independent; within one all modes move together.
double propagated(const CoupledModes& modes, const std::vector<Level>& levels,
                  const std::function<double(const CoupledModes&)>& quantity);

}  // namespace zeropoint::superconductivity
