#include "superconductivity/coupled_modes.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

#include "core/contract.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "phonons/modes.hpp"
#include "phonons/q_stars.hpp"
#include "phonons/spectrum.hpp"

namespace zeropoint::superconductivity {
namespace {

constexpr double identity_tolerance = 1e-8;
constexpr double singular = 1e-6;            // of the largest omega^2: the inverse of Phi tells nothing there
constexpr double qe_lowest_inverse_cm = 20;  // lambda is 0 below, in Quantum ESPRESSO

/// Everything about one q, before it is put into the tables.
struct AtPoint {
  phonons::Modes modes;
  Eigen::MatrixXcd block;  // Phi
  bool is_gamma;
};

CoupledModes tables(std::vector<Smearing> smearings, std::size_t n_q, int n_atoms) {
  const auto rows = static_cast<Eigen::Index>(n_q), columns = static_cast<Eigen::Index>(3 * n_atoms);
  const Eigen::MatrixXd zero = Eigen::MatrixXd::Zero(rows, columns);
  const std::size_t n = smearings.size();
  CoupledModes result;
  result.smearings = std::move(smearings);
  result.weights = Eigen::VectorXd::Zero(rows);
  result.energies = zero;
  result.lambda.assign(n, zero);
  result.linewidth.assign(n, zero);
  result.atoms.assign(n, std::vector<Eigen::MatrixXd>(static_cast<std::size_t>(n_atoms), zero));
  result.pairs.assign(n, Eigen::MatrixXd::Zero(n_atoms, n_atoms));
  result.characters.assign(static_cast<std::size_t>(n_atoms), zero);
  result.totals = result.totals_elsewise = result.imaginary_share = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(n));
  return result;
}

/// Coupling of the modes at one q, for one smearing, before any policy.
struct Shares {
  Eigen::VectorXd widths;              // [n_modes] z^dagger Gamma z, 1/(angstrom^2 amu)
  std::vector<Eigen::MatrixXd> pairs;  // [n_modes] [n_atoms, n_atoms] Re z_a^* Gamma_ab z_b
};

Shares shares_of(const Eigen::MatrixXcd& gamma, const Eigen::MatrixXcd& patterns) {
  const Eigen::Index n_modes = patterns.cols(), n_atoms = patterns.rows() / 3;
  Shares result{Eigen::VectorXd(n_modes), {}};
  for (Eigen::Index mode = 0; mode < n_modes; ++mode) {
    const Eigen::VectorXcd z = patterns.col(mode);
    Eigen::MatrixXd pairs(n_atoms, n_atoms);
    for (Eigen::Index b = 0; b < n_atoms; ++b) {
      const Eigen::VectorXcd pulled = gamma.middleCols<3>(3 * b) * z.segment<3>(3 * b);
      for (Eigen::Index a = 0; a < n_atoms; ++a) pairs(a, b) = z.segment<3>(3 * a).dot(pulled.segment<3>(3 * a)).real();
    }
    result.widths[mode] = pairs.sum();
    result.pairs.push_back(std::move(pairs));
  }
  return result;
}

/// |sum_nu lambda - Tr[Phi^-1 Gamma]/(2 N_F)| over the size of its terms: without diagonalisation, without masses.
double identity_residual(const Eigen::MatrixXcd& inverse, const Eigen::MatrixXcd& gamma, double sum) {
  const double trace = (inverse * gamma).trace().real();
  const double scale = (inverse.cwiseAbs().array() * gamma.transpose().cwiseAbs().array()).sum();
  return scale > 0 ? std::abs(sum - trace) / scale : 0;
}

/// Fills the rows of a table of modes.
class Table {
 public:
  Table(CoupledModes& result, const Crystal& crystal, const ModePolicies& policies, const UnitSet& units)
      : result_(result), crystal_(crystal), policies_(policies), units_(units) {
    imaginary_.assign(static_cast<std::size_t>(result.weights.size()), 0);
    residuals_.assign(static_cast<std::size_t>(result.weights.size()), 0);
    pairs_.assign(static_cast<std::size_t>(result.weights.size()), result.pairs);
    shares_ = Eigen::MatrixXd::Zero(result.weights.size(), result.n_smearings());
    lowest_ = Eigen::VectorXd::Zero(result.weights.size());
  }

  /// `gamma(i)`: of smearing i. May run in several threads, one a row.
  void fill(std::size_t row, const AtPoint& at, const std::function<Eigen::MatrixXcd(int)>& gamma);
  void finish(double n_points, double gamma_weight);

 private:
  bool counts(double frequency, bool translation, bool is_gamma) const;

