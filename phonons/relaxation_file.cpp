#include "phonons/relaxation_file.hpp"

#include "core/error.hpp"
#include "core/hdf5_file.hpp"

namespace zeropoint::phonons {

void write_relaxation(const std::string& path, const Crystal& start, const Crystal& end,
                      const std::vector<RelaxationStep>& steps, const std::string& configuration) {
  Hdf5File file = Hdf5File::create(path, {.filetype = relaxation_filetype, .configuration = configuration});
  for (const auto& [where, crystal] :
       {std::pair{std::string{"start"}, &start}, std::pair{std::string{"final"}, &end}}) {
    file.write(where + "/cell", crystal->cell, "angstrom", "vector,xyz");
    file.write(where + "/positions", crystal->positions, "angstrom", "atom,xyz");
    file.write(where + "/species", crystal->species, "atom");
    file.write(where + "/masses", crystal->masses, "amu", "atom");
  }
  Eigen::MatrixXd table(static_cast<Eigen::Index>(steps.size()), 5);
  for (Eigen::Index i = 0; i < table.rows(); ++i) {
    const RelaxationStep& step = steps[static_cast<std::size_t>(i)];
    table.row(i) << step.step, step.enthalpy, step.force, step.stress, step.volume;
  }
  file.write("steps", table, "1, eV, eV/angstrom, eV/angstrom^3, angstrom^3", "step,quantity");
  file.close();
}

std::vector<RelaxationStep> read_relaxation(const std::string& path) {
  const Eigen::MatrixXd table = Hdf5File::open(path, relaxation_filetype).read_matrix("steps");
  if (table.rows() < 1 || table.cols() != 5) {
    throw InputError{"{}: steps is {} x {}, five numbers of each step are expected", path, table.rows(), table.cols()};
  }
  std::vector<RelaxationStep> steps;
  for (Eigen::Index i = 0; i < table.rows(); ++i) {
    steps.push_back({.step = static_cast<int>(table(i, 0)),
                     .enthalpy = table(i, 1),
                     .force = table(i, 2),
                     .stress = table(i, 3),
                     .volume = table(i, 4)});
  }
  return steps;
}

}  // namespace zeropoint::phonons
