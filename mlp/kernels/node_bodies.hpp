#pragma once

// What a network makes of the raw moments of one centre, and back to the derivatives of its energy with respect to
// them.

#include "mlp/kernels/kernel_model.hpp"
#include "mlp/kernels/lanes.hpp"

namespace zeropoint::mlp::ZEROPOINT_KERNELS {

/// Room of one centre, [...] lanes each.
template <class R>
struct NodeSpace {
  using V = typename Lanes<R>::V;
  // forward
  V* channels;    ///< [layers + 1][n][n_harmonics] B before each attention layer, and after the last
  V* mixings;     ///< [layers][n][n] M
  V* softmaxes;   ///< [layers][heads][n][n] alpha
  V* factors;     ///< [3 P][n_four] U
  V* others;      ///< [3 P][n_four] products of the two other factors
  V* invariants;  ///< [n_invariants] x
  V *hidden_1, *slope_1, *hidden_2, *slope_2;  ///< [hidden]
  // backward
  V* gradient;                        ///< [n_invariants]
  V* channel_gradient;                ///< [n][n_harmonics] dE/dB
  V *square_1, *square_2, *square_3;  ///< [n][n]
  V* spare;                           ///< [2 hidden], [n][n_harmonics] or [3 P][16]

  static std::size_t size(const KernelSizes& s) {
    const std::size_t n = s.channels, lm = s.n_harmonics(), layers = s.attention_layers;
    const std::size_t four = 3 * static_cast<std::size_t>(s.four_body);
    return (layers + 2) * n * lm + layers * n * n * (1 + s.attention_heads) + 2 * four * 16 + 2 * s.n_invariants +
           4 * s.hidden + 3 * n * n + 2 * s.hidden + n * lm + four * 16;
  }
  NodeSpace(const KernelSizes& s, V* from) {
    const std::size_t n = s.channels, lm = s.n_harmonics(), layers = s.attention_layers;
    const std::size_t four = 3 * static_cast<std::size_t>(s.four_body);
    const auto take = [&from](std::size_t count) {
      V* const taken = from;
      from += count;
      return taken;
    };
    channels = take((layers + 1) * n * lm);
    mixings = take(layers * n * n);
    softmaxes = take(layers * s.attention_heads * n * n);
    factors = take(four * 16);
    others = take(four * 16);
    invariants = take(s.n_invariants);
    hidden_1 = take(s.hidden);
    slope_1 = take(s.hidden);
    hidden_2 = take(s.hidden);
    slope_2 = take(s.hidden);
    gradient = take(s.n_invariants);
    channel_gradient = take(n * lm);
    square_1 = take(n * n);
    square_2 = take(n * n);
    square_3 = take(n * n);
    spare = from;
  }
};

/// One centre through one network.
template <class R>
struct Node {
  using V = typename Lanes<R>::V;
  const KernelModel<R>& model;
  const KernelTrunk<R>& trunk;
  const KernelSpecies<R>& weights;
  NodeSpace<R> space;

  const KernelSizes& sizes() const { return model.sizes; }
  V* channels(int layer) const {
    return space.channels + static_cast<long>(layer) * sizes().channels * sizes().n_harmonics();
  }
  V* last_channels() const { return channels(sizes().attention_layers); }

  /// `radial` [S][K], `angular` [S][K][n_harmonics] raw moments.
  void mix(const V* radial, const V* angular) const {
    const int K = sizes().n_functions, n = sizes().channels, lm = sizes().n_harmonics(), S = sizes().n_species;
    V* const rho = space.invariants;
    for (int i = 0; i < sizes().radial_channels; ++i) rho[i] = broadcast<R>(weights.radial_bias[i]);
    weigh<V, R>(weights.radial, sizes().radial_channels, sizes().radial_channels, S * K, radial, 1, 1, rho, 1, true);
    V* const b = channels(0);
    const int n_degrees = sizes().angular_order + 1;
    for (int l = 0; l < n_degrees; ++l) {
      for (int s = 0; s < S; ++s) {
        weigh<V, R>(weights.angular + static_cast<long>(s * n_degrees + l) * K * n, n, n, K,
                    angular + static_cast<long>(s) * K * lm + l * l, lm, 2 * l + 1, b + l * l, lm, s > 0);
      }
    }
    for (int i = 0; i < n; ++i) {
      for (int j = 0; j < lm; ++j) b[i * lm + j] *= model.norms[j];
    }
  }

