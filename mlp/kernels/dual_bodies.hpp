#pragma once

// A network with the derivative of everything along a change of the moments (dots), and back: what the gradient of a
// loss of energies and forces is made of.

#include "mlp/kernels/kernel_model.hpp"
#include "mlp/kernels/lanes.hpp"

namespace zeropoint::mlp::ZEROPOINT_KERNELS {

/// A number and its dot; and derivatives of the loss with respect to both.
template <class V>
struct Pair {
  V *value, *dot;
};

template <class R>
class DualNode {
 public:
  using V = typename Lanes<R>::V;
  using P = Pair<V>;

  static std::size_t size(const KernelSizes& s) {
    const std::size_t n = s.channels, lm = s.n_harmonics(), layers = s.attention_layers;
    const std::size_t heads = layers * s.attention_heads, four = 3 * static_cast<std::size_t>(s.four_body) * 16;
    return 2 * ((layers + 1) * n * lm + layers * n * n + 4 * heads * n * n + 2 * four + s.n_invariants + 4 * s.hidden) +
           2 * (s.n_invariants + 3 * s.hidden + n * lm + four + 5 * n * n + 2 * n * lm) + 2 * s.hidden + 2 * n * n;
  }

  template <class Room>
  DualNode(const KernelModel<R>& model, Room& room) : model_(model), trunk_(model.trunks[0]), s_(model.sizes) {
    const auto pair = [&room](std::size_t count) {
      V* const value = room.lanes(count);
      return P{value, room.lanes(count)};
    };
    const std::size_t n = s_.channels, lm = s_.n_harmonics(), layers = s_.attention_layers;
    const std::size_t heads = layers * s_.attention_heads, four = 3 * static_cast<std::size_t>(s_.four_body) * 16;
    channels_ = pair((layers + 1) * n * lm);
    mixings_ = pair(layers * n * n);
    gammas_ = pair(heads * n * n);
    parts_ = pair(heads * n * n);
    scores_ = pair(heads * n * n);
    softmaxes_ = pair(heads * n * n);
    factors_ = pair(four);
    others_ = pair(four);
    x_ = pair(s_.n_invariants);
    u1_ = pair(s_.hidden);
    h1_ = pair(s_.hidden);
    u2_ = pair(s_.hidden);
    h2_ = pair(s_.hidden);
    slope1_ = room.lanes(s_.hidden);
    slope2_ = room.lanes(s_.hidden);
    q_bar_ = pair(s_.n_invariants);
    u1_bar_ = pair(s_.hidden);
    u2_bar_ = pair(s_.hidden);
    h1_bar_ = pair(s_.hidden);
    b_bar_ = pair(n * lm);
    factors_bar_ = pair(four);
    for (P& square : squares_) square = pair(n * n);
    for (P& spare : spares_) spare = pair(n * lm);
    turned_ = room.lanes(2 * n * n);
  }

  /// Raw moments `radial` [S][K], `angular` [S][K][n_harmonics] and their dots of a centre of species z.
  void forward(int z, const P& radial, const P& angular) {
    weights_ = &trunk_.species[z];
    last_ = trunk_.heads[0][z];
    mix(radial, angular);
    for (int t = 0; t < s_.attention_layers; ++t) attend(t);
    spectrum();
    if (s_.four_body > 0) four_body();
    network();
  }

  /// Derivatives of energy_weight E + dE; those of attention and four-body terms are added to `sums`, in the order of
  /// sums_size().
  void backward(const V& energy_weight, V* sums) {
    network_back(energy_weight);
    spectrum_back();
    const long n2 = static_cast<long>(s_.channels) * s_.channels, heads = s_.attention_layers * s_.attention_heads;
    if (s_.four_body > 0) four_body_back(sums + heads * (3 * n2 + s_.angular_order + 1));
    for (int t = s_.attention_layers - 1; t >= 0; --t) attention_back(t, sums);
    for (int i = 0; i < s_.channels; ++i) {
      for (int j = 0; j < s_.n_harmonics(); ++j) {
        b_bar_.value[i * s_.n_harmonics() + j] *= model_.norms[j];
        b_bar_.dot[i * s_.n_harmonics() + j] *= model_.norms[j];
      }
    }
  }

