#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/randn_like.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "mlp/four_body.hpp"
#include "mlp/power_spectrum.hpp"
#include "mlp/prediction.hpp"
#include "tests/mlp/random_model.hpp"

namespace zeropoint::mlp {
namespace {

using test::RandomStructure;

Prediction predict_one(const Predictor& predict, const RandomStructure& structure) {
  const Geometry geometry = predict.geometry(structure.cell, structure.positions, test::labels(structure));
  return predict({&geometry})[0];
}

double difference(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) { return (a - b).cwiseAbs().maxCoeff(); }

template <class Function>
double derivative(const Function& f, double h) {
  return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h);
}

/// A cell so small that atoms see their own images.
const RandomStructure& small_cell() {
  static const RandomStructure structure = test::random_structure(21, 4, 3, 13);
  return structure;
}

TEST(Forces, AreTheDerivativeOfTheEnergyWithAllOptions) {
  for (const NetworkOptions& options : test::networks()) {
    for (const auto kind : {CutoffFunction::cubic, CutoffFunction::cosine}) {
      const Predictor predict(test::random_model(options, kind), at::kDouble);
      const Prediction here = predict_one(predict, small_cell());
      const double scale = here.forces.cwiseAbs().maxCoeff();
      ASSERT_GT(scale, 1e-3);
      for (Eigen::Index i = 0; i < 4; ++i) {
        for (int k = 0; k < 3; ++k) {
          const double slope = derivative(
              [&](double h) {
                RandomStructure moved = small_cell();
                moved.positions(i, k) += h;
                return predict_one(predict, moved).energy;
              },
              2e-3);
          EXPECT_NEAR(here.forces(i, k), -slope, 1e-8 * scale);
        }
      }
      for (int a = 0; a < 3; ++a) {
        for (int b = 0; b < 3; ++b) {
          const double slope = derivative(
              [&](double h) {
                RandomStructure strained = small_cell();
                Eigen::Matrix3d strain = Eigen::Matrix3d::Identity();
                strain(a, b) += h;
                strained.cell = strained.cell * strain.transpose();
                strained.positions = strained.positions * strain.transpose();
                return predict_one(predict, strained).energy;
              },
              3e-4);
          const double stress = slope / std::abs(small_cell().cell.determinant());
          EXPECT_NEAR(here.stress(a, b), stress, 1e-8 * here.stress.cwiseAbs().maxCoeff());
        }
      }
    }
  }
}

TEST(Forces, HaveDifferencesOfFourthOrder) {
  // No neighbour near a cutoff, where the third derivative jumps.
  RandomStructure cluster = small_cell();
  cluster.cell = 30 * Eigen::Matrix3d::Identity();
  cluster.positions << 0, 0, 0, 1.9, 0.2, -0.1, 0.3, 2.1, 0.5, -0.4, 0.6, 2.2;
  const Predictor predict(test::random_model(test::networks()[2]), at::kDouble);
  const double exact = predict_one(predict, cluster).forces(1, 2);
  const auto error = [&](double h) {
    return derivative(
               [&](double x) {
                 RandomStructure moved = cluster;
                 moved.positions(1, 2) += x;
                 return predict_one(predict, moved).energy;
               },
               h) +
           exact;
  };
  EXPECT_NEAR(error(0.02) / error(0.01), 16, 1);  // higher orders of h beside it
}

TEST(Energy, DoesNotChangeUnderRotationInversionTranslationAndPermutation) {
  const RandomStructure structure = test::random_structure(22, 9, 3);
  Eigen::Matrix3d rotation = (Eigen::AngleAxisd(0.7, Eigen::Vector3d(1, 2, 3).normalized()) *
                              Eigen::AngleAxisd(-1.1, Eigen::Vector3d::UnitX()))
                                 .toRotationMatrix();
  for (const NetworkOptions& options : test::networks()) {
    const Predictor predict(test::random_model(options), at::kDouble);
    const Prediction here = predict_one(predict, structure);
    const double energy = 1e-12 * std::abs(here.energy), force = 1e-12 * (1 + here.forces.cwiseAbs().maxCoeff());
    for (const double sign : {1.0, -1.0}) {
      const Eigen::Matrix3d turn = sign * rotation.transpose();  // of row vectors
      RandomStructure turned = structure;
      turned.cell = structure.cell * turn;
      turned.positions = structure.positions * turn;
      const Prediction there = predict_one(predict, turned);
      EXPECT_NEAR(there.energy, here.energy, energy);
      EXPECT_LT(difference(there.forces, here.forces * turn), force);
      EXPECT_LT(difference(there.stress, turn.transpose() * here.stress * turn), force);
    }
    RandomStructure moved = structure;
    moved.positions.rowwise() += Eigen::RowVector3d(1.3, -0.4, 7.9);
    const Prediction there = predict_one(predict, moved);
    EXPECT_NEAR(there.energy, here.energy, energy);
    EXPECT_LT(difference(there.forces, here.forces), 3 * force);  // positions are rounded

    RandomStructure reversed = structure;
    reversed.positions = structure.positions.colwise().reverse().eval();
    std::reverse(reversed.species.begin(), reversed.species.end());
    const Prediction other = predict_one(predict, reversed);
    EXPECT_NEAR(other.energy, here.energy, energy);
    EXPECT_LT(difference(other.forces.colwise().reverse(), here.forces), force);
  }
}

TEST(Energy, OfASupercellIsThatOfItsCells) {
  for (const NetworkOptions& options : test::networks()) {
    const Predictor predict(test::random_model(options), at::kDouble);
    const Prediction one = predict_one(predict, small_cell());
    RandomStructure supercell = small_cell();
    supercell.cell.row(0) *= 2;
    supercell.cell.row(2) *= 3;
    supercell.positions.resize(24, 3);
    supercell.species.clear();
    for (int c = 0; c < 6; ++c) {
      const Eigen::RowVector3d shift = (c % 2) * small_cell().cell.row(0) + (c / 2) * small_cell().cell.row(2);
      supercell.positions.middleRows(4 * c, 4) = small_cell().positions.rowwise() + shift;
      supercell.species.insert(supercell.species.end(), small_cell().species.begin(), small_cell().species.end());
    }
    const Prediction all = predict_one(predict, supercell);
    EXPECT_NEAR(all.energy, 6 * one.energy, 6e-12 * std::abs(one.energy));
    for (int c = 0; c < 6; ++c)
      EXPECT_LT(difference(all.forces.middleRows(4 * c, 4), one.forces), 1e-12 * (1 + one.forces.norm()));
    EXPECT_LT(difference(all.stress, one.stress), 1e-12);
  }
}

/// Derivatives by moving one atom of a pair through the cutoff in a large cell: which jump depends on the cutoff
/// function.
TEST(Energy, GoesThroughTheCutoffAsSmoothlyAsItsFunctionPromises) {
  for (const auto kind : {CutoffFunction::cosine, CutoffFunction::cubic, CutoffFunction::quintic}) {
    const Predictor predict(test::random_model(test::networks()[0], kind), at::kDouble);
    const auto at = [&](double distance) {
      RandomStructure line;
      line.cell = 30 * Eigen::Matrix3d::Identity();
      line.positions.resize(3, 3);
      line.positions << 0, 0, 0, 2, 0, 0, 0, distance, 0;
      line.positions.row(2) += Eigen::RowVector3d(0, 0, 0.1);
      line.species = {0, 1, 2};
      // The third atom leaves the angular cutoff (4.2) of the first; a fourth keeps it company.
      line.positions.conservativeResize(4, 3);
      line.positions.row(3) = line.positions.row(2) + Eigen::RowVector3d(0, 2, 0);
      line.species.push_back(1);
      return predict_one(predict, line);
    };
    const double edge = std::sqrt(4.2 * 4.2 - 0.01), h = 1e-3;
    const auto slope = [&](double d) { return (at(d + h).forces(0, 1) - at(d - h).forces(0, 1)) / (2 * h); };
    EXPECT_LT(std::abs(at(edge - 1e-7).energy - at(edge + 1e-7).energy), 1e-6);
    EXPECT_LT(difference(at(edge - 1e-7).forces, at(edge + 1e-7).forces), 1e-5);
    const double jump = std::abs(slope(edge - 1.5 * h) - slope(edge + 1.5 * h)),
                 nearby = std::abs(slope(edge - 4 * h) - slope(edge - 7 * h));
    if (kind == CutoffFunction::cosine) {
      EXPECT_GT(jump, 5 * nearby);
    } else {
      EXPECT_LT(jump, 2 * nearby + 1e-9);
    }
  }
}

TEST(Predictor, RefusesUnknownElementsAndHoles) {
  const Predictor predict(test::random_model(test::networks()[0]));
  RandomStructure structure = test::random_structure(24, 3, 3);
  EXPECT_THROW(predict.geometry(structure.cell, structure.positions, {"Cs", "Pb", "Br"}), InputError);
  EXPECT_NO_THROW(predict.geometry(structure.cell, structure.positions, {"Cs1", "Pb2+", "I"}));
  structure.positions << 0, 0, 0, 2, 0, 0, 15, 15, 15;
  EXPECT_THROW(predict.geometry(30 * Eigen::Matrix3d::Identity(), structure.positions, {"Cs", "Pb", "I"}),
               ConfigurationError);
}

TEST(Predictor, GivesTheDeviationOfACommittee) {
  const Model model = test::random_model(test::networks()[0], CutoffFunction::cubic, 3);
  const Predictor together(model, at::kDouble);
  std::vector<Prediction> alone;
  for (const Member& member : model.members) {
    Model one = model;
    one.members = {member};
    alone.push_back(predict_one(Predictor(one, at::kDouble), small_cell()));
  }
  const Prediction all = predict_one(together, small_cell());
  const Vectors mean = (alone[0].forces + alone[1].forces + alone[2].forces) / 3;
  EXPECT_LT(difference(all.forces, mean), 1e-12);
  double sum = 0;
  for (const Prediction& one : alone) sum += (one.forces.row(2) - mean.row(2)).squaredNorm();
  EXPECT_NEAR(all.force_deviations[2], std::sqrt(sum / 2), 1e-12);
}

/// d loss/d parameters by the force map against differences, for a loss of energies, forces and stresses.
TEST(LossGradient, IsThatOfDifferencesInTheWeights) {
  for (const NetworkOptions& options : test::networks()) {
    const Model model = test::random_model(options);
    const NodeNetwork nodes = model.node_network();
    const std::vector<RandomStructure> structures{small_cell(), test::random_structure(25, 6, 3)};
    std::vector<Geometry> geometries;
    for (const auto& structure : structures) geometries.push_back(structure.geometry(model.descriptor.radial_cutoff));
    const auto batch = std::make_shared<const AtomBatch>(std::vector<const Geometry*>{&geometries[0], &geometries[1]},
                                                         3, model.descriptor.angular_cutoff);
    const auto map = std::make_shared<const MomentMap>(batch, model.descriptor, model.scaling, at::kDouble);
    const Moments moments = map->moments();
    at::manual_seed(11);
    const at::Tensor energy_labels = at::randn({2}, at::kDouble), force_labels = at::randn({10, 3}, at::kDouble),
                     strain_labels = at::randn({2, 3, 3}, at::kDouble);
    const auto loss_of = [&](const std::vector<at::Tensor>& parameters, bool for_training) {
      ActiveNetwork network = active_network(nodes, model.members[0], model.energy_scale, at::kDouble);
      network.parameters = parameters;
      const BatchPrediction result = predict_by_autograd(network, map, moments, for_training);
      return (result.energies - energy_labels).square().sum() + (result.forces.forces - force_labels).square().sum() +
             (result.forces.strains - strain_labels).square().sum();
    };
    std::vector<at::Tensor> parameters;
    for (const at::Tensor& values : model.members[0].parameters) parameters.push_back(values.clone().requires_grad_());
    loss_of(parameters, true).backward();
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      const at::Tensor direction = at::randn_like(parameters[p]);
      const double slope = derivative(
          [&](double h) {
            std::vector<at::Tensor> moved;
            for (const at::Tensor& values : model.members[0].parameters) moved.push_back(values);
            moved[p] = moved[p] + h * direction;
            return loss_of(moved, false).item<double>();
          },
          1e-3);
      const double expected = (parameters[p].grad() * direction).sum().item<double>();
      EXPECT_NEAR(expected, slope, 1e-6 * (std::abs(slope) + 1e-3)) << nodes.parameters()[p].name;
    }
  }
}