  void attend(int layer) const {
    const int n = sizes().channels, lm = sizes().n_harmonics(), heads = sizes().attention_heads;
    const V* const b = channels(layer);
    V* const mixing = space.mixings + static_cast<long>(layer) * n * n;
    for (int i = 0; i < n * n; ++i) mixing[i] = broadcast<R>(R(i % (n + 1) == 0));
    const R over_root = R(1 / __builtin_sqrt(static_cast<double>(n)));
    for (int h = 0; h < heads; ++h) {
      const long at = static_cast<long>(layer * heads + h);
      const R* const shares = trunk.shares + at * lm;
      for (int i = 0; i < n * lm; ++i) space.spare[i] = b[i] * shares[i % lm];
      V *const mean = space.square_1, *const part = space.square_2;
      gram<V>(lm, space.spare, lm, b, lm, n, mean, n, false);
      weigh<V, R>(trunk.query + at * n * n, n, n, n, mean, n, n, part, n, false);
      V* const alpha = space.softmaxes + at * n * n;
      for (int a = 0; a < n; ++a) {
        V* const row = alpha + a * n;
        weigh<V, R>(trunk.key + at * n * n, n, n, n, part + a * n, 1, 1, row, 1, false);
        V most = row[0] * over_root, sum{};
        for (int c = 0; c < n; ++c) {
          row[c] *= over_root;
          most = larger<V>(most, row[c]);
        }
        for (int c = 0; c < n; ++c) {
          row[c] = exponential<R>(row[c] - most);
          sum += row[c];
        }
        const V inverse = R(1) / sum;
        for (int c = 0; c < n; ++c) row[c] *= inverse;
        weigh<V, R>(trunk.value + at * n * n, n, n, n, row, 1, 1, mixing + a * n, 1, true);
      }
    }
    transpose(mixing, space.square_1);
    outer<V>(n, space.square_1, n, n, b, lm, lm, channels(layer + 1), lm, false);
  }

  void transpose(const V* from, V* to) const {
    const int n = sizes().channels;
    for (int i = 0; i < n; ++i) {
      for (int j = 0; j < n; ++j) to[j * n + i] = from[i * n + j];
    }
  }

  void spectrum() const {
    const int n = sizes().channels, lm = sizes().n_harmonics();
    const V* const b = last_channels();
    V* q = space.invariants + sizes().radial_channels;
    for (int l = sizes().full_spectrum ? 0 : 1; l <= sizes().angular_order; ++l) {
      const R factor = R(1.0 / (2 * l + 1));
      if (sizes().full_spectrum) {
        gram<V>(2 * l + 1, b + l * l, lm, b + l * l, lm, n, space.square_1, n, true);
        for (int i = 0; i < n; ++i) {
          for (int j = i; j < n; ++j) *q++ = space.square_1[i * n + j] * factor;
        }
      } else {
        for (int i = 0; i < n; ++i) {
          V sum{};
          for (int j = 0; j < 2 * l + 1; ++j) sum += b[i * lm + l * l + j] * b[i * lm + l * l + j];
          *q++ = sum * factor;
        }
      }
    }
  }

  void four_body() const {
    const int P = sizes().four_body, n = sizes().channels, lm = sizes().n_harmonics();
    const int used = sizes().n_four_body_harmonics();
    for (int l = 0; l * l < used; ++l) {
      weigh<V, R>(trunk.four_body + static_cast<long>(l) * n * 3 * P, 3 * P, 3 * P, n, last_channels() + l * l, lm,
                  2 * l + 1, space.factors + l * l, used, false);
    }
    V* const q = space.invariants + sizes().n_invariants - P;
    for (int p = 0; p < P; ++p) {
      for (int a = 0; a < 3; ++a) {
        const V *const u = space.factors + static_cast<long>((a + 1) % 3 * P + p) * used, *const v =
                                                                                              space.factors +
                                                                                              static_cast<long>(
                                                                                                  (a + 2) % 3 * P + p) *
                                                                                                  used;
        V* const products = space.others + static_cast<long>(a * P + p) * used;
        const KernelCoupling<R>*next = model.couplings.data(), *const end = next + model.couplings.size();
        for (int i = 0; i < used; ++i) {
          V sum{};
          for (; next != end && next->i == i; ++next) {
            const int j = next->j, k = next->k;
            sum += next->value * (j == k ? u[j] * v[k] : u[j] * v[k] + u[k] * v[j]);
          }
          products[i] = sum;
        }
      }
      const V *const u = space.factors + static_cast<long>(p) * used, *const products =
                                                                          space.others + static_cast<long>(p) * used;
      V sum{};
      for (int i = 0; i < used; ++i) sum += u[i] * products[i];
      q[p] = sum;
    }
  }