  const P& x() const { return x_; }
  const P& h1() const { return h1_; }
  const P& h2() const { return h2_; }
  const P& u1_bar() const { return u1_bar_; }
  const P& u2_bar() const { return u2_bar_; }
  const P& rho_bar() const { return q_bar_; }  ///< the first of d/d invariants
  const P& b_bar() const { return b_bar_; }    ///< with respect to channels of unnormalised harmonics

 private:
  P at(const P& all, long offset) const { return {all.value + offset, all.dot + offset}; }
  P channels(int layer) const { return at(channels_, static_cast<long>(layer) * s_.channels * s_.n_harmonics()); }
  P last_channels() const { return channels(s_.attention_layers); }
  static void fill(V* to, const R* from, int n) {
    for (int i = 0; i < n; ++i) to[i] = broadcast<R>(from[i]);
  }
  static void clear(V* to, int n) {
    for (int i = 0; i < n; ++i) to[i] = V{};
  }
  /// Value and dot of weights times a pair.
  void weigh_both(const R* w, long row_w, int ni, int nk, const P& x, long row_x, int nj, const P& c, long row_c,
                  bool add_value, bool add_dot) const {
    weigh<V, R>(w, row_w, ni, nk, x.value, row_x, nj, c.value, row_c, add_value);
    weigh<V, R>(w, row_w, ni, nk, x.dot, row_x, nj, c.dot, row_c, add_dot);
  }

  void mix(const P& radial, const P& angular) {
    const int K = s_.n_functions, n = s_.channels, lm = s_.n_harmonics(), S = s_.n_species;
    const int n_rho = s_.radial_channels, n_degrees = s_.angular_order + 1;
    fill(x_.value, weights_->radial_bias, n_rho);
    weigh_both(weights_->radial, n_rho, n_rho, S * K, radial, 1, 1, x_, 1, true, false);
    const P b = channels(0);
    for (int l = 0; l < n_degrees; ++l) {
      for (int s = 0; s < S; ++s) {
        weigh_both(weights_->angular + static_cast<long>(s * n_degrees + l) * K * n, n, n, K,
                   at(angular, static_cast<long>(s) * K * lm + l * l), lm, 2 * l + 1, at(b, l * l), lm, s > 0, s > 0);
      }
    }
    for (int i = 0; i < n * lm; ++i) {
      b.value[i] *= model_.norms[i % lm];
      b.dot[i] *= model_.norms[i % lm];
    }
  }

  /// c[i][j] (+)= sum_k m[i][k] x[k][j] of an n x n matrix.
  void times(const V* m, const V* x, int nj, V* c, bool add) const {
    const int n = s_.channels;
    for (int i = 0; i < n; ++i) {
      for (int j = 0; j < n; ++j) turned_[j * n + i] = m[i * n + j];
    }
    outer<V>(n, turned_, n, n, x, nj, nj, c, nj, add);
  }
  /// c[i][j] (+)= sum_k m[k][i] x[k][j].
  void transposed_times(const V* m, const V* x, int nj, V* c, bool add) const {
    outer<V>(s_.channels, m, s_.channels, s_.channels, x, nj, nj, c, nj, add);
  }
  /// c[i][j] (+)= sum_k x[i][k] y[j][k].
  void gram_of(int nk, const V* x, const V* y, V* c, bool add) const {
    const int n = s_.channels;
    V* const to = add ? turned_ + n * n : c;
    gram<V>(nk, x, nk, y, nk, n, to, n, false);
    if (add) {
      for (int i = 0; i < n * n; ++i) c[i] += to[i];
    }
  }

  void attend(int layer) {
    const int n = s_.channels, lm = s_.n_harmonics();
    const P b = channels(layer), mixing = at(mixings_, static_cast<long>(layer) * n * n);
    for (int i = 0; i < n * n; ++i) {
      mixing.value[i] = broadcast<R>(R(i % (n + 1) == 0));
      mixing.dot[i] = V{};
    }
    for (int h = 0; h < s_.attention_heads; ++h) attend_head(layer * s_.attention_heads + h, b, mixing);
    const P next = channels(layer + 1);
    times(mixing.value, b.value, lm, next.value, false);
    times(mixing.dot, b.value, lm, next.dot, false);
    times(mixing.value, b.dot, lm, next.dot, true);
  }

  R over_root() const { return R(1 / __builtin_sqrt(static_cast<double>(s_.channels))); }

