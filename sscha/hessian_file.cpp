#include "sscha/hessian_file.hpp"

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "phonons/hdf5_matrices.hpp"

namespace zeropoint::sscha {
namespace {

constexpr const char* hessian_group = "hessian";
constexpr const char* auxiliary_group = "auxiliary";
constexpr const char* bubble_name = "third_order/dynamical_matrices";
constexpr const char* squares_name = "squares/hessian";
constexpr const char* error_name = "squares/hessian_error";
constexpr const char* third_name = "squares/third_order";
constexpr const char* auxiliary_name = "squares/auxiliary";
constexpr const char* irreducible_name = "irreducible/q";

/// [n_q, 3n] in cm^-2 of squares in eV/amu/angstrom^2.
Eigen::MatrixXd in_inverse_cm(const std::vector<std::vector<double>>& values, double unit) {
  Eigen::MatrixXd result(static_cast<Eigen::Index>(values.size()), static_cast<Eigen::Index>(values.at(0).size()));
  for (Eigen::Index iq = 0; iq < result.rows(); ++iq) {
    for (Eigen::Index mode = 0; mode < result.cols(); ++mode) result(iq, mode) = values[iq][mode] * unit * unit;
  }
  return result;
}

void write_reports(const std::vector<HessianReport>& reports, Hdf5File& file) {
  const auto n = static_cast<Eigen::Index>(reports.size());
  Eigen::VectorXd points(n), pairs(n), eigenvalues(n), residuals(n), iterations(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const HessianReport& report = reports[i];
    points[i] = report.iq;
    pairs[i] = static_cast<double>(report.n_pairs);
    eigenvalues[i] = report.smallest_eigenvalue;
    residuals[i] = report.residual;
    iterations[i] = report.iterations;
  }
  file.write(irreducible_name, points, "number in the grid", "q");
  file.write("irreducible/pairs", pairs, "", "q");
  file.write("irreducible/smallest_eigenvalue", eigenvalues, "", "q");
  file.write("irreducible/residual", residuals, "", "q");
  file.write("irreducible/iterations", iterations, "", "q");
}

}  // namespace

HessianSquares squares_of(const Hessian& hessian) {
  const double unit = hessian.density.units().inverse_cm(1);
  std::vector<std::vector<double>> squares;
  for (const phonons::Modes& modes : hessian.modes) {
    const Eigen::VectorXd of_q = modes.frequencies.cwiseProduct(modes.frequencies.cwiseAbs());
    squares.emplace_back(of_q.begin(), of_q.end());
  }
  return {.hessian = in_inverse_cm(squares, unit),
          .error = hessian.squared_errors.empty() ? Eigen::MatrixXd() : in_inverse_cm(hessian.squared_errors, unit),
          .third = in_inverse_cm(hessian.bubble_squares, unit),
          .auxiliary = in_inverse_cm(hessian.auxiliary_squares, unit)};
}

void write_hessian(const std::string& path, const Hessian& hessian, const std::string& configuration,
                   std::int64_t seed) {
  Hdf5File file = Hdf5File::create(path, {.filetype = hessian_filetype, .configuration = configuration, .seed = seed});
  phonons::write_matrices(hessian.matrices, file, hessian_group);
  phonons::write_matrices(hessian.density.matrices(), file, auxiliary_group);
  phonons::write_blocks(hessian.bubble, file, bubble_name);
  file.write_attribute(auxiliary_group, "temperature", hessian.density.temperature());
  const HessianSquares squares = squares_of(hessian);
  const auto write = [&](const char* name, const Eigen::MatrixXd& values) {
    file.write(name, values, "cm^-2", "q,mode of hessian");
  };
  write(squares_name, squares.hessian);
  if (squares.has_errors()) write(error_name, squares.error);
  write(third_name, squares.third);
  write(auxiliary_name, squares.auxiliary);
  write_reports(hessian.reports, file);
  file.close();
}

StoredHessian read_hessian(const std::string& path) {
  const Hdf5File file = Hdf5File::open(path, hessian_filetype);
  const std::optional<double> temperature = file.number_attribute(auxiliary_group, "temperature");
  if (!file.has(std::string{hessian_group} + "/cell") || !temperature) {
    throw InputError{
        "{} has no crystal or no temperature beside its matrices: it was made by an older version; repeat the run",
        path};
  }
  StoredHessian hessian{.matrices = phonons::read_matrices(file, hessian_group),
                        .temperature = *temperature,
                        .squares = {},
                        .irreducible = {}};
  const std::vector<std::int64_t> expected{hessian.matrices.grid.size(), hessian.matrices.n_modes()};
  const auto read = [&](const char* name) {
    if (const std::vector<std::int64_t> shape = file.shape(name); shape != expected) {
      throw InputError{"{}: '{}' is {}, {} expected: the file was damaged", path, name, fmt::join(shape, " x "),
                       fmt::join(expected, " x ")};
    }
    return file.read_matrix(name);
  };
  hessian.squares = {.hessian = read(squares_name),
                     .error = file.has(error_name) ? read(error_name) : Eigen::MatrixXd(),
                     .third = read(third_name),
                     .auxiliary = read(auxiliary_name)};
  for (const double iq : file.read_vector(irreducible_name)) {
    if (!(iq >= 0 && iq < hessian.matrices.grid.size()))
      throw InputError{"{}: '{}' names q point {}, the grid has {}: the file was damaged", path, irreducible_name, iq,
                       hessian.matrices.grid.size()};
    hessian.irreducible.push_back(static_cast<int>(iq));
  }
  return hessian;
}

}  // namespace zeropoint::sscha