/// Formulas instead of autograd: predictions and the gradients of a loss.
TEST(NodePass, IsWhatAutogradFinds) {
  for (const NetworkOptions& options : test::networks()) {
    const Model model = test::random_model(options);
    const NodeNetwork nodes = model.node_network();
    const Geometry small = small_cell().geometry(model.descriptor.radial_cutoff);
    // Two of the three species are there.
    RandomStructure other_structure = test::random_structure(25, 6, 3);
    for (int& z : other_structure.species) z = std::min(z, 1);
    const Geometry other = other_structure.geometry(model.descriptor.radial_cutoff);
    for (const std::vector<const Geometry*>& structures :
         {std::vector<const Geometry*>{&small, &other}, std::vector<const Geometry*>{&other}}) {
      const auto batch = std::make_shared<const AtomBatch>(structures, 3, model.descriptor.angular_cutoff);
      const auto map = std::make_shared<const MomentMap>(batch, model.descriptor, model.scaling, at::kDouble);
      const Moments moments = map->moments();
      const ActiveNetwork network = active_network(nodes, model.members[0], model.energy_scale, at::kDouble);
      const BatchPass pass(network, map, moments);
      ActiveNetwork watched = network;
      for (at::Tensor& parameter : watched.parameters) parameter = parameter.clone().requires_grad_();
      const BatchPrediction expected = predict_by_autograd(watched, map, moments, true), found = pass.prediction();
      const auto same = [](const at::Tensor& a, const at::Tensor& b) {
        return (a - b).abs().max().item<double>() / b.abs().max().item<double>();
      };
      EXPECT_LT(same(found.energies, expected.energies), 1e-13);
      EXPECT_LT(same(found.forces.forces, expected.forces.forces), 1e-12);
      EXPECT_LT(same(found.forces.strains, expected.forces.strains), 1e-12);

      at::manual_seed(12);
      const at::Tensor by_energies = at::randn_like(expected.energies),
                       by_forces = at::randn_like(expected.forces.forces),
                       by_strains = at::randn_like(expected.forces.strains);
      ((expected.energies * by_energies).sum() + (expected.forces.forces * by_forces).sum() +
       (expected.forces.strains * by_strains).sum())
          .backward();
      const std::vector<at::Tensor> gradients = pass.parameter_gradients(by_energies, {by_forces, by_strains});
      for (std::size_t p = 0; p < gradients.size(); ++p) {
        if (!gradients[p].defined()) continue;
        EXPECT_LT(same(gradients[p], watched.parameters[p].grad()), 1e-11) << nodes.parameters()[p].name;
      }
      EXPECT_EQ(gradients[NodeNetwork::place(2, NodeNetwork::weights_1)].defined(), structures.size() == 2);
    }
  }
}