  void attend_head(int head, const P& b, const P& mixing) {
    const int n = s_.channels, lm = s_.n_harmonics();
    const long n2 = static_cast<long>(n) * n;
    const P gamma = at(gammas_, head * n2), part = at(parts_, head * n2), score = at(scores_, head * n2),
            alpha = at(softmaxes_, head * n2);
    const R* const shares = trunk_.shares + static_cast<long>(head) * lm;
    const P shared = spares_[0];
    for (int i = 0; i < n * lm; ++i) {
      shared.value[i] = b.value[i] * shares[i % lm];
      shared.dot[i] = b.dot[i] * shares[i % lm];
    }
    gram_of(lm, shared.value, b.value, gamma.value, false);
    gram_of(lm, shared.dot, b.value, gamma.dot, false);
    gram_of(lm, shared.value, b.dot, gamma.dot, true);
    weigh_both(trunk_.query + head * n2, n, n, n, gamma, n, n, part, n, false, false);
    for (int a = 0; a < n; ++a) {
      const P row = at(score, a * n), weight = at(alpha, a * n);
      weigh_both(trunk_.key + head * n2, n, n, n, at(part, a * n), 1, 1, row, 1, false, false);
      softmax(row, weight);
      weigh_both(trunk_.value + head * n2, n, n, n, weight, 1, 1, at(mixing, a * n), 1, true, true);
    }
  }

  /// A row of scores, which are divided by sqrt(n) first, and its softmax.
  void softmax(const P& row, const P& weight) const {
    const int n = s_.channels;
    V most = row.value[0] * over_root(), sum{}, mean{};
    for (int c = 0; c < n; ++c) {
      row.value[c] *= over_root();
      row.dot[c] *= over_root();
      most = larger<V>(most, row.value[c]);
    }
    for (int c = 0; c < n; ++c) {
      weight.value[c] = exponential<R>(row.value[c] - most);
      sum += weight.value[c];
    }
    const V inverse = R(1) / sum;
    for (int c = 0; c < n; ++c) {
      weight.value[c] *= inverse;
      mean += weight.value[c] * row.dot[c];
    }
    for (int c = 0; c < n; ++c) weight.dot[c] = weight.value[c] * (row.dot[c] - mean);
  }

  void spectrum() {
    const int n = s_.channels, lm = s_.n_harmonics();
    const P b = last_channels();
    P q = at(x_, s_.radial_channels);
    for (int l = s_.full_spectrum ? 0 : 1; l <= s_.angular_order; ++l) {
      const R factor = R(1.0 / (2 * l + 1));
      const P first = at(b, l * l);
      if (!s_.full_spectrum) {
        for (int i = 0; i < n; ++i) {
          V sum{}, dots{};
          for (int j = i * lm; j < i * lm + 2 * l + 1; ++j) {
            sum += first.value[j] * first.value[j];
            dots += first.value[j] * first.dot[j];
          }
          *q.value++ = sum * factor;
          *q.dot++ = dots * (2 * factor);
        }
        continue;
      }
      V *const square = squares_[0].value, *const cross = squares_[0].dot;
      gram<V>(2 * l + 1, first.value, lm, first.value, lm, n, square, n, true);
      gram<V>(2 * l + 1, first.value, lm, first.dot, lm, n, cross, n, false);
      for (int i = 0; i < n; ++i) {
        for (int j = i; j < n; ++j) {
          *q.value++ = square[i * n + j] * factor;
          *q.dot++ = (cross[i * n + j] + cross[j * n + i]) * factor;
        }
      }
    }
  }

  void four_body() {
    const int count = s_.four_body, n = s_.channels, lm = s_.n_harmonics(), used = s_.n_four_body_harmonics();
    for (int l = 0; l * l < used; ++l) {
      weigh_both(trunk_.four_body + static_cast<long>(l) * n * 3 * count, 3 * count, 3 * count, n,
                 at(last_channels(), l * l), lm, 2 * l + 1, at(factors_, l * l), used, false, false);
    }
    const P q = at(x_, s_.n_invariants - count);
    for (int p = 0; p < count; ++p) {
      for (int a = 0; a < 3; ++a) {
        products(at(factors_, static_cast<long>((a + 1) % 3 * count + p) * used),
                 at(factors_, static_cast<long>((a + 2) % 3 * count + p) * used),
                 at(others_, static_cast<long>(a * count + p) * used));
      }
      V sum{}, dots{};
      for (int i = 0; i < used; ++i) {
        sum += factors_.value[p * used + i] * others_.value[p * used + i];
        for (int a = 0; a < 3; ++a) {
          const long at_factor = static_cast<long>(a * count + p) * used + i;
          dots += factors_.dot[at_factor] * others_.value[at_factor];
        }
      }
      q.value[p] = sum;
      q.dot[p] = dots;
    }
  }

