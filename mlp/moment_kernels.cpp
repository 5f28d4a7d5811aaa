#include "mlp/moment_kernels.hpp"

#include <algorithm>
#include <vector>

#include "mlp/best_processor.hpp"
#include "mlp/radial_functions.hpp"
#include "mlp/spherical_harmonics.hpp"

namespace zeropoint::mlp {
namespace {

constexpr int lanes = 8;

/// Eight numbers beside one another; arithmetic is element by element.
template <class Real>
struct Vector;
template <>
struct Vector<float> {
  typedef float type __attribute__((vector_size(lanes * sizeof(float))));
  typedef float unaligned __attribute__((vector_size(lanes * sizeof(float)), aligned(sizeof(float)), may_alias));
};
template <>
struct Vector<double> {
  typedef double type __attribute__((vector_size(lanes * sizeof(double))));
  typedef double unaligned __attribute__((vector_size(lanes * sizeof(double)), aligned(sizeof(double)), may_alias));
};

/// `n` vectors in registers: the functions of r of one edge, or what belongs to them.
template <class Real, int n>
struct Row {
  using V = typename Vector<Real>::type;
  using U = typename Vector<Real>::unaligned;
  V v[n];

  ZEROPOINT_INLINE void clear() {
    for (int i = 0; i < n; ++i) v[i] = V{};
  }
  ZEROPOINT_INLINE void load(const Real* from) {
    for (int i = 0; i < n; ++i) v[i] = *reinterpret_cast<const U*>(from + i * lanes);
  }
  ZEROPOINT_INLINE void add(Real factor, const Row& other) {
    for (int i = 0; i < n; ++i) v[i] += factor * other.v[i];
  }
  ZEROPOINT_INLINE void add_to(Real* to) const {
    for (int i = 0; i < n; ++i) *reinterpret_cast<U*>(to + i * lanes) += v[i];
  }
  ZEROPOINT_INLINE Real dot(const Row& other) const {
    V products = v[0] * other.v[0];
    for (int i = 1; i < n; ++i) products += v[i] * other.v[i];
    return ((products[0] + products[4]) + (products[1] + products[5])) +
           ((products[2] + products[6]) + (products[3] + products[7]));
  }
};

/// Sizes that all loops need.
struct Sizes {
  int stride, n_harmonics, n_species;
  std::int64_t radial() const { return static_cast<std::int64_t>(n_species) * stride; }
  std::int64_t angular() const { return n_harmonics * radial(); }
};

template <class Real>
Sizes sizes_of(const MomentTask<Real>& task) {
  return {task.options.stride(), task.options.n_harmonics(), task.batch.n_species()};
}

template <class Real, int n>
ZEROPOINT_INLINE void moments_body(const MomentTask<Real>& task, std::int64_t begin, std::int64_t end,
                                   MomentArrays<Real> moments) {
  const Sizes size = sizes_of(task);
  const AtomBatch& batch = task.batch;
  constexpr int stride = n * lanes;
  for (std::int64_t i = begin; i < end; ++i) {
    Real* const radial = moments.radial + i * size.radial();
    Real* const angular = moments.angular + i * size.angular();
    std::fill_n(radial, size.radial(), Real{0});
    std::fill_n(angular, size.angular(), Real{0});
    const std::int64_t first = batch.first[at_place(i)], last = batch.first[at_place(i) + 1];
    const std::int64_t first_angular = batch.angular_first[at_place(i)], n_angular = batch.n_angular(i);
    Row<Real, n> f, product;
    for (std::int64_t e = first; e < last; ++e) {
      const int s = batch.species[at_place(batch.neighbour[at_place(e)])];
      f.load(task.edges.radial + e * 2 * stride);
      f.add_to(radial + s * stride);
      if (e - first >= n_angular) continue;
      const std::int64_t a = first_angular + e - first;
      f.load(task.edges.angular + a * 2 * stride);
      const Real* const y = task.edges.harmonics + a * 4 * size.n_harmonics;
      for (int lm = 0; lm < size.n_harmonics; ++lm) {
        product.clear();
        product.add(y[lm], f);
        product.add_to(angular + lm * size.radial() + s * stride);
      }
    }
    const int z = batch.species[at_place(i)];
    const Real *const radial_scale = task.scale.radial + z * size.radial(), *const angular_scale =
                                                                                task.scale.angular + z * size.angular();
    for (std::int64_t k = 0; k < size.radial(); ++k) radial[k] *= radial_scale[k];
    for (std::int64_t k = 0; k < size.angular(); ++k) angular[k] *= angular_scale[k];
  }
}

template <class Real, int n>
ZEROPOINT_INLINE void gradients_body(const MomentTask<Real>& task, std::int64_t begin, std::int64_t end,
                                     MomentArrays<const Real> gradients, Real* vectors) {
  const Sizes size = sizes_of(task);
  const AtomBatch& batch = task.batch;
  constexpr int stride = n * lanes;
  std::vector<Real> scaled(at_place(size.radial() + size.angular()));
  for (std::int64_t i = begin; i < end; ++i) {
    const int z = batch.species[at_place(i)];
    Real *const radial = scaled.data(), *const angular = radial + size.radial();
    for (std::int64_t k = 0; k < size.radial(); ++k) {
      radial[k] = gradients.radial[i * size.radial() + k] * task.scale.radial[z * size.radial() + k];
    }
    for (std::int64_t k = 0; k < size.angular(); ++k) {
      angular[k] = gradients.angular[i * size.angular() + k] * task.scale.angular[z * size.angular() + k];
    }
    const std::int64_t first = batch.first[at_place(i)], last = batch.first[at_place(i) + 1];
    const std::int64_t first_angular = batch.angular_first[at_place(i)], n_angular = batch.n_angular(i);
    for (std::int64_t e = first; e < last; ++e) {
      const int s = batch.species[at_place(batch.neighbour[at_place(e)])];
      const Real* const d = task.edges.directions + 4 * e;
      Row<Real, n> f, slope, g;
      slope.load(task.edges.radial + (e * 2 + 1) * stride);
      g.load(radial + s * stride);
      Real along = slope.dot(g);
      Real tx = 0, ty = 0, tz = 0;
      if (e - first < n_angular) {
        const std::int64_t a = first_angular + e - first;
        const Real* const y = task.edges.harmonics + a * 4 * size.n_harmonics;
        const Real *const yx = y + size.n_harmonics, *const yy = yx + size.n_harmonics,
                          *const yz = yy + size.n_harmonics;
        Row<Real, n> row, gx, gy, gz;
        g.clear();
        gx.clear();
        gy.clear();
        gz.clear();
        for (int lm = 0; lm < size.n_harmonics; ++lm) {
          row.load(angular + lm * size.radial() + s * stride);
          g.add(y[lm], row);
          gx.add(yx[lm], row);
          gy.add(yy[lm], row);
          gz.add(yz[lm], row);
        }
        f.load(task.edges.angular + a * 2 * stride);
        slope.load(task.edges.angular + (a * 2 + 1) * stride);
        along += slope.dot(g);
        tx = f.dot(gx);
        ty = f.dot(gy);
        tz = f.dot(gz);
      }
      const Real inside = tx * d[0] + ty * d[1] + tz * d[2];
      vectors[3 * e] = along * d[0] + (tx - inside * d[0]) * d[3];
      vectors[3 * e + 1] = along * d[1] + (ty - inside * d[1]) * d[3];
      vectors[3 * e + 2] = along * d[2] + (tz - inside * d[2]) * d[3];
    }
  }
}

template <class Real, int n>
ZEROPOINT_INLINE void tangent_body(const MomentTask<Real>& task, std::int64_t begin, std::int64_t end,
                                   const Real* directions, MomentArrays<Real> tangents) {
  const Sizes size = sizes_of(task);
  const AtomBatch& batch = task.batch;
  constexpr int stride = n * lanes;
  for (std::int64_t i = begin; i < end; ++i) {
    Real* const radial = tangents.radial + i * size.radial();
    Real* const angular = tangents.angular + i * size.angular();
    std::fill_n(radial, size.radial(), Real{0});
    std::fill_n(angular, size.angular(), Real{0});
    const std::int64_t first = batch.first[at_place(i)], last = batch.first[at_place(i) + 1];
    const std::int64_t first_angular = batch.angular_first[at_place(i)], n_angular = batch.n_angular(i);
    for (std::int64_t e = first; e < last; ++e) {
      const int s = batch.species[at_place(batch.neighbour[at_place(e)])];
      const Real *const d = task.edges.directions + 4 * e, *const w = directions + 3 * e;
      const Real along = w[0] * d[0] + w[1] * d[1] + w[2] * d[2];
      Row<Real, n> f, slope, sum;
      slope.load(task.edges.radial + (e * 2 + 1) * stride);
      sum.clear();
      sum.add(along, slope);
      sum.add_to(radial + s * stride);
      if (e - first >= n_angular) continue;
      const std::int64_t a = first_angular + e - first;
      f.load(task.edges.angular + a * 2 * stride);
      slope.load(task.edges.angular + (a * 2 + 1) * stride);
      const Real px = (w[0] - along * d[0]) * d[3], py = (w[1] - along * d[1]) * d[3],
                 pz = (w[2] - along * d[2]) * d[3];
      const Real* const y = task.edges.harmonics + a * 4 * size.n_harmonics;
      const Real *const yx = y + size.n_harmonics, *const yy = yx + size.n_harmonics, *const yz = yy + size.n_harmonics;
      for (int lm = 0; lm < size.n_harmonics; ++lm) {
        sum.clear();
        sum.add(y[lm] * along, slope);
        sum.add(yx[lm] * px + yy[lm] * py + yz[lm] * pz, f);
        sum.add_to(angular + lm * size.radial() + s * stride);
      }
    }
    const int z = batch.species[at_place(i)];
    const Real *const radial_scale = task.scale.radial + z * size.radial(), *const angular_scale =
                                                                                task.scale.angular + z * size.angular();
    for (std::int64_t k = 0; k < size.radial(); ++k) radial[k] *= radial_scale[k];
    for (std::int64_t k = 0; k < size.angular(); ++k) angular[k] *= angular_scale[k];
  }
}

static_assert(highest_radial_order < 4 * lanes);

// The number of vectors is known when the loops are compiled.
#define ZEROPOINT_FOR_STRIDE(body, Real, ...) \
  switch (task.options.stride() / lanes) {    \
    case 1:                                   \
      return body<Real, 1>(__VA_ARGS__);      \
    case 2:                                   \
      return body<Real, 2>(__VA_ARGS__);      \
    case 3:                                   \
      return body<Real, 3>(__VA_ARGS__);      \
    default:                                  \
      return body<Real, 4>(__VA_ARGS__);      \
  }

#define ZEROPOINT_KERNELS(Real, suffix)                                                                                \
  ZEROPOINT_BEST_PROCESSOR void moments_##suffix(const MomentTask<Real>& task, std::int64_t begin, std::int64_t end,   \
                                                 MomentArrays<Real> moments){ZEROPOINT_FOR_STRIDE(                     \
      moments_body, Real, task, begin, end,                                                                            \
      moments)} ZEROPOINT_BEST_PROCESSOR void gradients_##suffix(const MomentTask<Real>& task, std::int64_t begin,     \
                                                                 std::int64_t end, MomentArrays<const Real> gradients, \
                                                                 Real* vectors){ZEROPOINT_FOR_STRIDE(                  \
      gradients_body, Real, task, begin, end, gradients,                                                               \
      vectors)} ZEROPOINT_BEST_PROCESSOR void tangent_##suffix(const MomentTask<Real>& task, std::int64_t begin,       \
                                                               std::int64_t end, const Real* directions,               \
                                                               MomentArrays<Real> tangents) {                          \
    ZEROPOINT_FOR_STRIDE(tangent_body, Real, task, begin, end, directions, tangents)                                   \
  }

