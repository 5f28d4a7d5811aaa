#include "sscha/solution_file.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "phonons/hdf5_matrices.hpp"

namespace zeropoint::sscha {
namespace {

// Names in the file; "start" and "final" are groups of phonons/hdf5_matrices.hpp with frequencies and a temperature.
constexpr const char* start_group = "start";
constexpr const char* final_group = "final";
constexpr const char* squared_errors_name = "final/squared_errors";
constexpr const char* step_frequencies_name = "steps/frequencies";

/// A number of each step, an array along the steps.
struct Column {
  const char *name, *units;
  double& (*of)(SolutionStep&);
};
constexpr Column columns[] = {
    {"steps/free_energy", "eV per unit cell", [](SolutionStep& s) -> double& { return s.free_energy.value; }},
    {"steps/free_energy_error", "eV per unit cell",
     [](SolutionStep& s) -> double& { return s.free_energy.standard_error; }},
    {"steps/gradient", "eV/angstrom^2", [](SolutionStep& s) -> double& { return s.gradient.value; }},
    {"steps/gradient_error", "eV/angstrom^2", [](SolutionStep& s) -> double& { return s.gradient.standard_error; }},
    {"steps/centroid_gradient", "angstrom", [](SolutionStep& s) -> double& { return s.centroid_gradient.value; }},
    {"steps/centroid_error", "angstrom", [](SolutionStep& s) -> double& { return s.centroid_gradient.standard_error; }},
    {"steps/kong_liu_ratio", "", [](SolutionStep& s) -> double& { return s.kong_liu_ratio; }},
    {"steps/step_length", "", [](SolutionStep& s) -> double& { return s.step_length; }}};

struct Count {
  const char* name;
  int& (*of)(SolutionStep&);
};
constexpr Count counts[] = {{"steps/step", [](SolutionStep& s) -> int& { return s.step; }},
                            {"steps/n_gradients", [](SolutionStep& s) -> int& { return s.n_gradients; }}};

Eigen::MatrixXd table(const std::vector<std::vector<double>>& rows) {
  Eigen::MatrixXd result(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(rows.at(0).size()));
  for (Eigen::Index i = 0; i < result.rows(); ++i)
    result.row(i) = Eigen::Map<const Eigen::RowVectorXd>(rows[i].data(), result.cols());
  return result;
}

std::vector<std::vector<double>> rows_of(const Eigen::MatrixXd& table) {
  std::vector<std::vector<double>> rows;
  for (Eigen::Index i = 0; i < table.rows(); ++i) rows.emplace_back(table.row(i).begin(), table.row(i).end());
  return rows;
}

/// A crystal and the points of its grid on their own, for readers of older versions.
void write_grid(const phonons::DynamicalMatrices& matrices, Hdf5File& file) {
  file.write("crystal/cell", matrices.crystal.cell, "angstrom", "vector,xyz");
  file.write("crystal/positions", matrices.crystal.positions, "angstrom", "atom,xyz");
  file.write("crystal/species", matrices.crystal.species, "atom");
  file.write("crystal/masses", matrices.crystal.masses, "amu", "atom");
  Eigen::MatrixXd points(matrices.grid.size(), 3);
  for (int iq = 0; iq < matrices.grid.size(); ++iq) points.row(iq) = matrices.grid.points()[iq];
  file.write("q/points", points, "crystal coordinates", "q,xyz");
  const std::vector<int>& stars = matrices.grid.stars();
  const Eigen::VectorXd sizes =
      Eigen::Map<const Eigen::VectorXi>(stars.data(), static_cast<Eigen::Index>(stars.size())).cast<double>();
  file.write("q/stars", sizes, "points", "star");
}

phonons::QGrid read_grid(const Hdf5File& file) {
  const Eigen::MatrixXd rows = file.read_matrix("q/points");
  std::vector<Eigen::Vector3d> points;
  for (Eigen::Index iq = 0; iq < rows.rows(); ++iq) points.emplace_back(rows.row(iq));
  std::vector<int> stars;
  for (const double size : file.read_vector("q/stars")) stars.push_back(static_cast<int>(size));
  return {std::move(points), std::move(stars)};
}

void write_density(const TrialDensity& density, Hdf5File& file, const std::string& group) {
  phonons::write_matrices(density.matrices(), file, group);
  file.write(group + "/frequencies", table(phonons::frequencies_inverse_cm(density.modes(), density.units())), "cm^-1",
             "q,mode");
  file.write_attribute(group, "temperature", density.temperature());
}

void write_steps(std::vector<SolutionStep> steps, Hdf5File& file) {
  Eigen::VectorXd values(static_cast<Eigen::Index>(steps.size()));
  for (const Count& count : counts) {
    std::ranges::transform(steps, values.begin(), [&](SolutionStep& step) { return count.of(step); });
    file.write(count.name, values, "", "step");
  }
  for (const Column& column : columns) {
    std::ranges::transform(steps, values.begin(), [&](SolutionStep& step) { return column.of(step); });
    file.write(column.name, values, column.units, "step");
  }
  const auto& first = steps.at(0).frequencies;
  at::Tensor frequencies = at::empty({static_cast<std::int64_t>(steps.size()), static_cast<std::int64_t>(first.size()),
                                      static_cast<std::int64_t>(first.at(0).size())},
                                     at::kDouble);
  double* out = frequencies.mutable_data_ptr<double>();
  for (const SolutionStep& step : steps) {
    for (const std::vector<double>& at_q : step.frequencies) out = std::ranges::copy(at_q, out).out;
  }
  file.write(step_frequencies_name, frequencies, "cm^-1", "step,q,mode");
}

/// An attribute that files of older versions lack.
double required(const Hdf5File& file, const std::string& group, const std::string& name) {
  const std::optional<double> value = file.number_attribute(group, name);
  if (!value)
    throw InputError{"{} has no {}/{}: it was made by an older version; repeat the run", file.path(), group, name};
  return *value;
}

void require_shape(const Hdf5File& file, const std::string& name, const std::vector<std::int64_t>& expected) {
  if (const std::vector<std::int64_t> shape = file.shape(name); shape != expected) {
    throw InputError{"{}: '{}' is {}, {} expected: the file was damaged", file.path(), name, fmt::join(shape, " x "),
                     fmt::join(expected, " x ")};
  }
}

std::vector<SolutionStep> read_steps(const Hdf5File& file, std::int64_t n_q, std::int64_t n_modes) {
  const std::int64_t n_steps = file.shape(counts[0].name).at(0);
  std::vector<SolutionStep> steps(static_cast<std::size_t>(n_steps));
  const auto read = [&](const char* name, const auto& of) {
    require_shape(file, name, {n_steps});
    const Eigen::VectorXd values = file.read_vector(name);
    for (std::int64_t i = 0; i < n_steps; ++i) {
      auto& to = of(steps[i]);
      to = static_cast<std::remove_reference_t<decltype(to)>>(values[i]);
    }
  };
  for (const Count& count : counts) read(count.name, count.of);
  for (const Column& column : columns) read(column.name, column.of);
  require_shape(file, step_frequencies_name, {n_steps, n_q, n_modes});
  const at::Tensor frequencies = file.read(step_frequencies_name).to(at::kDouble).contiguous();
  const double* from = frequencies.const_data_ptr<double>();
  for (SolutionStep& step : steps) {
    for (std::int64_t iq = 0; iq < n_q; ++iq, from += n_modes) step.frequencies.emplace_back(from, from + n_modes);
  }
  return steps;
}

}  // namespace

SolutionStep per_cell(const StepReport& step, int n_cells) {
  return {.step = step.step,
          .n_gradients = step.n_gradients,
          .free_energy = {step.free_energy.value / n_cells, step.free_energy.standard_error / n_cells},
          .gradient = {step.gradient, step.gradient_error},
          .centroid_gradient = {step.centroid_gradient, step.centroid_error},
          .kong_liu_ratio = step.kong_liu_ratio,
          .step_length = step.step_length,
          .frequencies = step.frequencies};
}

double lowest_frequency(const std::vector<std::vector<double>>& frequencies) {
  constexpr double rounding = 1e-3;  // cm^-1
  double lowest = std::numeric_limits<double>::infinity();
  for (const std::vector<double>& at_q : frequencies) {
    for (const double value : at_q) lowest = std::abs(value) > rounding ? std::min(lowest, value) : lowest;
  }
  return lowest;
}

void write_solution(const std::string& path, const Solution& solution, const std::string& configuration,
                    std::int64_t seed) {
  const phonons::DynamicalMatrices& matrices = solution.matrices();
  Hdf5File file = Hdf5File::create(path, {.filetype = solution_filetype, .configuration = configuration, .seed = seed});
  write_grid(matrices, file);
  write_density(solution.start, file, start_group);
  write_density(solution.minimum.density, file, final_group);
  file.write(squared_errors_name, table(solution.errors.squared_frequencies), "eV/amu/angstrom^2", "q,mode");
  const Estimate free_energy = solution.free_energy();  // eV per unit cell
  file.write_attribute(final_group, "free_energy", free_energy.value);
  file.write_attribute(final_group, "free_energy_error", free_energy.standard_error);
  file.write_attribute(final_group, "harmonic_free_energy", solution.harmonic_free_energy());
  file.write_attribute(final_group, "converged", solution.minimum.converged() ? 1.0 : 0.0);
  std::vector<SolutionStep> steps;
  for (const StepReport& step : solution.minimum.steps) steps.push_back(per_cell(step, matrices.grid.size()));
  write_steps(std::move(steps), file);
  file.close();
}

StoredSolution read_solution(const std::string& path) {
  const Hdf5File file = Hdf5File::open(path, solution_filetype);
  if (!file.has(std::string{final_group} + "/cell"))
    throw InputError{"{} has no crystal beside its matrices: it was made by an older version; repeat the run", path};
  StoredSolution solution{
      .matrices = phonons::read_matrices(file, final_group),
      .temperature = required(file, final_group, "temperature"),
      .squared_errors = {},
      .free_energy = {required(file, final_group, "free_energy"), required(file, final_group, "free_energy_error")},
      .harmonic_free_energy = required(file, final_group, "harmonic_free_energy"),
      .converged = required(file, final_group, "converged") > 0};
  if (file.has(squared_errors_name)) {
    require_shape(file, squared_errors_name, {solution.matrices.grid.size(), solution.matrices.n_modes()});
    solution.squared_errors = rows_of(file.read_matrix(squared_errors_name));
  }
  return solution;
}

SolutionHistory read_history(const std::string& path) {
  const Hdf5File file = Hdf5File::open(path, solution_filetype);
  SolutionHistory history{.grid = read_grid(file), .start_frequencies = {}, .frequencies = {}, .steps = {}};
  const std::string at_start = std::string{start_group} + "/frequencies",
                    at_end = std::string{final_group} + "/frequencies";
  const std::int64_t n_q = history.grid.size(), n_modes = file.shape(at_end).back();
  for (const std::string& name : {at_start, at_end}) require_shape(file, name, {n_q, n_modes});
  history.start_frequencies = rows_of(file.read_matrix(at_start));
  history.frequencies = rows_of(file.read_matrix(at_end));
  history.steps = read_steps(file, n_q, n_modes);
  return history;
}

}  // namespace zeropoint::sscha