  /// Harmonics of the product of two functions on the sphere.
  void products(const P& u, const P& v, const P& out) const {
    const KernelCoupling<R>*next = model_.couplings.data(), *const end = next + model_.couplings.size();
    for (int i = 0; i < s_.n_four_body_harmonics(); ++i) {
      V sum{}, dots{};
      for (; next != end && next->i == i; ++next) {
        const int j = next->j, k = next->k;
        const V straight = u.dot[j] * v.value[k] + u.value[j] * v.dot[k];
        sum += next->value * (j == k ? u.value[j] * v.value[k] : u.value[j] * v.value[k] + u.value[k] * v.value[j]);
        dots += next->value * (j == k ? straight : straight + (u.dot[k] * v.value[j] + u.value[k] * v.dot[j]));
      }
      out.value[i] = sum;
      out.dot[i] = dots;
    }
  }

  void network() {
    const int Q = s_.n_invariants, H = s_.hidden;
    for (int i = 0; i < Q; ++i) {
      x_.value[i] = (x_.value[i] - weights_->shift[i]) * weights_->scale[i];
      x_.dot[i] *= weights_->scale[i];
    }
    fill(u1_.value, weights_->biases_1, H);
    weigh_both(weights_->weights_1, H, H, Q, x_, 1, 1, u1_, 1, true, false);
    for (int i = 0; i < H; ++i) {
      h1_.value[i] = hyperbolic_tangent<R>(u1_.value[i]);
      slope1_[i] = R(1) - h1_.value[i] * h1_.value[i];
      h1_.dot[i] = slope1_[i] * u1_.dot[i];
    }
    fill(u2_.value, weights_->biases_2, H);
    weigh_both(weights_->weights_2, H, H, H, h1_, 1, 1, u2_, 1, true, false);
    for (int i = 0; i < H; ++i) {
      u2_.value[i] = hyperbolic_tangent<R>(u2_.value[i]);  // from here on the tanh itself
      slope2_[i] = R(1) - u2_.value[i] * u2_.value[i];
      h2_.value[i] = h1_.value[i] + u2_.value[i];
      h2_.dot[i] = h1_.dot[i] + slope2_[i] * u2_.dot[i];
    }
  }

  void network_back(const V& energy_weight) {
    const int Q = s_.n_invariants, H = s_.hidden;
    for (int i = 0; i < H; ++i) {
      const V by_h2 = energy_weight * last_[i], by_h2_dot = broadcast<R>(last_[i]);
      u2_bar_.value[i] = slope2_[i] * (by_h2 - R(2) * u2_.value[i] * u2_.dot[i] * by_h2_dot);
      u2_bar_.dot[i] = slope2_[i] * by_h2_dot;
      h1_bar_.value[i] = by_h2;
      h1_bar_.dot[i] = by_h2_dot;
    }
    weigh_both(weights_->weights_2_back, H, H, H, u2_bar_, 1, 1, h1_bar_, 1, true, true);
    for (int i = 0; i < H; ++i) {
      u1_bar_.value[i] = slope1_[i] * (h1_bar_.value[i] - R(2) * h1_.value[i] * u1_.dot[i] * h1_bar_.dot[i]);
      u1_bar_.dot[i] = slope1_[i] * h1_bar_.dot[i];
    }
    for (int i = 0; i < Q; ++i) {
      q_bar_.value[i] = energy_weight * last_[H + i];
      q_bar_.dot[i] = broadcast<R>(last_[H + i]);
    }
    weigh_both(weights_->weights_1_back, Q, Q, H, u1_bar_, 1, 1, q_bar_, 1, true, true);
    for (int i = 0; i < Q; ++i) {
      q_bar_.value[i] *= weights_->scale[i];
      q_bar_.dot[i] *= weights_->scale[i];
    }
  }

