#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "mlp/descriptor.hpp"
#include "mlp/moments.hpp"
#include "mlp/node_network.hpp"

namespace zeropoint::mlp {

/// The numbers of one network.
struct Member {
  std::uint64_t seed = 0;
  std::vector<at::Tensor> parameters;  ///< in the order of NodeNetwork::parameters()
  std::vector<at::Tensor> shift;       ///< for each species: mu [n_invariants]
  std::vector<at::Tensor> scale;       ///< for each species: 1/sigma [n_invariants]
  /// C = sum over training of phi phi^T, phi the derivatives of energies, forces and stresses with respect to the last
  /// layers of all species, in units of the loss' scales (last_layer.hpp): [n_species n_features, same]; not defined
  /// when it was not made.
  at::Tensor covariance = {};
};

/// A potential: one network, or several that share the moments (a committee). All tensors float64.
struct Model {
  std::vector<std::string> species;  ///< chemical symbols
  DescriptorOptions descriptor;
  NetworkOptions network;
  MomentScaling scaling;
  std::vector<double> reference_energies;  ///< e_z, eV
  double energy_scale = 1;                 ///< sigma_F, eV
  std::vector<Member> members;
  /// What people should know about it: ("data", "800 structures of ..."), in order.
  std::vector<std::pair<std::string, std::string>> card;

  int n_species() const { return static_cast<int>(species.size()); }
  NodeNetwork node_network() const { return {descriptor, network, n_species()}; }
};

/// Numbers of the elements in `species`. @throws InputError for one that is not there.
std::vector<int> species_numbers(const std::vector<std::string>& labels, const std::vector<std::string>& species);

/// The same numbers in another type.
MomentScaling converted(const MomentScaling& scaling, at::ScalarType type);
std::vector<at::Tensor> converted(const std::vector<at::Tensor>& tensors, const at::TensorOptions& options);

/// One network in the type and on the device in which it is computed.
struct ActiveNetwork {
  const NodeNetwork* network;
  std::vector<at::Tensor> parameters;
  std::vector<at::Tensor> shift, scale;  ///< as in Member
  double energy_scale;                   ///< eV

  at::Device device() const { return parameters.front().device(); }
};

ActiveNetwork active_network(const NodeNetwork& network, const Member& member, double energy_scale,
                             const at::TensorOptions& options);

constexpr const char* model_filetype = "zeropoint model";

/// Writes and reads a model as HDF5 with named arrays. @throws IoError, InputError.
void write_model(const Model& model, const std::string& path, const std::string& configuration = "");
Model read_model(const std::string& path);

}  // namespace zeropoint::mlp
