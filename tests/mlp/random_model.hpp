#pragma once

#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include "core/crystal.hpp"
#include "mlp/model.hpp"
#include "tests/mlp/random_structure.hpp"

namespace zeropoint::test {

inline std::vector<std::string> labels(const RandomStructure& structure) {
  const std::vector<std::string> names{"Cs", "Pb", "I"};
  std::vector<std::string> result;
  for (const int z : structure.species) result.push_back(names[z]);
  return result;
}

/// An untrained network of three species whose invariants have values of order one.
inline mlp::Model random_model(const mlp::NetworkOptions& network,
                               mlp::CutoffFunction kind = mlp::CutoffFunction::cubic, std::size_t n_members = 1) {
  mlp::Model model;
  model.species = {"Cs", "Pb", "I"};
  model.descriptor = {
      .radial_cutoff = 5, .angular_cutoff = 4.2, .radial_order = 6, .angular_order = 3, .cutoff_function = kind};
  model.network = network;
  model.scaling = mlp::unit_scaling(model.descriptor, 3, at::kDouble);
  model.reference_energies = {-3.5, -2.25, -1.125};
  model.energy_scale = 0.8;
  const mlp::NodeNetwork nodes = model.node_network();
  for (std::size_t k = 0; k < n_members; ++k) {
    mlp::Member member{.seed = 3 + k, .parameters = nodes.random_parameters(3 + k), .shift = {}, .scale = {}};
    for (int z = 0; z < 3; ++z) {
      member.shift.push_back(at::full({nodes.n_invariants()}, 0.1, at::kDouble));
      member.scale.push_back(at::full({nodes.n_invariants()}, 0.15, at::kDouble));
    }
    model.members.push_back(std::move(member));
  }
  return model;
}

/// All that can be switched on, in turn.
inline std::vector<mlp::NetworkOptions> networks() {
  const mlp::NetworkOptions plain{.radial_channels = 5, .channels = 4, .hidden = 10};
  mlp::NetworkOptions diagonal = plain, by_degree = plain, attention = plain, four_body = plain, all = plain;
  diagonal.full_spectrum = false;
  by_degree.mixing_by_degree = true;
  attention.attention_layers = 2;
  four_body.four_body = 25;  // what is done in pieces of 16, 8 and 1
  all.attention_layers = 1;
  all.four_body = 5;
  all.full_spectrum = false;
  all.mixing_by_degree = true;
  return {plain, diagonal, attention, four_body, by_degree, all};
}

}  // namespace zeropoint::test
