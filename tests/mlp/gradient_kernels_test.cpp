#include "mlp/kernels/gradient_kernels.hpp"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/rand_like.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "mlp/prediction.hpp"
#include "tests/mlp/random_model.hpp"

namespace zeropoint::mlp {
namespace {

/// Some derivatives of a loss.
std::vector<HeadPrediction> random_derivatives(const std::vector<const Geometry*>& structures) {
  std::mt19937 generator{4};
  std::normal_distribution<double> normal;
  std::vector<HeadPrediction> by;
  for (const Geometry* structure : structures) {
    HeadPrediction& one = by.emplace_back();
    one.energy = normal(generator);
    one.forces = Vectors::NullaryExpr(structure->n_atoms(), 3, [&] { return normal(generator); });
    one.strain = 0.1 * Eigen::Matrix3d::NullaryExpr([&] { return normal(generator); });
  }
  return by;
}

/// What operations of tensors give.
std::vector<at::Tensor> by_tensors(const Model& model, const std::vector<const Geometry*>& structures,
                                   const std::vector<HeadPrediction>& by) {
  const auto batch = std::make_shared<const AtomBatch>(structures, model.n_species(), model.descriptor.angular_cutoff);
  const auto map = std::make_shared<const MomentMap>(batch, model.descriptor, model.scaling, at::kDouble);
  const NodeNetwork nodes = model.node_network();
  const ActiveNetwork network = active_network(nodes, model.members[0], model.energy_scale, at::kDouble);
  const std::int64_t n = batch->n_structures();
  at::Tensor energies = at::empty({n}, at::kDouble), strains = at::empty({n, 3, 3}, at::kDouble),
             forces = at::empty({batch->n_atoms(), 3}, at::kDouble);
  std::size_t next = 0;
  for (std::int64_t s = 0; s < n; ++s) {
    energies[s] = by[s].energy;
    for (int a = 0; a < 3; ++a) {
      for (int b = 0; b < 3; ++b) strains[s][a][b] = by[s].strain(a, b);
    }
    for (Eigen::Index i = 0; i < by[s].forces.rows(); ++i, ++next) {
      for (int a = 0; a < 3; ++a) forces[batch->place[next]][a] = by[s].forces(i, a);
    }
  }
  return BatchPass(network, map, map->moments()).parameter_gradients(energies, {forces, strains});
}

TEST(GradientKernels, OfEveryNetworkAreThoseOfTheTensors) {
  std::vector<Geometry> geometries;
  for (const int n : {5, 2, 21})
    geometries.push_back(test::random_structure(static_cast<unsigned>(n), n, 3).geometry(5));
  std::vector<const Geometry*> structures;
  for (const Geometry& geometry : geometries) structures.push_back(&geometry);
  const std::vector<HeadPrediction> by = random_derivatives(structures);
  for (const NetworkOptions& network : test::networks()) {
    for (const CutoffFunction kind : {CutoffFunction::quintic, CutoffFunction::cosine}) {
      Model model = test::random_model(network, kind);
      // Scalings of their own for all moments.
      at::manual_seed(2);
      model.scaling.radial_scale = 0.5 + at::rand_like(model.scaling.radial_scale);
      model.scaling.radial_shift = at::rand_like(model.scaling.radial_shift);
      model.scaling.radial_shift.slice(-1, model.descriptor.n_functions()).zero_();  // places of no function
      for (int l = 0; l <= model.descriptor.angular_order; ++l) {
        at::Tensor of_degree = model.scaling.angular_scale.narrow(1, l * l, 2 * l + 1);
        of_degree.copy_((0.5 + at::rand_like(of_degree.narrow(1, 0, 1))).expand_as(of_degree));
      }
      const std::vector<at::Tensor> exact = by_tensors(model, structures, by);
      for (const std::string& name : kernel_names()) {
        StructureBatch<double> batch(structures, 3, model.descriptor.radial_cutoff, block_kernels<double>(name));
        const std::vector<at::Tensor> found =
            model.node_network().shaped(batch.parameter_gradients(model, fold<double>(model), by));
        ASSERT_EQ(found.size(), exact.size());
        for (std::size_t k = 0; k < exact.size(); ++k) {
          SCOPED_TRACE(model.node_network().parameters()[k].name);
          const double scale = exact[k].abs().max().item<double>();
          EXPECT_LT((found[k] - exact[k]).abs().max().item<double>(), 1e-10 * (1 + scale)) << name << ", " << scale;
        }
      }
    }
  }
}

}  // namespace
}  // namespace zeropoint::mlp
