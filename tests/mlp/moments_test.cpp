#include "mlp/moments.hpp"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/randn_like.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "mlp/force_map.hpp"
#include "mlp/radial_functions.hpp"
#include "mlp/spherical_harmonics.hpp"
#include "tests/mlp/random_structure.hpp"

namespace zeropoint::mlp {
namespace {

DescriptorOptions some_options(CutoffFunction kind = CutoffFunction::cubic) {
  return {.radial_cutoff = 5.2, .angular_cutoff = 4.4, .radial_order = 9, .angular_order = 5, .cutoff_function = kind};
}

std::shared_ptr<const MomentMap> map_of(const std::vector<test::RandomStructure>& structures,
                                        const DescriptorOptions& options, int n_species,
                                        at::ScalarType type = at::kDouble) {
  std::vector<Geometry> geometries;
  for (const auto& structure : structures) geometries.push_back(structure.geometry(options.radial_cutoff));
  std::vector<const Geometry*> pointers;
  for (const auto& geometry : geometries) pointers.push_back(&geometry);
  const auto batch = std::make_shared<const AtomBatch>(pointers, n_species, options.angular_cutoff);
  return std::make_shared<const MomentMap>(batch, options, unit_scaling(options, n_species, type), type);
}

/// P_l(x) by its recursion.
double legendre(int l, double x) {
  double before = 1, here = x;
  if (l == 0) return 1;
  for (int k = 1; k < l; ++k) {
    const double next = ((2 * k + 1) * x * here - k * before) / (k + 1);
    before = here;
    here = next;
  }
  return here;
}

TEST(SphericalHarmonics, ObeyTheAdditionTheorem) {
  const SphericalHarmonics<double> harmonics(highest_angular_order);
  const Eigen::Vector3d a = Eigen::Vector3d(0.3, -0.5, 0.9).normalized(),
                        b = Eigen::Vector3d(-0.7, 0.2, 0.4).normalized();
  std::array<double, 49> ya, yb;
  std::array<double, 147> gradients;
  harmonics(a[0], a[1], a[2], ya.data(), gradients.data());
  harmonics(b[0], b[1], b[2], yb.data(), gradients.data());
  for (int l = 0; l <= highest_angular_order; ++l) {
    double sum = 0;
    for (int lm = l * l; lm < (l + 1) * (l + 1); ++lm) sum += ya[lm] * yb[lm];
    EXPECT_NEAR(sum, (2 * l + 1) * legendre(l, a.dot(b)), 1e-13 * (2 * l + 1));
  }
}

TEST(RadialFunctions, HaveTheirOwnDerivatives) {
  for (const auto kind : {CutoffFunction::cosine, CutoffFunction::cubic, CutoffFunction::quintic}) {
    std::array<double, 20> value, slope, plus, minus, other;
    const double h = 1e-5;
    for (const double r : {0.4, 2.3, 3.1, 4.9}) {
      radial_functions(kind, r, 5.0, 20, value.data(), slope.data());
      radial_functions(kind, r + h, 5.0, 20, plus.data(), other.data());
      radial_functions(kind, r - h, 5.0, 20, minus.data(), other.data());
      // Error of the difference: h^2/6 times a third derivative of up to (n^2)^3.
      for (std::size_t k = 0; k < 20; ++k) EXPECT_NEAR((plus[k] - minus[k]) / (2 * h), slope[k], 2e-5);
    }
  }
}

/// As the reference promises: how fast functions vanish at the cutoff decides which derivatives are continuous there.
TEST(RadialFunctions, VanishAtTheCutoffAsTheirKindPromises) {
  const auto size_at = [](CutoffFunction kind, double distance_to_cutoff) {
    std::array<double, 9> value, slope;
    radial_functions(kind, 5.0 * (1 - distance_to_cutoff), 5.0, 9, value.data(), slope.data());
    double most = 0;
    for (const double v : value) most = std::max(most, std::abs(v));
    return most;
  };
  const auto power = [&](CutoffFunction kind) { return std::log10(size_at(kind, 1e-3) / size_at(kind, 1e-4)); };
  EXPECT_NEAR(power(CutoffFunction::cosine), 2, 0.02);
  EXPECT_NEAR(power(CutoffFunction::cubic), 3, 0.02);
  EXPECT_NEAR(power(CutoffFunction::quintic), 3, 0.02);
}

TEST(Moments, GiveTheAngularPairSumInTimeOfOrderN) {
  const DescriptorOptions options = some_options();
  const test::RandomStructure structure = test::random_structure(5, 7, 1);
  const auto map = map_of({structure}, options, 1);
  const at::Tensor angular = map->moments().angular;
  const Neighbours neighbours = find_neighbours(structure.cell, structure.positions, options.angular_cutoff);
  for (std::int64_t i = 0; i < 7; ++i) {
    for (int l = 0; l <= options.angular_order; ++l) {
      for (const int k : {0, 4, 9}) {
        double pair_sum = 0, scale = 0;
        std::array<double, 10> f, g, slopes;
        for (std::int64_t e = neighbours.first[i]; e < neighbours.first[static_cast<std::size_t>(i) + 1]; ++e) {
          radial_functions(options.cutoff_function, neighbours.vectors.row(e).norm(), options.angular_cutoff, 10,
                           f.data(), slopes.data());
          for (std::int64_t d = neighbours.first[i]; d < neighbours.first[static_cast<std::size_t>(i) + 1]; ++d) {
            radial_functions(options.cutoff_function, neighbours.vectors.row(d).norm(), options.angular_cutoff, 10,
                             g.data(), slopes.data());
            const double cosine = neighbours.vectors.row(e).normalized().dot(neighbours.vectors.row(d).normalized());
            const double weight = f[k] * g[k];
            pair_sum += weight * legendre(l, cosine);
            scale += std::abs(weight);
          }
        }
        const at::Tensor of_l = angular[i].slice(0, l * l, (l + 1) * (l + 1)).select(1, 0).select(1, k);
        EXPECT_NEAR(of_l.square().sum().item<double>() / (2 * l + 1), pair_sum, 1e-12 * scale)
            << "l " << l << " k " << k;
      }
    }
  }
}

TEST(Moments, HoldZerosBeyondTheFunctions) {
  const auto map = map_of({test::random_structure(6, 6, 2)}, some_options(), 2);
  const Moments moments = map->moments();
  EXPECT_EQ(moments.radial.slice(2, 10).abs().max().item<double>(), 0);
  EXPECT_EQ(moments.angular.slice(3, 10).abs().max().item<double>(), 0);
}

/// sum of random numbers times moments: an energy that is linear in them.
class LinearEnergy {
 public:
  explicit LinearEnergy(const MomentMap& map) {
    at::manual_seed(7);
    const Moments moments = map.moments();
    gradients = {at::randn_like(moments.radial), at::randn_like(moments.angular)};
  }
  double operator()(const MomentMap& map) const {
    const Moments moments = map.moments();
    return ((gradients.radial * moments.radial).sum() + (gradients.angular * moments.angular).sum()).item<double>();
  }
  Moments gradients;
};

/// Fourth-order central difference.
template <class Function>
double derivative(const Function& f, double h) {
  return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h);
}

TEST(ForceMap, IsTheDerivativeOfTheMoments) {
  for (const auto kind : {CutoffFunction::cosine, CutoffFunction::cubic, CutoffFunction::quintic}) {
    const DescriptorOptions options = some_options(kind);
    const test::RandomStructure structure = test::random_structure(8, 5, 3);
    const auto map = map_of({structure}, options, 3);
    const LinearEnergy energy(*map);
    const Forces forces = force_map(map, energy.gradients);
    const double scale = forces.forces.abs().max().item<double>();
    for (Eigen::Index i = 0; i < 5; ++i) {
      for (int k = 0; k < 3; ++k) {
        const double difference = derivative(
            [&](double h) {
              test::RandomStructure moved = structure;
              moved.positions(i, k) += h;
              return energy(*map_of({moved}, options, 3));
            },
            1e-3);
        const double force = forces.forces[map->batch().place[i]][k].item<double>();
        EXPECT_NEAR(force, -difference, 2e-8 * scale);  // the functions of high order have large fifth derivatives
      }
    }
    for (int a = 0; a < 3; ++a) {
      for (int b = 0; b < 3; ++b) {
        const double difference = derivative(
            [&](double h) {
              test::RandomStructure strained = structure;
              Eigen::Matrix3d strain = Eigen::Matrix3d::Identity();
              strain(a, b) += h;  // r'_a = r_a + h r_b
              strained.cell = structure.cell * strain.transpose();
              strained.positions = structure.positions * strain.transpose();
              return energy(*map_of({strained}, options, 3));
            },
            2e-4);
        EXPECT_NEAR(forces.strains[0][a][b].item<double>(), difference,
                    2e-8 * forces.strains.abs().max().item<double>());
      }
    }
  }
}

TEST(ForceMap, HasTheTangentAsItsTranspose) {
  const auto map = map_of({test::random_structure(9, 6, 3), test::random_structure(10, 9, 3)}, some_options(), 3);
  const LinearEnergy energy(*map);
  const Forces forces = force_map(map, energy.gradients);
  const Forces directions{at::randn_like(forces.forces), at::randn_like(forces.strains)};
  const Moments tangent = moments_tangent(*map, directions);
  const double one =
      ((forces.forces * directions.forces).sum() + (forces.strains * directions.strains).sum()).item<double>();
  const double other =
      ((energy.gradients.radial * tangent.radial).sum() + (energy.gradients.angular * tangent.angular).sum())
          .item<double>();
  EXPECT_NEAR(one, other, 1e-11 * std::abs(one));  // sums of thousands of terms
}

TEST(ForceMap, SendsItsGradientThroughTheTranspose) {
  const auto map = map_of({test::random_structure(11, 6, 2)}, some_options(), 2);
  LinearEnergy energy(*map);
  Moments gradients{energy.gradients.radial.clone().requires_grad_(),
                    energy.gradients.angular.clone().requires_grad_()};
  const Forces forces = force_map(map, gradients);
  const at::Tensor weights = at::randn_like(forces.forces);
  (forces.forces * weights).sum().backward();
  const Moments tangent = moments_tangent(*map, {weights, at::zeros({1, 3, 3}, at::kDouble)});
  EXPECT_TRUE(at::allclose(gradients.radial.grad(), tangent.radial, 1e-12, 1e-12));
  EXPECT_TRUE(at::allclose(gradients.angular.grad(), tangent.angular, 1e-12, 1e-12));
}

TEST(Moments, AreTheSameInSinglePrecisionToItsDigits) {
  const std::vector structures{test::random_structure(12, 8, 2)};
  const auto full = map_of(structures, some_options(), 2), single = map_of(structures, some_options(), 2, at::kFloat);
  const Moments a = full->moments(), b = single->moments();
  const double scale = a.angular.abs().max().item<double>();
  EXPECT_LT((a.angular - b.angular.to(at::kDouble)).abs().max().item<double>(), 3e-6 * scale);
  const LinearEnergy energy(*full);
  const at::Tensor exact = force_map(full, energy.gradients).forces;
  const at::Tensor rounded =
      force_map(single, {energy.gradients.radial.to(at::kFloat), energy.gradients.angular.to(at::kFloat)}).forces;
  EXPECT_LT((exact - rounded).abs().max().item<double>(), 1e-5 * exact.abs().max().item<double>());
}

}  // namespace
}  // namespace zeropoint::mlp
