#pragma once

#include <cstdint>

#include "mlp/atom_batch.hpp"
#include "mlp/descriptor.hpp"

namespace zeropoint::mlp {

/// Functions on edges, row-major.
template <class Real>
struct EdgeFunctions {
  Real* directions;  ///< [n_edges, 4] unit vector, 1/distance
  Real* radial;      ///< [n_edges, 2, stride] f_k and f_k' of the radial cutoff
  Real* angular;     ///< [n_angular_edges, 2, stride] the same of the angular cutoff
  Real* harmonics;   ///< [n_angular_edges, 4, n_harmonics] Y and its three derivatives
};

/// Pointers into Moments, or into gradients with respect to them; for scalings per species of the centre.
template <class Real>
struct MomentArrays {
  Real* radial;
  Real* angular;
};

/// A batch, seen by the loops below; `scale` as in MomentScaling.
template <class Real>
struct MomentTask {
  const AtomBatch& batch;
  const DescriptorOptions& options;
  EdgeFunctions<Real> edges;
  MomentArrays<const Real> scale;
};

/// Plain loops over atoms begin <= i < end, for the processor at hand. In float32 and float64.
template <class Real>
void fill_edges(const MomentTask<Real>& task, std::int64_t begin, std::int64_t end);
/// Raw moments times scale.
template <class Real>
void sum_moments(const MomentTask<Real>& task, std::int64_t begin, std::int64_t end, MomentArrays<Real> moments);
template <class Real>
void edge_gradients(const MomentTask<Real>& task, std::int64_t begin, std::int64_t end,
                    MomentArrays<const Real> gradients, Real* vectors);
template <class Real>
void moments_tangent(const MomentTask<Real>& task, std::int64_t begin, std::int64_t end, const Real* directions,
                     MomentArrays<Real> tangents);

}  // namespace zeropoint::mlp