  CoupledModes& result_;
  const Crystal& crystal_;
  const ModePolicies& policies_;
  const UnitSet& units_;
  std::vector<int> imaginary_;
  std::vector<double> residuals_;
  std::vector<std::vector<Eigen::MatrixXd>> pairs_;
  Eigen::MatrixXd shares_;
  Eigen::VectorXd lowest_;
};

bool Table::counts(double frequency, bool translation, bool is_gamma) const {
  if (translation || (is_gamma && policies_.gamma == GammaPolicy::skip)) return false;
  if (frequency < 0 && policies_.imaginary != ImaginaryPolicy::abs) return false;
  if (policies_.gamma == GammaPolicy::qe && std::abs(units_.inverse_cm(frequency)) < qe_lowest_inverse_cm) return false;
  return frequency != 0;
}

void Table::fill(std::size_t number, const AtPoint& at, const std::function<Eigen::MatrixXcd(int)>& gamma_of) {
  const auto row = static_cast<Eigen::Index>(number);
  const Eigen::MatrixXcd patterns = phonons::displacement_patterns(at.modes, crystal_);
  const Eigen::VectorXd& frequencies = at.modes.frequencies;
  const Eigen::VectorXd squares = frequencies.array() * frequencies.array().abs();
  const bool invertible = !at.is_gamma && squares.cwiseAbs().minCoeff() > singular * squares.cwiseAbs().maxCoeff();
  const Eigen::MatrixXcd inverse = invertible ? Eigen::MatrixXcd(at.block.inverse()) : Eigen::MatrixXcd();
  for (Eigen::Index mode = 0; mode < frequencies.size(); ++mode) {
    const bool translation = at.modes.acoustic[mode];
    const double shown = frequencies[mode] < 0 && policies_.imaginary == ImaginaryPolicy::abs && !translation
                             ? -frequencies[mode]
                             : frequencies[mode];
    result_.energies(row, mode) = translation ? 0 : units_.hbar * shown;
    if (!translation && frequencies[mode] < 0) ++imaginary_[number];
    if (!translation) lowest_[row] = std::min(lowest_[row], frequencies[mode]);
    for (std::size_t a = 0; a < result_.characters.size(); ++a) {
      const auto first = 3 * static_cast<Eigen::Index>(a);
      result_.characters[a](row, mode) = at.modes.polarisations.col(mode).segment<3>(first).squaredNorm();
    }
  }
  for (int i = 0; i < result_.n_smearings(); ++i) {
    const Eigen::MatrixXcd gamma = gamma_of(i);
    const Shares shares = shares_of(gamma, patterns);
    const double states = result_.smearings[i].density_of_states;
    double sum = 0;
    for (Eigen::Index mode = 0; mode < frequencies.size(); ++mode) {
      const bool translation = at.modes.acoustic[mode];
      if (!translation) sum += shares.widths[mode] / squares[mode];
      result_.linewidth[i](row, mode) =
          translation ? 0 : std::numbers::pi / 2 * units_.hbar * units_.hbar * shares.widths[mode];
      const double scale = 1 / (2 * states * std::abs(squares[mode]));
      if (!translation && frequencies[mode] < 0) shares_(row, i) += scale * shares.widths[mode];
      if (!counts(frequencies[mode], translation, at.is_gamma)) continue;
      result_.lambda[i](row, mode) = scale * shares.widths[mode];
      pairs_[number][i] += scale * shares.pairs[mode];
      const Eigen::VectorXd of_atoms = scale * shares.pairs[mode].rowwise().sum();
      for (std::size_t a = 0; a < result_.atoms[i].size(); ++a)
        result_.atoms[i][a](row, mode) = of_atoms[static_cast<Eigen::Index>(a)];
    }
    if (invertible) residuals_[number] = std::max(residuals_[number], identity_residual(inverse, gamma, sum));
  }
}

void Table::finish(double n_points, double gamma_weight) {
  Eigen::Index worst = 0;
  const double lowest = lowest_.minCoeff(&worst);
  for (std::size_t row = 0; row < imaginary_.size(); ++row) {
    result_.n_imaginary +=
        static_cast<int>(std::lround(imaginary_[row] * result_.weights[static_cast<Eigen::Index>(row)] * n_points));
    result_.residual = std::max(result_.residual, residuals_[row]);
  }
  if (result_.n_imaginary > 0 && policies_.imaginary == ImaginaryPolicy::error) {
    const Eigen::Vector3d& q = result_.points[static_cast<std::size_t>(worst)];
    throw InputError{
        "{} of {:.0f} modes are imaginary, the lowest {:.1f} cm^-1 at q = ({:.4f}, {:.4f}, {:.4f}): lambda means "
        "nothing "
        "for them",
        result_.n_imaginary,
        n_points * static_cast<double>(result_.n_modes()),
        units_.inverse_cm(lowest),
        q[0],
        q[1],
        q[2]};
  }
  if (!(result_.residual <= identity_tolerance)) {
    throw ComputationError{
        "the sum of lambda over the modes of a q point differs from Tr[Phi^-1 Gamma]/(2 N_F) by {:.1e} of its terms: "
        "the "
        "matrices are too nearly singular to be used",
        result_.residual};
  }
  const double other = policies_.gamma == GammaPolicy::skip ? 1 - gamma_weight : 1 / (1 - gamma_weight);
  if (policies_.gamma == GammaPolicy::skip) result_.weights /= 1 - gamma_weight;
  for (int i = 0; i < result_.n_smearings(); ++i) {
    result_.totals[i] = result_.weights.dot(result_.lambda[i].rowwise().sum());
    result_.totals_elsewise[i] = gamma_weight < 1 ? other * result_.totals[i] : result_.totals[i];
    for (std::size_t row = 0; row < pairs_.size(); ++row)
      result_.pairs[i] += result_.weights[static_cast<Eigen::Index>(row)] * pairs_[row][i];
    const double imaginary = result_.weights.dot(shares_.col(i));
    result_.imaginary_share[i] = result_.totals[i] > 0 ? imaginary / result_.totals[i] : 0;
  }
}

}  // namespace