  void network() const {
    const int Q = sizes().n_invariants, H = sizes().hidden;
    V* const x = space.invariants;
    for (int i = 0; i < Q; ++i) x[i] = (x[i] - weights.shift[i]) * weights.scale[i];
    for (int i = 0; i < H; ++i) space.hidden_1[i] = broadcast<R>(weights.biases_1[i]);
    weigh<V, R>(weights.weights_1, H, H, Q, x, 1, 1, space.hidden_1, 1, true);
    for (int i = 0; i < H; ++i) {
      const V value = hyperbolic_tangent<R>(space.hidden_1[i]);
      space.hidden_1[i] = value;
      space.slope_1[i] = R(1) - value * value;
      space.hidden_2[i] = broadcast<R>(weights.biases_2[i]);
    }
    weigh<V, R>(weights.weights_2, H, H, H, space.hidden_1, 1, 1, space.hidden_2, 1, true);
    for (int i = 0; i < H; ++i) {
      const V value = hyperbolic_tangent<R>(space.hidden_2[i]);
      space.slope_2[i] = R(1) - value * value;
      space.hidden_2[i] = space.hidden_1[i] + value;
    }
  }

  void forward(const V* radial, const V* angular) const {
    mix(radial, angular);
    for (int t = 0; t < sizes().attention_layers; ++t) attend(t);
    spectrum();
    if (sizes().four_body > 0) four_body();
    network();
  }

  /// Of one last layer (w3, v).
  V energy(const R* last) const {
    V sum{};
    for (int i = 0; i < sizes().hidden; ++i) sum += last[i] * space.hidden_2[i];
    for (int i = 0; i < sizes().n_invariants; ++i) sum += last[sizes().hidden + i] * space.invariants[i];
    return sum;
  }

  /// dE/dq of one last layer, into space.gradient.
  void network_back(const R* last) const {
    const int Q = sizes().n_invariants, H = sizes().hidden;
    V *const by_2 = space.spare, *const by_1 = space.spare + H;
    for (int i = 0; i < H; ++i) {
      by_2[i] = last[i] * space.slope_2[i];
      by_1[i] = broadcast<R>(last[i]);
    }
    weigh<V, R>(weights.weights_2_back, H, H, H, by_2, 1, 1, by_1, 1, true);
    for (int i = 0; i < H; ++i) by_1[i] *= space.slope_1[i];
    for (int i = 0; i < Q; ++i) space.gradient[i] = broadcast<R>(last[H + i]);
    weigh<V, R>(weights.weights_1_back, Q, Q, H, by_1, 1, 1, space.gradient, 1, true);
    for (int i = 0; i < Q; ++i) space.gradient[i] *= weights.scale[i];
  }

  /// dE/dB after the last attention layer.
  void invariants_back() const {
    const int n = sizes().channels, lm = sizes().n_harmonics();
    const V* const b = last_channels();
    const V* g = space.gradient + sizes().radial_channels;
    if (!sizes().full_spectrum) {
      for (int i = 0; i < n; ++i) space.channel_gradient[i * lm] = V{};
    }
    for (int l = sizes().full_spectrum ? 0 : 1; l <= sizes().angular_order; ++l) {
      const R twice = R(2.0 / (2 * l + 1)), once = R(1.0 / (2 * l + 1));
      if (sizes().full_spectrum) {
        V* const square = space.square_1;
        for (int i = 0; i < n; ++i) {
          square[i * n + i] = *g++ * twice;
          for (int j = i + 1; j < n; ++j) square[i * n + j] = square[j * n + i] = *g++ * once;
        }
        outer<V>(n, square, n, n, b + l * l, lm, 2 * l + 1, space.channel_gradient + l * l, lm, false);
      } else {
        for (int i = 0; i < n; ++i, ++g) {
          for (int j = 0; j < 2 * l + 1; ++j)
            space.channel_gradient[i * lm + l * l + j] = *g * twice * b[i * lm + l * l + j];
        }
      }
    }
    if (sizes().four_body > 0) four_body_back();
  }

