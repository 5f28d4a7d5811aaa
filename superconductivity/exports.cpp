#include "superconductivity/exports.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iterator>

#include "core/atomic_file.hpp"
#include "core/quantity.hpp"
#include "phonons/quantum_espresso/force_constants.hpp"
#include "superconductivity/coupling_readers.hpp"
#include "superconductivity/printed_lambda.hpp"

namespace zeropoint::superconductivity {
namespace {

namespace fs = std::filesystem;

PrintedLambda printed(const CoupledModes& modes, Eigen::Index row, const Eigen::Vector3d& q) {
  PrintedLambda result;
  result.q = q;
  result.smearings = modes.smearings;
  const Eigen::ArrayXd energies = modes.energies.row(row).transpose();
  result.squares = energies * energies.abs();
  const auto n = static_cast<Eigen::Index>(modes.smearings.size());
  result.lambda.resize(n, modes.n_modes());
  result.linewidth.resize(n, modes.n_modes());
  for (Eigen::Index i = 0; i < n; ++i) {
    result.lambda.row(i) = modes.lambda[static_cast<std::size_t>(i)].row(row);
    result.linewidth.row(i) = modes.linewidth[static_cast<std::size_t>(i)].row(row);
  }
  return result;
}

}  // namespace

std::vector<std::string> write_lambda_input(const CoupledModes& modes, const phonons::QGrid& grid,
                                            const Crystal& crystal, double alat, double mu_star,
                                            const std::string& folder, const UnitSet& units) {
  const Eigen::Matrix3d reciprocal = crystal.reciprocal();
  const double terahertz = find_unit("THz").factor;
  // A broadening of a hundredth of the spectrum; lambda.x integrates up to the first number.
  const double highest = modes.energies.maxCoeff() / terahertz;
  std::string input =
      fmt::format("{:.4f} {:.4f} 1\n{}\n", std::ceil(1.1 * highest), 0.01 * highest, grid.stars().size());
  std::string names;
  std::vector<std::string> written;
  const std::vector<int> firsts = grid.representatives();
  for (std::size_t star = 0; star < firsts.size(); ++star) {
    const Eigen::Vector3d q = alat * reciprocal.transpose() * grid.points()[firsts[star]];
    const std::string name = fmt::format("elph.inp_lambda.{}", star + 1);
    written.push_back((fs::path(folder) / name).string());
    write_file(written.back(), printed_lambda_text(printed(modes, firsts[star], q), units));
    fmt::format_to(std::back_inserter(input), "{:14.9f} {:14.9f} {:14.9f} {}\n", q[0], q[1], q[2], grid.stars()[star]);
    names += name + "\n";
  }
  written.push_back((fs::path(folder) / "lambda.in").string());
  write_file(written.back(), input + names + fmt::format("{}\n", mu_star));
  return written;
}

std::vector<std::string> write_matdyn_input(const phonons::DynamicalMatrices& matrices, const Coupling& coupling,
                                            const std::string& folder, const UnitSet& units) {
  std::vector<std::string> written{(fs::path(folder) / "anharmonic.fc").string()};
  phonons::write_qe_force_constants(matrices, written.back(), {}, units);
  for (int i = 0; i < static_cast<int>(coupling.smearings.size()); ++i) {
    const phonons::DynamicalMatrices gamma = coupling.as_matrices(i);
    const CellCoupling cells{coupling.smearings[static_cast<std::size_t>(i)], coupling.grid.divisions(),
                             phonons::to_real_space(gamma)};
    written.push_back((fs::path(folder) / fmt::format("a2Fmatdyn.{}", 61 + i)).string());
    write_file(written.back(), cell_coupling_text(cells, coupling.crystal, units));
  }
  return written;
}

}  // namespace zeropoint::superconductivity
