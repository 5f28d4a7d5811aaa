#include "mlp/force_map.hpp"

#include <ATen/core/ivalue.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

namespace zeropoint::mlp {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Sums over edges, one after another: the same bits for any number of threads.
template <class Real>
void collect(const AtomBatch& batch, const Real* edges, double* forces, double* strains) {
  for (std::int64_t i = 0; i < batch.n_atoms(); ++i) {
    double* const strain = strains + 9 * batch.structure[i];
    for (std::int64_t e = batch.first[i]; e < batch.first[static_cast<std::size_t>(i) + 1]; ++e) {
      double* const other = forces + 3 * static_cast<std::int64_t>(batch.neighbour[e]);
      const double* const r = batch.vectors.data() + 3 * e;
      for (int k = 0; k < 3; ++k) {
        const double f = static_cast<double>(edges[3 * e + k]);
        forces[3 * i + k] += f;
        other[k] -= f;
        for (int m = 0; m < 3; ++m) strain[3 * k + m] += f * r[m];
      }
    }
  }
}

/// The transpose: what an edge vector moves by.
template <class Real>
void distribute(const AtomBatch& batch, const double* forces, const double* strains, Real* edges) {
  for (std::int64_t i = 0; i < batch.n_atoms(); ++i) {
    const double* const strain = strains + 9 * batch.structure[i];
    for (std::int64_t e = batch.first[i]; e < batch.first[static_cast<std::size_t>(i) + 1]; ++e) {
      const double* const other = forces + 3 * static_cast<std::int64_t>(batch.neighbour[e]);
      const double* const r = batch.vectors.data() + 3 * e;
      for (int k = 0; k < 3; ++k) {
        double w = forces[3 * i + k] - other[k];
        for (int m = 0; m < 3; ++m) w += strain[3 * k + m] * r[m];
        edges[3 * e + k] = static_cast<Real>(w);
      }
    }
  }
}

/// Lets autograd keep the map as long as it needs it.
struct MapHolder : torch::CustomClassHolder {
  explicit MapHolder(std::shared_ptr<const MomentMap> kept) : map(std::move(kept)) {}
  std::shared_ptr<const MomentMap> map;
};

class ForceMap : public torch::autograd::Function<ForceMap> {
 public:
  static variable_list forward(AutogradContext* context, const at::Tensor& radial, const at::Tensor& angular,
                               const std::shared_ptr<const MomentMap>& map) {
    context->saved_data["map"] = c10::IValue::make_capsule(c10::make_intrusive<MapHolder>(map));
    const AtomBatch& batch = map->batch();
    const at::Tensor edges = map->edge_gradients({radial, angular});
    at::Tensor forces = at::zeros({batch.n_atoms(), 3}, at::kDouble),
               strains = at::zeros({batch.n_structures(), 3, 3}, at::kDouble);
    if (map->type() == at::kFloat) {
      collect(batch, edges.const_data_ptr<float>(), forces.mutable_data_ptr<double>(),
              strains.mutable_data_ptr<double>());
    } else {
      collect(batch, edges.const_data_ptr<double>(), forces.mutable_data_ptr<double>(),
              strains.mutable_data_ptr<double>());
    }
    return {forces, strains};
  }

  static variable_list backward(AutogradContext* context, const variable_list& directions) {
    const auto holder = c10::static_intrusive_pointer_cast<MapHolder>(context->saved_data["map"].toCapsule());
    const AtomBatch& batch = holder->map->batch();
    const auto given = [](const at::Tensor& values, at::IntArrayRef shape) {
      return values.defined() ? values : at::zeros(shape, at::kDouble);
    };
    const Moments tangents = moments_tangent(
        *holder->map, {given(directions[0], {batch.n_atoms(), 3}), given(directions[1], {batch.n_structures(), 3, 3})});
    return {tangents.radial, tangents.angular, at::Tensor()};
  }
};

}  // namespace

Forces force_map(const std::shared_ptr<const MomentMap>& map, const Moments& gradients) {
  const variable_list results = ForceMap::apply(gradients.radial, gradients.angular, map);
  return {results[0], results[1]};
}

Moments moments_tangent(const MomentMap& map, const Forces& directions) {
  const at::Tensor forces = directions.forces.contiguous(), strains = directions.strains.contiguous();
  const AtomBatch& batch = map.batch();
  at::Tensor edges = at::empty({batch.n_edges(), 3}, map.type());
  if (map.type() == at::kFloat) {
    distribute(batch, forces.const_data_ptr<double>(), strains.const_data_ptr<double>(),
               edges.mutable_data_ptr<float>());
  } else {
    distribute(batch, forces.const_data_ptr<double>(), strains.const_data_ptr<double>(),
               edges.mutable_data_ptr<double>());
  }
  return map.moments_tangent(edges);
}

}  // namespace zeropoint::mlp