  void four_body_back() const {
    const int P = sizes().four_body, n = sizes().channels, lm = sizes().n_harmonics();
    const int used = sizes().n_four_body_harmonics();
    const V* const g = space.gradient + sizes().n_invariants - P;
    for (int row = 0; row < 3 * P; ++row) {
      for (int i = 0; i < used; ++i) space.spare[row * used + i] = g[row % P] * space.others[row * used + i];
    }
    for (int l = 0; l * l < used; ++l) {
      weigh<V, R>(trunk.four_body_back + static_cast<long>(l) * n * 3 * P, n, n, 3 * P, space.spare + l * l, used,
                  2 * l + 1, space.channel_gradient + l * l, lm, true);
    }
  }

  /// From dE/dB' to dE/dB of one layer.
  void attention_back(int layer) const {
    const int n = sizes().channels, lm = sizes().n_harmonics(), heads = sizes().attention_heads;
    const V* const b = channels(layer);
    V *const by_mixing = space.square_1, *const by_scores = space.square_2, *const part = space.square_3;
    gram<V>(lm, space.channel_gradient, lm, b, lm, n, by_mixing, n, false);
    for (int i = 0; i < n * lm; ++i) space.spare[i] = space.channel_gradient[i];
    outer<V>(n, space.mixings + static_cast<long>(layer) * n * n, n, n, space.spare, lm, lm, space.channel_gradient, lm,
             false);
    const R over_root = R(1 / __builtin_sqrt(static_cast<double>(n)));
    for (int h = 0; h < heads; ++h) {
      const long at = static_cast<long>(layer * heads + h);
      const V* const alpha = space.softmaxes + at * n * n;
      for (int a = 0; a < n; ++a) {
        V* const row = by_scores + a * n;
        weigh<V, R>(trunk.value_back + at * n * n, n, n, n, by_mixing + a * n, 1, 1, row, 1, false);
        V mean{};
        for (int c = 0; c < n; ++c) mean += alpha[a * n + c] * row[c];
        for (int c = 0; c < n; ++c) row[c] = over_root * alpha[a * n + c] * (row[c] - mean);
      }
      weigh<V, R>(trunk.query_back + at * n * n, n, n, n, by_scores, n, n, part, n, false);
      for (int i = 0; i < n; ++i) {  // dE/dGamma, symmetric part doubled
        weigh<V, R>(trunk.key_back + at * n * n, n, n, n, part + i * n, 1, 1, by_scores + i * n, 1, false);
      }
      for (int i = 0; i < n; ++i) {
        for (int j = 0; j <= i; ++j) {
          const V sum = by_scores[i * n + j] + by_scores[j * n + i];
          by_scores[i * n + j] = by_scores[j * n + i] = sum;
        }
      }
      const R* const shares = trunk.shares + at * lm;
      for (int i = 0; i < n * lm; ++i) space.spare[i] = b[i] * shares[i % lm];
      outer<V>(n, by_scores, n, n, space.spare, lm, lm, space.channel_gradient, lm, true);
    }
  }

  /// dE/d of the raw moments, [S][K] and [S][K][n_harmonics].
  void mix_back(V* by_radial, V* by_angular) const {
    const int K = sizes().n_functions, n = sizes().channels, lm = sizes().n_harmonics(), S = sizes().n_species;
    for (int s = 0; s < S; ++s) {
      weigh<V, R>(weights.radial_back + static_cast<long>(s) * K * sizes().radial_channels, K, K,
                  sizes().radial_channels, space.gradient, 1, 1, by_radial + s * K, 1, false);
    }
    for (int i = 0; i < n; ++i) {
      for (int j = 0; j < lm; ++j) space.channel_gradient[i * lm + j] *= model.norms[j];
    }
    const int n_degrees = sizes().angular_order + 1;
    for (int s = 0; s < S; ++s) {
      for (int l = 0; l < n_degrees; ++l) {
        weigh<V, R>(weights.angular_back + static_cast<long>(s * n_degrees + l) * K * n, K, K, n,
                    space.channel_gradient + l * l, lm, 2 * l + 1, by_angular + static_cast<long>(s) * K * lm + l * l,
                    lm, false);
      }
    }
  }

  void backward(const R* last, V* by_radial, V* by_angular) const {
    network_back(last);
    invariants_back();
    for (int t = sizes().attention_layers - 1; t >= 0; --t) attention_back(t);
    mix_back(by_radial, by_angular);
  }
};

}  // namespace zeropoint::mlp::ZEROPOINT_KERNELS
