#pragma once

// What block_kernels_*.cpp exports: the right order of harmonics for a model.

#include "mlp/kernels/block_bodies.hpp"
#include "mlp/kernels/gradient_bodies.hpp"
#include "mlp/kernels/group_bodies.hpp"
#include "mlp/kernels/matrix_bodies.hpp"

namespace zeropoint::mlp::ZEROPOINT_KERNELS {

/// Calls body.operator()<L>() for the angular order of a model.
template <class Body>
static auto with_order(int angular_order, const Body& body) {
  switch (angular_order) {
    case 0:
      return body.template operator()<0>();
    case 1:
      return body.template operator()<1>();
    case 2:
      return body.template operator()<2>();
    case 3:
      return body.template operator()<3>();
    case 4:
      return body.template operator()<4>();
    case 5:
      return body.template operator()<5>();
    default:
      return body.template operator()<6>();
  }
}

template <class R>
static std::size_t block_workspace(const KernelModel<R>& model, const KernelPairs& pairs) {
  return Lanes<R>::width *
         with_order(model.sizes.angular_order, [&]<int L>() { return Block<R, L>::size(model, pairs); });
}

template <class R>
static BlockProblem evaluate_block(const BlockTask<R>& task) {
  return with_order(task.model.sizes.angular_order,
                    [&]<int L>() { return Block<R, L>(task, Room<R>(task.workspace)).run(); });
}

template <class R>
static std::size_t group_workspace(const KernelModel<R>& model, int n_slots) {
  return Lanes<R>::width *
         with_order(model.sizes.angular_order, [&]<int L>() { return Group<R, L>::size(model, n_slots); });
}

template <class R>
static void evaluate_group(const GroupTask<R>& task) {
  with_order(task.model.sizes.angular_order, [&]<int L>() { Group<R, L>(task, Room<R>(task.workspace)).run(); });
}

template <class R>
static std::size_t gradient_workspace(const KernelModel<R>& model, int n_slots) {
  return Lanes<R>::width *
         with_order(model.sizes.angular_order, [&]<int L>() { return Gradient<R, L>::size(model, n_slots); });
}

template <class R>
static void evaluate_gradient(const GradientTask<R>& task) {
  with_order(task.model.sizes.angular_order, [&]<int L>() { Gradient<R, L>(task, Room<R>(task.workspace)).run(); });
}

template <class R>
constexpr BlockKernels<R> kernels_here{Lanes<R>::width,      block_workspace<R>,   evaluate_block<R>,
                                       group_workspace<R>,   evaluate_group<R>,    gradient_workspace<R>,
                                       evaluate_gradient<R>, product_workspace<R>, multiply<R>};

}  // namespace zeropoint::mlp::ZEROPOINT_KERNELS
