// Makes examples/model: a crystal of anharmonic bonds, its harmonic matrices, and a labelled ensemble drawn from them.
// make_example FOLDER

#include <fmt/format.h>

#include "core/ensemble_write.hpp"
#include "phonons/qe_dyn.hpp"
#include "tests/support/anharmonic_model.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/sampled_ensemble.hpp"

int main(int n_arguments, char** arguments) {
  using namespace zeropoint;
  if (n_arguments != 2) {
    fmt::print(stderr, "make_example FOLDER\n");
    return 2;
  }
  const std::string folder = arguments[1];
  const double temperature = 300;
  const Crystal crystal = test::wurtzite_crystal();
  const test::BondModel model = test::BondModel::of_neighbours(crystal, {2, 2, 2}, 3.5, /*spring=*/2, /*strain=*/0.002);
  const sscha::TrialDensity density(model.harmonic(crystal), temperature, units::codata2022);
  const Eigen::MatrixXd amplitudes = test::amplitudes(density);
  const at::Tensor displacements =
      test::displacements(amplitudes, test::normal_coordinates(amplitudes.cols(), 256, 1, /*antithetic=*/true));
  const auto ensemble = ensemble_in_memory(model(crystal, displacements), "anharmonic bonds");
  phonons::write_qe_dyn(density.matrices(), folder + "/harmonic");
  write_ensemble(*ensemble, density.matrices().supercell(), EnsembleFormat::h5, folder + "/ensemble.h5",
                 {.temperature = temperature, .seed = 1});
}