/// What a GPU computes and the kernels of the processor.
TEST(PowerSpectrum, IsTheSameByTensors) {
  at::manual_seed(9);
  const at::Tensor b = at::randn({7, 25, 6}, at::kDouble), c = at::randn({7, 25, 6}, at::kDouble);
  for (const bool diagonal : {false, true}) {
    const at::Tensor form = spectrum_form(b, c, diagonal), g = at::randn_like(form);
    EXPECT_LT((form - spectrum_form_by_tensors(b, c, diagonal)).abs().max().item<double>(), 1e-13);
    EXPECT_LT(
        (spectrum_gradient(g, c, diagonal) - spectrum_gradient_by_tensors(g, c, diagonal)).abs().max().item<double>(),
        1e-13);
    // Each is the derivative of the other: g.P(B, C) = B.H(g, C).
    EXPECT_NEAR((g * form).sum().item<double>(), (b * spectrum_gradient(g, c, diagonal)).sum().item<double>(), 1e-11);
  }
}

TEST(FourBody, IsTheSameByTensors) {
  at::manual_seed(10);
  for (const int order : {0, 1, 2, 3}) {
    const at::Tensor harmonics = four_body_harmonics(order);
    const std::int64_t n_used = harmonics.size(1) - 1;
    const at::Tensor u = at::randn({70, n_used, 3 * 25}, at::kDouble), v = at::randn({70, n_used, 3 * 25}, at::kDouble);
    EXPECT_LT((mixed_products(u, v, harmonics) - mixed_products_by_tensors(u, v, harmonics)).abs().max().item<double>(),
              1e-12);
  }
}

TEST(Parameters, OfFunctionsThatAreNotThereStayZero) {
  for (const NetworkOptions& options : test::networks()) {
    const Model model = test::random_model(options);
    const at::Tensor mixing = model.members[0].parameters[1].unflatten(-2, {3, model.descriptor.stride()});
    EXPECT_EQ(mixing.slice(-2, model.descriptor.n_functions()).abs().max().item<double>(), 0);
    EXPECT_GT(mixing.slice(-2, 0, model.descriptor.n_functions()).abs().min().item<double>(), 0);
  }
}

}  // namespace
}  // namespace zeropoint::mlp
