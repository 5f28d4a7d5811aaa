#include "superconductivity/coupled_modes_file.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace zeropoint::superconductivity {
namespace {

std::string numbered_name(const std::string& group, const char* name, std::size_t i) {
  return fmt::format("{}/{}/{:03d}", group, name, i + 1);
}

}  // namespace

void write_coupled_modes(const CoupledModes& modes, Hdf5File& file, const std::string& group) {
  const auto n_q = static_cast<Eigen::Index>(modes.points.size());
  const auto n = static_cast<Eigen::Index>(modes.smearings.size());
  Eigen::MatrixXd points(n_q, 3);
  for (Eigen::Index q = 0; q < n_q; ++q) points.row(q) = modes.points[static_cast<std::size_t>(q)];
  Eigen::VectorXd widths(n), states(n), fermi(n);
  const double rydberg = units::codata2022.rydberg;
  for (Eigen::Index i = 0; i < n; ++i) {
    const Smearing& smearing = modes.smearings[static_cast<std::size_t>(i)];
    widths[i] = smearing.width / rydberg;
    states[i] = smearing.density_of_states * rydberg;
    fermi[i] = smearing.fermi_energy;
  }
  file.write(group + "/q_points", points, "crystal coordinates", "q,axis");
  file.write(group + "/weights", modes.weights, "1", "q");
  file.write(group + "/energy", Eigen::MatrixXd(1e3 * modes.energies), "meV", "q,mode");
  file.write(group + "/smearing", widths, "Ry", "smearing");
  file.write(group + "/density_of_states", states, "states per spin, Ry and cell", "smearing");
  file.write(group + "/fermi_energy", fermi, "eV", "smearing");
  for (std::size_t i = 0; i < modes.lambda.size(); ++i) {
    file.write(numbered_name(group, "lambda", i), modes.lambda[i], "1", "q,mode");
    file.write(numbered_name(group, "linewidth", i), Eigen::MatrixXd(1e3 * modes.linewidth[i]), "meV", "q,mode");
  }
}

CoupledModes read_coupled_modes(const Hdf5File& file, const std::string& group) {
  CoupledModes modes;
  const double rydberg = units::codata2022.rydberg;
  const Eigen::MatrixXd points = file.read_matrix(group + "/q_points");
  modes.weights = file.read_vector(group + "/weights");
  modes.energies = 1e-3 * file.read_matrix(group + "/energy");
  const Eigen::VectorXd widths = file.read_vector(group + "/smearing"),
                        states = file.read_vector(group + "/density_of_states"),
                        fermi = file.read_vector(group + "/fermi_energy");
  const bool fit = points.cols() == 3 && points.rows() == modes.weights.size() &&
                   points.rows() == modes.energies.rows() && widths.size() == states.size() &&
                   widths.size() == fermi.size();
  if (!fit) throw InputError{"{}: arrays of {} do not fit together: the file is damaged", file.path(), group};
  modes.totals = Eigen::VectorXd::Zero(widths.size());
  for (Eigen::Index q = 0; q < points.rows(); ++q) modes.points.emplace_back(points.row(q).transpose());
  for (Eigen::Index i = 0; i < widths.size(); ++i) {
    const auto number = static_cast<std::size_t>(i);
    modes.smearings.push_back({widths[i] * rydberg, fermi[i], states[i] / rydberg});
    modes.lambda.push_back(file.read_matrix(numbered_name(group, "lambda", number)));
    modes.linewidth.push_back(1e-3 * file.read_matrix(numbered_name(group, "linewidth", number)));
    if (modes.lambda.back().rows() != modes.energies.rows() || modes.lambda.back().cols() != modes.energies.cols())
      throw InputError{"{}: lambda of smearing {} has another shape: the file is damaged", file.path(), i + 1};
    modes.totals[i] = modes.weights.dot(modes.lambda.back().rowwise().sum());
  }
  return modes;
}

}  // namespace zeropoint::superconductivity