  void spectrum_back() {
    const int n = s_.channels, lm = s_.n_harmonics();
    const P b = last_channels();
    P g = at(q_bar_, s_.radial_channels);
    if (!s_.full_spectrum) {
      for (int i = 0; i < n; ++i) b_bar_.value[i * lm] = b_bar_.dot[i * lm] = V{};
    }
    for (int l = s_.full_spectrum ? 0 : 1; l <= s_.angular_order; ++l) {
      const R twice = R(2.0 / (2 * l + 1)), once = R(1.0 / (2 * l + 1));
      const P first = at(b, l * l), to = at(b_bar_, l * l);
      if (!s_.full_spectrum) {
        for (int i = 0; i < n; ++i, ++g.value, ++g.dot) {
          for (int j = i * lm; j < i * lm + 2 * l + 1; ++j) {
            to.value[j] = twice * (*g.value * first.value[j] + *g.dot * first.dot[j]);
            to.dot[j] = twice * *g.dot * first.value[j];
          }
        }
        continue;
      }
      V *const square = squares_[0].value, *const dots = squares_[0].dot;
      for (int i = 0; i < n; ++i) {
        for (int j = i; j < n; ++j) {
          const R factor = i == j ? twice : once;
          square[i * n + j] = square[j * n + i] = *g.value++ * factor;
          dots[i * n + j] = dots[j * n + i] = *g.dot++ * factor;
        }
      }
      outer<V>(n, square, n, n, first.value, lm, 2 * l + 1, to.value, lm, false);
      outer<V>(n, dots, n, n, first.dot, lm, 2 * l + 1, to.value, lm, true);
      outer<V>(n, dots, n, n, first.value, lm, 2 * l + 1, to.dot, lm, false);
    }
  }

  /// `sums` [min(L, 3) + 1][n][3 P] of the weights.
  void four_body_back(V* sums) {
    const int count = s_.four_body, n = s_.channels, lm = s_.n_harmonics(), used = s_.n_four_body_harmonics();
    const P g = at(q_bar_, s_.n_invariants - count), b = last_channels();
    for (int row = 0; row < 3 * count; ++row) {
      for (int i = row * used; i < (row + 1) * used; ++i) {
        factors_bar_.value[i] = g.value[row % count] * others_.value[i] + g.dot[row % count] * others_.dot[i];
        factors_bar_.dot[i] = g.dot[row % count] * others_.value[i];
      }
    }
    for (int l = 0; l * l < used; ++l) {
      weigh_both(trunk_.four_body_back + static_cast<long>(l) * n * 3 * count, n, n, 3 * count, at(factors_bar_, l * l),
                 used, 2 * l + 1, at(b_bar_, l * l), lm, true, true);
      V* const of_degree = sums + static_cast<long>(l) * n * 3 * count;
      for (int i = 0; i < n; ++i) {
        for (int row = 0; row < 3 * count; ++row) {
          V sum{};
          for (int m = l * l; m < (l + 1) * (l + 1); ++m) {
            sum += b.value[i * lm + m] * factors_bar_.value[row * used + m] +
                   b.dot[i * lm + m] * factors_bar_.dot[row * used + m];
          }
          of_degree[i * 3 * count + row] += sum;
        }
      }
    }
  }

  /// From d/dB' to d/dB of one layer; `sums` query, key, value [layers][heads][n][n], shares [layers][heads][L + 1].
  void attention_back(int layer, V* sums) {
    const int n = s_.channels, lm = s_.n_harmonics(), heads = s_.attention_heads;
    const P b = channels(layer), mixing = at(mixings_, static_cast<long>(layer) * n * n);
    const P by_mixing = squares_[0], before = spares_[1];
    gram_of(lm, b_bar_.value, b.value, by_mixing.value, false);
    gram_of(lm, b_bar_.dot, b.dot, by_mixing.value, true);
    gram_of(lm, b_bar_.dot, b.value, by_mixing.dot, false);
    for (int i = 0; i < n * lm; ++i) {
      before.value[i] = b_bar_.value[i];
      before.dot[i] = b_bar_.dot[i];
    }
    transposed_times(mixing.value, before.value, lm, b_bar_.value, false);
    transposed_times(mixing.dot, before.dot, lm, b_bar_.value, true);
    transposed_times(mixing.value, before.dot, lm, b_bar_.dot, false);
    for (int h = 0; h < heads; ++h) head_back(layer * heads + h, b, by_mixing, sums);
  }

