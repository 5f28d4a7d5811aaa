// What interpolated matrices tell, and its file: what is written is read.
#include "phonons/dispersion_file.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "phonons/symmetrizer.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::phonons {
namespace {

class DispersionFile : public ::testing::Test {
 protected:
  DispersionFile() {
    Symmetrizer(keeping_grid(group_, matrices_.grid), matrices_.crystal, matrices_.grid).matrices(matrices_.blocks);
  }

  Dispersion computed(const DispersionOptions& options, const std::vector<std::vector<double>>& errors = {}) const {
    const BandPath path = standard_path(matrices_.crystal, 1e-5);
    const SampledPath sampled = sample(path, matrices_.crystal, {.spacing = 0.2, .at_least = 3});
    return dispersion(Interpolation(matrices_), matrices_, group_, path, sampled, errors, options);
  }
  static DispersionOptions options() {
    return {.grid = {2, 2, 2},
            .mesh = {.divisions = {4, 4, 2}, .step = 1e-3, .temperatures = {0, 100, 300}},
            .structure_temperature = 200};
  }

  DynamicalMatrices matrices_ = test::model_matrices(test::hexagonal_crystal(), {2, 2, 1}, 3);
  SpaceGroup group_ = find_space_group(matrices_.crystal);
  test::TemporaryFolder folder_;
  const std::string file_ = folder_ / "result.h5";
};

TEST_F(DispersionFile, TemperaturesOfTheStructureAndOfAFreeEnergyAreNotInTheTable) {
  DispersionOptions asked = options();
  const Dispersion without = computed(asked);
  EXPECT_FALSE(without.free_energy);
  ASSERT_EQ(without.on_mesh.thermodynamics.size(), 3U);
  EXPECT_EQ(without.on_mesh.thermodynamics.back().temperature, 300);
  ASSERT_EQ(without.structure_displacements.size(), 2U);
  EXPECT_GT(without.structure_displacements[0].trace(), without.on_mesh.displacements[1][0].trace());
  EXPECT_LT(without.structure_displacements[0].trace(), without.on_mesh.displacements[2][0].trace());

  asked.free_energy = {300, {-1, 0.01}, {0.5, 0.01}, 0};
  const Dispersion with = computed(asked);
  ASSERT_EQ(with.on_mesh.thermodynamics.size(), 3U);
  ASSERT_TRUE(with.free_energy);
  EXPECT_EQ(with.free_energy->harmonic_fine, with.on_mesh.thermodynamics.back().free_energy);
  EXPECT_EQ(with.free_energy->fine().value, with.on_mesh.thermodynamics.back().free_energy + 0.5);
  EXPECT_EQ(with.free_energy->fine().standard_error, 0.01);
}

TEST_F(DispersionFile, IsReadAsItWasWritten) {
  Dispersion written = computed(options(), std::vector<std::vector<double>>(4, std::vector<double>(6, 1e-4)));
  written.bands.name = "this one";
  written.others = {{{2 * written.bands.frequencies, {}}, "harmonic", true},
                    {{3 * written.bands.frequencies, written.bands.errors}, "warmer", false}};
  write_dispersion(file_, written, "THz", "a = 1\n", 7);
  const StoredDispersion read = read_dispersion(file_);
  EXPECT_EQ(read.figure_unit, "THz");
  EXPECT_EQ(read.distances, written.path.distances);
  EXPECT_EQ(read.pieces, written.path.piece);
  ASSERT_EQ(read.ticks.size(), written.path.ticks.size());
  EXPECT_EQ(read.ticks[1].label, written.path.ticks[1].label);
  EXPECT_EQ(read.ticks[1].distance, written.path.ticks[1].distance);
  const double scale = units::codata2022.inverse_cm(1);
  EXPECT_EQ(read.bands.name, "this one");
  EXPECT_EQ(read.bands.frequencies, Eigen::MatrixXd(written.bands.frequencies.unaryExpr(&shown_inverse_cm)));
  EXPECT_EQ(read.bands.errors, scale * written.bands.errors);
  ASSERT_EQ(read.others.size(), 2U);
  EXPECT_TRUE(read.others[0].dashed);
  EXPECT_EQ(read.others[0].name, "harmonic");
  EXPECT_EQ(read.others[0].errors.size(), 0);
  EXPECT_FALSE(read.others[1].dashed);
  EXPECT_EQ(read.others[1].errors, read.bands.errors);
  EXPECT_EQ(read.species, matrices_.crystal.species);
  EXPECT_EQ(read.dos_frequencies, scale * written.on_mesh.dos.frequencies);
  EXPECT_EQ(read.total, written.on_mesh.dos.total / scale);
  EXPECT_EQ(read.projected, written.on_mesh.dos.projected / scale);
  EXPECT_EQ(read.column("temperature"), (std::vector<double>{0, 100, 300}));
  EXPECT_EQ(read.column("free_energy")[2], written.on_mesh.thermodynamics[2].free_energy);
  EXPECT_THROW(read.column("enthalpy"), InternalError);
  ASSERT_EQ(read.displacements.size(), 3U);
  EXPECT_EQ(read.displacements[1][1], written.on_mesh.displacements[1][1]);
}

TEST_F(DispersionFile, WithoutThermodynamicsHasNone) {
  DynamicalMatrices unstable = matrices_;
  for (Eigen::MatrixXcd& block : unstable.blocks) block *= -1;
  std::swap(matrices_, unstable);
  const Dispersion found = computed(options());
  EXPECT_GT(found.on_mesh.imaginary.n_modes, 0);
  EXPECT_TRUE(found.structure_displacements.empty());
  write_dispersion(file_, found, "cm-1", "", 1);
  EXPECT_FALSE(read_dispersion(file_).has_thermodynamics());
}

TEST_F(DispersionFile, ThatIsDamagedIsRefused) {
  write_dispersion(file_, computed(options()), "cm-1", "", 1);
  const auto refused_without_first_row = [&](const char* name) {
    Hdf5File file = Hdf5File::modify(file_);
    const at::Tensor values = file.read(name);
    file.remove(name);
    file.write(name, values.slice(0, 1).contiguous(), "", "row");
    file.close();
    EXPECT_THROW(read_dispersion(file_), InputError) << name;
  };
  refused_without_first_row("thermodynamics/displacements");
  refused_without_first_row("bands/tick");
}

}  // namespace
}  // namespace zeropoint::phonons