CoupledModes couple(const phonons::DynamicalMatrices& matrices, const Coupling& coupling, const ModePolicies& policies,
                    const UnitSet& units) {
  expect(matrices.grid.size() == coupling.grid.size(), "the coupling is on the grid of the matrices");
  const std::vector<phonons::Modes> modes = phonons::diagonalise(matrices);
  CoupledModes result = tables(coupling.smearings, modes.size(), matrices.crystal.n_atoms());
  result.points = matrices.grid.points();
  result.weights.setConstant(1.0 / static_cast<double>(modes.size()));
  Table table(result, matrices.crystal, policies, units);
  parallel_for(std::ssize(modes), [&](std::int64_t iq) {
    const int other = coupling.grid.find(matrices.grid.points()[iq]);
    const auto at = static_cast<std::size_t>(iq);
    table.fill(at, {modes[at], matrices.blocks[at], iq == matrices.grid.gamma()},
               [&](int i) { return coupling.gamma[i][static_cast<std::size_t>(other)]; });
  });
  table.finish(static_cast<double>(modes.size()), 1.0 / static_cast<double>(modes.size()));
  return result;
}

MeshCoupling couple_on_mesh(const phonons::Interpolation& matrices, const std::vector<phonons::Interpolation>& gamma,
                            const std::vector<Smearing>& smearings, const Eigen::Vector3i& divisions,
                            const SpaceGroup& group, const ModePolicies& policies, const UnitSet& units) {
  const phonons::MeshOrbits orbits = phonons::orbits(divisions, group);
  MeshCoupling result{tables(smearings, static_cast<std::size_t>(orbits.size()), matrices.crystal().n_atoms()),
                      orbits.orbit, divisions};
  CoupledModes& modes = result.modes;
  for (int i = 0; i < orbits.size(); ++i) {
    const int k = orbits.first[i];
    modes.points.emplace_back(1.0 * (k / (divisions[1] * divisions[2])) / divisions[0],
                              1.0 * (k / divisions[2] % divisions[1]) / divisions[1],
                              1.0 * (k % divisions[2]) / divisions[2]);
    modes.weights[i] = 1.0 * orbits.counts[i] / divisions.prod();
  }
  Table table(modes, matrices.crystal(), policies, units);
  parallel_for(orbits.size(), [&](std::int64_t i) {
    const Eigen::Vector3d& q = modes.points[i];
    AtPoint at{{}, matrices(q), i == 0};
    if (at.is_gamma) {
      // With its translations told apart by projection: a grid of Gamma alone.
      at.modes =
          phonons::diagonalise({matrices.crystal(), phonons::QGrid(Eigen::Vector3i::Ones()), {at.block}, {}, 0, ""})
              .front();
    } else {
      at.modes = phonons::modes_at(at.block, matrices.crystal());
    }
    table.fill(static_cast<std::size_t>(i), at, [&](int s) { return gamma[s](q); });
  });
  table.finish(divisions.prod(), 1.0 / divisions.prod());
  return result;
}

}  // namespace zeropoint::superconductivity
