// Labels a population with a model, as a DFT program would: for the scripts that try the whole loop.
//   label_configurations POPULATION.h5 OUT.extxyz harmonic|snte-toy MODEL_DYN [FIRST LAST [shuffled]]
// FIRST and LAST count from 1; shuffled: atoms in another order, some of them in other periodic images.

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <random>
#include <string_view>

#include "core/hdf5_file.hpp"
#include "files/extxyz_frames.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "sscha/population_file.hpp"
#include "tests/support/anharmonic_model.hpp"
#include "tests/support/toy_tin_telluride.hpp"

namespace zeropoint {
namespace {

LabelledStructure structure_of(const Crystal& crystal, const Configurations& labels, std::int64_t c,
                               std::mt19937* shuffle) {
  const auto n = static_cast<std::size_t>(crystal.n_atoms());
  std::vector<int> order(n);
  std::iota(order.begin(), order.end(), 0);
  if (shuffle) std::shuffle(order.begin(), order.end(), *shuffle);
  LabelledStructure structure;
  structure.cell = crystal.cell;
  structure.positions.resize(crystal.n_atoms(), 3);
  structure.forces.resize(crystal.n_atoms(), 3);
  const auto u = labels.displacements.accessor<double, 3>(), f = labels.forces.accessor<double, 3>();
  for (std::size_t i = 0; i < n; ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    structure.species.push_back(crystal.species[order[i]]);
    for (int k = 0; k < 3; ++k) {
      structure.positions(row, k) = crystal.positions(order[i], k) + u[c][order[i]][k];
      structure.forces(row, k) = f[c][order[i]][k];
    }
    if (shuffle && i % 3 == 0)
      structure.positions.row(row) += crystal.cell.row(static_cast<Eigen::Index>(i % 2)) - crystal.cell.row(2);
  }
  structure.energy = labels.energies[c].item<double>();
  if (labels.stresses.defined()) {
    const auto s = labels.stresses.accessor<double, 3>();
    structure.stress = Eigen::Matrix3d::NullaryExpr([&](Eigen::Index i, Eigen::Index j) { return s[c][i][j]; });
  }
  return structure;
}

int label(int n_arguments, char** arguments) {
  const std::string population = arguments[1], out = arguments[2], model = arguments[3];
  const phonons::DynamicalMatrices of_model = phonons::read_qe_dyn(arguments[4]);
  const sscha::TrialDensity density = sscha::read_generating(population, units::codata2022);
  const Hdf5File file = Hdf5File::open(population);
  std::int64_t first = 0, last = file.shape("displacements").front();
  if (n_arguments > 6) {
    first = std::atoll(arguments[5]) - 1;
    last = std::atoll(arguments[6]);
  }
  const at::Tensor u = file.read("displacements", first, last);
  const Crystal& centroids = density.matrices().crystal;
  const Configurations labels = model == "harmonic" ? test::HarmonicModel(of_model)(centroids, u)
                                                    : test::ToyTinTelluride(of_model, units::codata2022)(centroids, u);
  std::mt19937 random(1);
  const bool shuffled = n_arguments > 7 && std::string_view{arguments[7]} == "shuffled";
  const Crystal crystal = density.matrices().supercell().crystal();
  std::vector<LabelledStructure> structures;
  for (std::int64_t c = 0; c < labels.size(); ++c)
    structures.push_back(structure_of(crystal, labels, c, shuffled ? &random : nullptr));
  write_labelled_structures(structures, out);
  return 0;
}

}  // namespace
}  // namespace zeropoint

int main(int n_arguments, char** arguments) {
  if (n_arguments < 5) {
    fmt::print(stderr,
               "label_configurations POPULATION.h5 OUT.extxyz harmonic|snte-toy MODEL_DYN [FIRST LAST [shuffled]]\n");
    return 2;
  }
  return zeropoint::label(n_arguments, arguments);
}
