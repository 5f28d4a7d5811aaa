#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "mlp/descriptor.hpp"
#include "mlp/moments.hpp"

namespace zeropoint::mlp {

/// What is made of the moments of an atom.
///
///   rho_n = sum_{sk} c^R_{z,n,sk} R~_{sk},   B_{n,lm} = sum_{sk} c^A_{z,n,sk} A~_{sk,lm}                (mixing)
///   B <- M B in each attention layer, M made of invariants of B (moment_attention.hpp)
///   q = [rho_n], [B_n,l . B_n',l/(2l + 1), n <= n'], four-body terms (four_body.hpp)                     (invariants)
///   x = (q - mu_z)/sigma_z,  h1 = tanh(W1 x + b1),  h2 = h1 + tanh(W2 h1 + b2),  E_i = sigma_F (w3.h2 + v.x)
struct NetworkOptions {
  int radial_channels = 13;       ///< rho_n
  int channels = 8;               ///< B_n
  bool full_spectrum = true;      ///< false: n = n' and l >= 1 alone
  bool mixing_by_degree = false;  ///< c^A, and the weights of four-body terms, of their own for each l
  int attention_layers = 0;       ///< 0: none
  int attention_heads = 2;
  int four_body = 0;  ///< number of four-body terms; 0: none
  int hidden = 48;    ///< width of both layers
};

/// @throws InputError for sizes that make no network.
void check(const NetworkOptions& options);

/// Sizes of a network, its parameters and what it computes. It holds no numbers: those are NetworkParameters.
class NodeNetwork {
 public:
  NodeNetwork(const DescriptorOptions& descriptor, const NetworkOptions& options, int n_species);

  struct Parameter {
    std::string name;  ///< "species_0/mixing_radial", "attention_0/query"
    std::vector<std::int64_t> shape;
    double spread;  ///< standard deviation of its first values; 0: begins at zero
    bool of_moments =
        false;  ///< its last axis but one has places for functions beyond the radial order: they stay zero
  };
  const std::vector<Parameter>& parameters() const { return parameters_; }
  std::int64_t n_parameters() const;
  /// Where each parameter begins when all lie one behind the other, and their number of places, at the end.
  std::vector<std::int64_t> offsets() const;
  /// Such a vector in pieces of the shapes of the parameters.
  std::vector<at::Tensor> shaped(const at::Tensor& flat) const;
  const NetworkOptions& options() const { return options_; }
  int n_species() const { return n_species_; }
  int n_invariants() const { return n_invariants_; }
  /// Columns of last_layer(): hidden + n_invariants.
  int n_features() const { return options_.hidden + n_invariants_; }

  /// First values of all parameters, float64, the same for the same seed.
  std::vector<at::Tensor> random_parameters(std::uint64_t seed) const;

  /// q of the atoms of one species: `moments` are scaled, [n, ...] as in Moments. [n, n_invariants]
  at::Tensor invariants(const std::vector<at::Tensor>& parameters, int species, const Moments& moments) const;
  /// (h2, x) of these atoms, [n, n_features]; `shift` and `scale` [n_invariants] are mu and 1/sigma.
  at::Tensor features(const std::vector<at::Tensor>& parameters, int species, const at::Tensor& invariants,
                      const at::Tensor& shift, const at::Tensor& scale) const;
  /// w3.h2 + v.x, [n].
  at::Tensor energies(const std::vector<at::Tensor>& parameters, int species, const at::Tensor& features) const;

  /// The parameters of a species, in their order in the list; last_layer is (w3, v) [n_features].
  enum Place : std::size_t {
    mixing_radial,
    mixing_angular,
    weights_1,
    biases_1,
    weights_2,
    biases_2,
    last_layer_weights,
    per_species
  };
  static std::size_t place(int species, Place which) { return static_cast<std::size_t>(species) * per_species + which; }
  std::size_t last_layer(int species) const { return place(species, last_layer_weights); }
  /// Those of attention layer `t`, which all species share: four parameters from here.
  std::size_t attention_place(int t) const {
    return place(n_species_, mixing_radial) + 4 * static_cast<std::size_t>(t);
  }
  /// Weights of the four-body terms, and their grid (four_body_harmonics()) like `values`.
  std::size_t four_body_place() const { return parameters_.size() - 1; }
  at::Tensor four_body_grid(const at::Tensor& values) const { return grid_harmonics_.to(values.options()); }
  /// All attention layers.
  at::Tensor attended(const std::vector<at::Tensor>& parameters, at::Tensor channels) const;

 private:
  DescriptorOptions descriptor_;
  NetworkOptions options_;
  int n_species_, n_invariants_;
  std::vector<Parameter> parameters_;
  at::Tensor grid_harmonics_;  // of the four-body terms
};

}  // namespace zeropoint::mlp
