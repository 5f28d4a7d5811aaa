#include "mlp/kernels/block_kernels.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/randperm.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>

#include "mlp/kernels/aligned.hpp"
#include "mlp/kernels/kernel_pairs.hpp"
#include "mlp/kernels/structure_kernels.hpp"
#include "mlp/prediction.hpp"
#include "tests/mlp/random_model.hpp"

namespace zeropoint::mlp {
namespace {

using test::RandomStructure;

struct Results {
  at::Tensor energies, forces, virials, deviations;
};

template <class Real>
Results run(const std::string& name, const Model& model, const RandomStructure& structure, const at::Tensor& u,
            double slack = 0) {
  const KernelModel<Real> folded = fold<Real>(model);
  const BlockKernels<Real>& kernels = block_kernels<Real>(name);
  std::vector<double> reach = longest_displacements(u);
  for (double& value : reach) value += slack;
  const KernelPairs pairs = kernel_pairs(structure.cell, structure.positions, structure.species, model.n_species(),
                                         model.descriptor.radial_cutoff, reach);
  const std::int64_t n = u.size(0), n_atoms = u.size(1);
  Results results{at::zeros({n}, at::kDouble), at::zeros({n, n_atoms, 3}, at::kDouble),
                  at::zeros({n, 3, 3}, at::kDouble), at::zeros({n, n_atoms}, at::kDouble)};
  AlignedNumbers<Real> workspace;
  for (std::int64_t begin = 0; begin < n; begin += kernels.lanes) {
    const BlockTask<Real> task{.model = folded,
                               .pairs = pairs,
                               .n_config = static_cast<int>(std::min<std::int64_t>(kernels.lanes, n - begin)),
                               .displacements = u.const_data_ptr<double>() + begin * n_atoms * 3,
                               .workspace = workspace.reserve(kernels.block_workspace(folded, pairs)),
                               .energies = results.energies.mutable_data_ptr<double>() + begin,
                               .forces = results.forces.mutable_data_ptr<double>() + begin * n_atoms * 3,
                               .virials = results.virials.mutable_data_ptr<double>() + begin * 9,
                               .deviations = results.deviations.mutable_data_ptr<double>() + begin * n_atoms};
    EXPECT_EQ(kernels.evaluate_block(task).kind, BlockProblem::Kind::none);
  }
  return results;
}

Results reference(const Model& model, const RandomStructure& structure, const at::Tensor& u) {
  const Predictor predict(model, at::kDouble, Predictor::Path::tensors);
  const std::int64_t n = u.size(0), n_atoms = u.size(1);
  Results results{at::zeros({n}, at::kDouble), at::zeros({n, n_atoms, 3}, at::kDouble),
                  at::zeros({n, 3, 3}, at::kDouble), at::zeros({n, n_atoms}, at::kDouble)};
  for (std::int64_t c = 0; c < n; ++c) {
    const Vectors moved = structure.positions + Eigen::Map<const Vectors>(u[c].const_data_ptr<double>(), n_atoms, 3);
    const Geometry geometry = predict.geometry(structure.cell, moved, test::labels(structure));
    const Prediction one = predict({&geometry})[0];
    results.energies[c] = one.energy;
    for (std::int64_t i = 0; i < n_atoms; ++i) {
      for (int a = 0; a < 3; ++a) results.forces[c][i][a] = one.forces(i, a);
      results.deviations[c][i] = one.force_deviations[i];
    }
    for (int a = 0; a < 3; ++a) {
      for (int b = 0; b < 3; ++b) results.virials[c][a][b] = one.stress(a, b) * geometry.volume;
    }
  }
  return results;
}

at::Tensor random_displacements(std::int64_t n_config, const RandomStructure& structure, double size = 0.08) {
  at::manual_seed(11);
  return size * at::randn({n_config, structure.positions.rows(), 3}, at::kDouble);
}

/// Largest difference, in units of the root mean square of what it should be.
double difference(const at::Tensor& a, const at::Tensor& b) {
  const double scale = std::sqrt(b.square().mean().item<double>());
  return (a - b).abs().max().item<double>() / std::max(scale, 1e-12);
}

template <class Real>
void expect_equal(const Results& found, const Results& exact, double tolerance) {
  EXPECT_LT((found.energies - exact.energies).abs().max().item<double>(), tolerance * 10);
  EXPECT_LT(difference(found.forces, exact.forces), tolerance);
  EXPECT_LT(difference(found.virials, exact.virials), tolerance);
  EXPECT_LT((found.deviations - exact.deviations).abs().max().item<double>(), tolerance);
}

TEST(BlockKernels, EveryNetworkOnEveryInstructionSetIsThatOfTheTensors) {
  const RandomStructure structure = test::random_structure(3, 9, 3);
  const at::Tensor u = random_displacements(19, structure);
  for (const NetworkOptions& network : test::networks()) {
    for (const CutoffFunction kind : {CutoffFunction::cubic, CutoffFunction::cosine, CutoffFunction::quintic}) {
      const Model model = test::random_model(network, kind, 2);
      const Results exact = reference(model, structure, u);
      for (const std::string& name : kernel_names()) {
        SCOPED_TRACE(name);
        expect_equal<double>(run<double>(name, model, structure, u), exact, 1e-11);
        expect_equal<float>(run<float>(name, model, structure, u), exact, 1e-4);
      }
    }
  }
}

TEST(BlockKernels, EveryAngularOrderIsThatOfTheTensors) {
  const RandomStructure structure = test::random_structure(5, 7, 3);
  const at::Tensor u = random_displacements(3, structure);
  for (int order = 1; order <= highest_angular_order; ++order) {
    Model model = test::random_model({.radial_channels = 3, .channels = 6, .four_body = 3, .hidden = 11});
    model.descriptor.angular_order = order;
    model.descriptor.radial_order = 4 + 2 * order;
    model.scaling = unit_scaling(model.descriptor, 3, at::kDouble);
    const NodeNetwork nodes = model.node_network();
    model.members[0].parameters = nodes.random_parameters(1);
    for (int z = 0; z < 3; ++z) {
      model.members[0].shift[z] = at::zeros({nodes.n_invariants()}, at::kDouble);
      model.members[0].scale[z] = 0.05 + at::zeros({nodes.n_invariants()}, at::kDouble);
    }
    SCOPED_TRACE(order);
    expect_equal<double>(run<double>(kernel_names()[0], model, structure, u), reference(model, structure, u), 1e-11);
  }
}

TEST(BlockKernels, CompanionsAndTheListOfPairsChangeNoBit) {
  const RandomStructure structure = test::random_structure(7, 11, 3);
  const Model model = test::random_model(test::networks()[2], CutoffFunction::quintic, 2);
  const std::string& name = kernel_names()[0];
  const std::int64_t n = 2 * block_kernels<float>(name).lanes + 3;
  at::Tensor u = random_displacements(n, structure);
  const Results all = run<float>(name, model, structure, u);
  const auto expect_bits = [](const Results& found, const Results& exact) {
    EXPECT_TRUE(found.energies.equal(exact.energies));
    EXPECT_TRUE(found.forces.equal(exact.forces));
    EXPECT_TRUE(found.virials.equal(exact.virials));
    EXPECT_TRUE(found.deviations.equal(exact.deviations));
  };
  expect_bits(run<float>(name, model, structure, u, 0.8), all);
  const at::Tensor order = at::randperm(n), twice = 2 * u;
  const at::Tensor shuffled = at::cat({u.index_select(0, order), twice});
  const Results mixed = run<float>(name, model, structure, shuffled);
  expect_bits({mixed.energies.narrow(0, 0, n), mixed.forces.narrow(0, 0, n), mixed.virials.narrow(0, 0, n),
               mixed.deviations.narrow(0, 0, n)},
              {all.energies.index_select(0, order), all.forces.index_select(0, order),
               all.virials.index_select(0, order), all.deviations.index_select(0, order)});
  const Results one = run<float>(name, model, structure, u.narrow(0, 4, 1).contiguous());
  EXPECT_TRUE(one.forces[0].equal(all.forces[4]));
}

TEST(BlockKernels, AtomsThatTouchAreNamed) {
  const RandomStructure structure = test::random_structure(7, 6, 3);
  const Model model = test::random_model(test::networks()[0]);
  const KernelModel<float> folded = fold<float>(model);
  const BlockKernels<float>& kernels = block_kernels<float>(kernel_names()[0]);
  at::Tensor u = at::zeros({3, 6, 3}, at::kDouble);
  for (int a = 0; a < 3; ++a) u[1][4][a] = structure.positions(2, a) - structure.positions(4, a) + 0.01;
  const KernelPairs pairs =
      kernel_pairs(structure.cell, structure.positions, structure.species, 3, 5, longest_displacements(u));
  AlignedNumbers<float> workspace;
  std::vector<double> energies(3), forces(3 * 18), virials(27);
  const BlockProblem problem =
      kernels.evaluate_block({.model = folded,
                              .pairs = pairs,
                              .n_config = 3,
                              .displacements = u.const_data_ptr<double>(),
                              .workspace = workspace.reserve(kernels.block_workspace(folded, pairs)),
                              .energies = energies.data(),
                              .forces = forces.data(),
                              .virials = virials.data()});
  EXPECT_EQ(problem.kind, BlockProblem::Kind::touching);
  EXPECT_EQ(problem.configuration, 1);
  EXPECT_EQ(problem.atom, 2);
}

TEST(StructureKernels, StructuresOfAnyKindSideBySideAreThoseOfTheTensors) {
  std::vector<RandomStructure> structures;
  for (const int n : {1, 2, 5, 23, 40}) structures.push_back(test::random_structure(static_cast<unsigned>(n), n, 3));
  for (const NetworkOptions& network : test::networks()) {
    const Model model = test::random_model(network, CutoffFunction::quintic, 2);
    std::vector<Geometry> geometries;
    std::vector<const Geometry*> pointers;
    for (const RandomStructure& structure : structures) {
      geometries.push_back(structure.geometry(model.descriptor.radial_cutoff));
    }
    for (const Geometry& geometry : geometries) pointers.push_back(&geometry);
    const std::vector<Prediction> exact = Predictor(model, at::kDouble, Predictor::Path::tensors)(pointers);
    for (const std::string& name : kernel_names()) {
      const auto found = evaluate_structures(fold<double>(model), block_kernels<double>(name), pointers);
      for (std::size_t s = 0; s < structures.size(); ++s) {
        const Vectors mean = (found[s][0].forces + found[s][1].forces) / 2;
        EXPECT_LT((mean - exact[s].forces).cwiseAbs().maxCoeff(), 1e-11 * (1 + exact[s].forces.cwiseAbs().maxCoeff()));
        const Eigen::Matrix3d strain = (found[s][0].strain + found[s][1].strain) / 2;
        const Eigen::Matrix3d stress = (strain + strain.transpose()) / (2 * geometries[s].volume);
        EXPECT_LT((stress - exact[s].stress).cwiseAbs().maxCoeff(), 1e-11);
        double energy = (found[s][0].energy + found[s][1].energy) / 2;
        for (const int z : structures[s].species) energy += model.reference_energies[z];
        EXPECT_NEAR(energy, exact[s].energy, 1e-10);
      }
    }
  }
}

TEST(StructureKernels, AStructureHasTheSameBitsInAnyCompany) {
  const Model model = test::random_model(test::networks()[3]);
  const Geometry one = test::random_structure(1, 21, 3).geometry(5),
                 other = test::random_structure(2, 30, 3).geometry(5);
  const KernelModel<float> folded = fold<float>(model);
  const BlockKernels<float>& kernels = block_kernels<float>(kernel_names()[0]);
  const auto alone = evaluate_structures(folded, kernels, {&one}),
             together = evaluate_structures(folded, kernels, {&other, &one, &other});
  EXPECT_EQ(alone[0][0].forces, together[1][0].forces);
  EXPECT_EQ(alone[0][0].strain, together[1][0].strain);
  EXPECT_EQ(alone[0][0].energy, together[1][0].energy);
}

}  // namespace
}  // namespace zeropoint::mlp