  void head_back(int head, const P& b, const P& by_mixing, V* sums) {
    const int n = s_.channels, lm = s_.n_harmonics(), n_heads = s_.attention_layers * s_.attention_heads;
    const long n2 = static_cast<long>(n) * n;
    const P gamma = at(gammas_, head * n2), part = at(parts_, head * n2), alpha = at(softmaxes_, head * n2);
    const P by_scores = squares_[1], by_part = squares_[2], by_gamma = squares_[3];
    V *const query = sums + head * n2, *const key = sums + (n_heads + head) * n2,
             *const value = sums + (2 * n_heads + head) * n2;
    V* const shares = sums + 3 * n_heads * n2 + static_cast<long>(head) * (s_.angular_order + 1);
    transposed_times(alpha.value, by_mixing.value, n, value, true);
    transposed_times(alpha.dot, by_mixing.dot, n, value, true);
    for (int a = 0; a < n; ++a) {
      const P row = at(by_scores, a * n);
      weigh_both(trunk_.value_back + head * n2, n, n, n, at(by_mixing, a * n), 1, 1, row, 1, false, false);
      softmax_back(at(alpha, a * n), at(at(scores_, head * n2), a * n), row);
      weigh_both(trunk_.key_back + head * n2, n, n, n, row, 1, 1, at(by_part, a * n), 1, false, false);
    }
    transposed_times(part.value, by_scores.value, n, key, true);
    transposed_times(part.dot, by_scores.dot, n, key, true);
    gram_of(n, gamma.value, by_part.value, query, true);
    gram_of(n, gamma.dot, by_part.dot, query, true);
    weigh_both(trunk_.query_back + head * n2, n, n, n, by_part, n, n, by_gamma, n, false, false);
    for (V* matrix : {by_gamma.value, by_gamma.dot}) {
      for (int i = 0; i < n; ++i) {
        for (int j = 0; j <= i; ++j) {
          const V sum = matrix[i * n + j] + matrix[j * n + i];
          matrix[i * n + j] = matrix[j * n + i] = sum;
        }
      }
    }
    const P y = spares_[0];  // (Gamma + Gamma^T) bars times B, without shares
    outer<V>(n, by_gamma.value, n, n, b.value, lm, lm, y.value, lm, false);
    outer<V>(n, by_gamma.dot, n, n, b.dot, lm, lm, y.value, lm, true);
    outer<V>(n, by_gamma.dot, n, n, b.value, lm, lm, y.dot, lm, false);
    const R* const share = trunk_.shares + static_cast<long>(head) * lm;
    for (int l = 0; l <= s_.angular_order; ++l) {
      for (int i = 0; i < n; ++i) {
        for (int j = i * lm + l * l; j < i * lm + (l + 1) * (l + 1); ++j) {
          shares[l] += R(0.5) * (b.value[j] * y.value[j] + b.dot[j] * y.dot[j]);
          b_bar_.value[j] += share[l * l] * y.value[j];
          b_bar_.dot[j] += share[l * l] * y.dot[j];
        }
      }
    }
  }

  /// Turns d/d softmax of a row into d/d scores before they were divided by sqrt(n).
  void softmax_back(const P& alpha, const P& score, const P& bar) const {
    const int n = s_.channels;
    V mean{}, overlap{}, total{};
    for (int c = 0; c < n; ++c) {
      mean += alpha.value[c] * score.dot[c];
      overlap += bar.dot[c] * alpha.value[c];
    }
    for (int c = 0; c < n; ++c) {
      bar.value[c] += bar.dot[c] * (score.dot[c] - mean) - overlap * score.dot[c];
      total += bar.value[c] * alpha.value[c];
    }
    for (int c = 0; c < n; ++c) {
      bar.value[c] = over_root() * alpha.value[c] * (bar.value[c] - total);
      bar.dot[c] = over_root() * alpha.value[c] * (bar.dot[c] - overlap);
    }
  }

  const KernelModel<R>& model_;
  const KernelTrunk<R>& trunk_;
  const KernelSizes& s_;
  const KernelSpecies<R>* weights_ = nullptr;
  const R* last_ = nullptr;
  P channels_, mixings_, gammas_, parts_, scores_, softmaxes_, factors_, others_, x_, u1_, h1_, u2_, h2_;
  V *slope1_, *slope2_;
  P q_bar_, u1_bar_, u2_bar_, h1_bar_, b_bar_, factors_bar_, squares_[5], spares_[2];
  V* turned_;
};

}  // namespace zeropoint::mlp::ZEROPOINT_KERNELS
