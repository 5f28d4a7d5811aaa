#include "phonons/soft_modes.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "phonons/modes.hpp"

namespace zeropoint::phonons {
namespace {

/// Where the thermal amplitude squared is `square`, amu angstrom^2: it falls with the frequency.
double frequency_of(double square, double temperature, const UnitSet& units) {
  double low = 1e-6, high = 1e3;  // sqrt(eV/amu)/angstrom: 5e-4 and 5e5 cm^-1
  for (int i = 0; i < 80; ++i) {
    const double middle = std::sqrt(low * high);
    (squared_amplitude(middle, temperature, units) > square ? low : high) = middle;
  }
  return high;
}

}  // namespace

StiffenedMatrices stiffened(const DynamicalMatrices& matrices, double temperature, double reach, const UnitSet& units) {
  if (!(reach > 0)) throw InputError{"modes that move atoms by {} angstrom: it must be above 0", reach};
  const Eigen::VectorXd roots = matrices.crystal.masses.cwiseSqrt().replicate(1, 3).transpose().reshaped();
  StiffenedMatrices result{matrices};
  const std::vector<Modes> modes = diagonalise(matrices);
  for (std::size_t iq = 0; iq < modes.size(); ++iq) {
    const Modes& at_q = modes[iq];
    Eigen::VectorXd squares = at_q.frequencies.cwiseProduct(at_q.frequencies.cwiseAbs());
    bool turned = false;
    for (Eigen::Index mu = 0; mu < squares.size(); ++mu) {
      if (at_q.acoustic[static_cast<std::size_t>(mu)]) {
        squares[mu] = 0;
      } else if (squares[mu] < 0) {
        turned = true;
        ++result.n_turned;
        const double inverse_mass = at_q.polarisations.col(mu).cwiseQuotient(roots.cast<std::complex<double>>()).squaredNorm();
        const double least = std::pow(frequency_of(reach * reach / inverse_mass, temperature, units), 2);
        result.n_stiffened += -squares[mu] < least;
        squares[mu] = std::max(-squares[mu], least);
      }
    }
    if (!turned) continue;
    const Eigen::MatrixXcd e = roots.asDiagonal() * at_q.polarisations;
    result.matrices.blocks[iq] = e * squares.asDiagonal() * e.adjoint();
  }
  return result;
}

}  // namespace zeropoint::phonons