ZEROPOINT_KERNELS(float, single)
ZEROPOINT_KERNELS(double, full)

}  // namespace

template <class Real>
void fill_edges(const MomentTask<Real>& task, std::int64_t begin, std::int64_t end) {
  const DescriptorOptions& options = task.options;
  const AtomBatch& batch = task.batch;
  const int stride = options.stride(), n = options.n_functions();
  const SphericalHarmonics<Real> harmonics(options.angular_order);
  for (std::int64_t i = begin; i < end; ++i) {
    const std::int64_t first = batch.first[at_place(i)], last = batch.first[at_place(i) + 1];
    for (std::int64_t e = first; e < last; ++e) {
      const double* const v = batch.vectors.data() + 3 * e;
      const double distance = std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
      Real* const d = task.edges.directions + 4 * e;
      for (int k = 0; k < 3; ++k) d[k] = static_cast<Real>(v[k] / distance);
      d[3] = static_cast<Real>(1 / distance);
      Real* const radial = task.edges.radial + e * 2 * stride;
      std::fill_n(radial, 2 * stride, Real{0});
      radial_functions(options.cutoff_function, static_cast<Real>(distance), static_cast<Real>(options.radial_cutoff),
                       n, radial, radial + stride);
      if (e - first >= batch.n_angular(i)) continue;
      const std::int64_t a = batch.angular_first[at_place(i)] + e - first;
      Real* const angular = task.edges.angular + a * 2 * stride;
      std::fill_n(angular, 2 * stride, Real{0});
      radial_functions(options.cutoff_function, static_cast<Real>(distance), static_cast<Real>(options.angular_cutoff),
                       n, angular, angular + stride);
      Real* const y = task.edges.harmonics + a * 4 * options.n_harmonics();
      harmonics(d[0], d[1], d[2], y, y + options.n_harmonics());
    }
  }
}

