#include "mlp/moments.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "mlp/moment_kernels.hpp"

namespace zeropoint::mlp {
namespace {

constexpr std::int64_t atoms_at_once = 32;

/// Calls body(begin, end) for pieces of the atoms of a batch.
template <class Body>
void for_atoms(const AtomBatch& batch, const Body& body) {
  const std::int64_t n = batch.n_atoms();
  parallel_for((n + atoms_at_once - 1) / atoms_at_once,
               [&](std::int64_t piece) { body(piece * atoms_at_once, std::min((piece + 1) * atoms_at_once, n)); });
}

template <class Real>
MomentArrays<Real> arrays(const at::Tensor& radial, const at::Tensor& angular) {
  return {radial.mutable_data_ptr<Real>(), angular.mutable_data_ptr<Real>()};
}

template <class Real>
MomentArrays<const Real> const_arrays(const at::Tensor& radial, const at::Tensor& angular) {
  return {radial.const_data_ptr<Real>(), angular.const_data_ptr<Real>()};
}

Moments empty_moments(const AtomBatch& batch, const DescriptorOptions& options, at::ScalarType type) {
  return {at::empty({batch.n_atoms(), batch.n_species(), options.stride()}, type),
          at::empty({batch.n_atoms(), options.n_harmonics(), batch.n_species(), options.stride()}, type)};
}

/// Calls body(Real{}) for the type at hand.
template <class Body>
void with_type(at::ScalarType type, const Body& body) {
  if (type == at::kFloat) return body(float{});
  if (type == at::kDouble) return body(double{});
  throw InternalError{"moments are made in float32 or float64 only"};
}

}  // namespace

MomentScaling unit_scaling(const DescriptorOptions& options, int n_species, at::ScalarType type) {
  return {at::zeros({n_species, n_species, options.stride()}, type),
          at::ones({n_species, n_species, options.stride()}, type),
          at::ones({n_species, options.n_harmonics(), n_species, options.stride()}, type)};
}

struct MomentMap::Edges {
  at::Tensor directions, radial, angular, harmonics;  // as in EdgeFunctions

  template <class Real>
  MomentTask<Real> task(const MomentMap& map) const {
    return {*map.batch_,
            map.options_,
            {directions.mutable_data_ptr<Real>(), radial.mutable_data_ptr<Real>(), angular.mutable_data_ptr<Real>(),
             harmonics.mutable_data_ptr<Real>()},
            const_arrays<Real>(map.scaling_.radial_scale, map.scaling_.angular_scale)};
  }
};

MomentMap::MomentMap(std::shared_ptr<const AtomBatch> batch, const DescriptorOptions& options,
                     const MomentScaling& scaling, at::ScalarType type)
    : batch_(std::move(batch)), options_(options), scaling_(scaling), type_(type), edges_(std::make_unique<Edges>()) {
  if (scaling.radial_scale.scalar_type() != type || scaling.radial_scale.size(0) != batch_->n_species()) {
    throw InternalError{"a scaling of another type or number of species than the moments"};
  }
  const std::int64_t n_edges = batch_->n_edges(), n_angular = batch_->angular_first.back();
  edges_->directions = at::empty({n_edges, 4}, type);
  edges_->radial = at::empty({n_edges, 2, options.stride()}, type);
  edges_->angular = at::empty({n_angular, 2, options.stride()}, type);
  edges_->harmonics = at::empty({n_angular, 4, options.n_harmonics()}, type);
  with_type(type, [&](auto zero) {
    const auto task = edges_->task<decltype(zero)>(*this);
    for_atoms(*batch_, [&](std::int64_t begin, std::int64_t end) { fill_edges(task, begin, end); });
  });
}

MomentMap::~MomentMap() = default;

Moments MomentMap::moments() const {
  Moments moments = empty_moments(*batch_, options_, type_);
  with_type(type_, [&](auto zero) {
    using Real = decltype(zero);
    const auto task = edges_->task<Real>(*this);
    const auto out = arrays<Real>(moments.radial, moments.angular);
    const Real* const shift = scaling_.radial_shift.const_data_ptr<Real>();
    const Real* const scale = scaling_.radial_scale.const_data_ptr<Real>();
    const std::int64_t n = batch_->n_species() * options_.stride();
    for_atoms(*batch_, [&](std::int64_t begin, std::int64_t end) {
      sum_moments(task, begin, end, out);
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t z = batch_->species[i];
        for (std::int64_t k = 0; k < n; ++k) out.radial[i * n + k] -= shift[z * n + k] * scale[z * n + k];
      }
    });
  });
  return moments;
}

at::Tensor MomentMap::edge_gradients(const Moments& gradients) const {
  const at::Tensor radial = gradients.radial.contiguous(), angular = gradients.angular.contiguous();
  at::Tensor vectors = at::empty({batch_->n_edges(), 3}, type_);
  with_type(type_, [&](auto zero) {
    using Real = decltype(zero);
    const auto task = edges_->task<Real>(*this);
    for_atoms(*batch_, [&](std::int64_t begin, std::int64_t end) {
      mlp::edge_gradients(task, begin, end, const_arrays<Real>(radial, angular), vectors.mutable_data_ptr<Real>());
    });
  });
  return vectors;
}

Moments MomentMap::moments_tangent(const at::Tensor& directions) const {
  Moments tangents = empty_moments(*batch_, options_, type_);
  with_type(type_, [&](auto zero) {
    using Real = decltype(zero);
    const auto task = edges_->task<Real>(*this);
    for_atoms(*batch_, [&](std::int64_t begin, std::int64_t end) {
      mlp::moments_tangent(task, begin, end, directions.const_data_ptr<Real>(),
                           arrays<Real>(tangents.radial, tangents.angular));
    });
  });
  return tangents;
}

}  // namespace zeropoint::mlp