template void fill_edges(const MomentTask<float>&, std::int64_t, std::int64_t);
template void fill_edges(const MomentTask<double>&, std::int64_t, std::int64_t);

template <>
void sum_moments(const MomentTask<float>& task, std::int64_t begin, std::int64_t end, MomentArrays<float> moments) {
  moments_single(task, begin, end, moments);
}
template <>
void sum_moments(const MomentTask<double>& task, std::int64_t begin, std::int64_t end, MomentArrays<double> moments) {
  moments_full(task, begin, end, moments);
}
template <>
void edge_gradients(const MomentTask<float>& task, std::int64_t begin, std::int64_t end,
                    MomentArrays<const float> gradients, float* vectors) {
  gradients_single(task, begin, end, gradients, vectors);
}
template <>
void edge_gradients(const MomentTask<double>& task, std::int64_t begin, std::int64_t end,
                    MomentArrays<const double> gradients, double* vectors) {
  gradients_full(task, begin, end, gradients, vectors);
}
template <>
void moments_tangent(const MomentTask<float>& task, std::int64_t begin, std::int64_t end, const float* directions,
                     MomentArrays<float> tangents) {
  tangent_single(task, begin, end, directions, tangents);
}
template <>
void moments_tangent(const MomentTask<double>& task, std::int64_t begin, std::int64_t end, const double* directions,
                     MomentArrays<double> tangents) {
  tangent_full(task, begin, end, directions, tangents);
}

}  // namespace zeropoint::mlp
