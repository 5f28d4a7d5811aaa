#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "mlp/atom_batch.hpp"
#include "mlp/descriptor.hpp"

namespace zeropoint::mlp {

/// Moments of all atoms of a batch, in float32 or float64.
///
/// Functions of r come last, in DescriptorOptions::stride() places of which those beyond n_functions() are zero.
struct Moments {
  at::Tensor radial;   ///< R [n_atoms, n_species, stride]
  at::Tensor angular;  ///< A [n_atoms, n_harmonics, n_species, stride]
};

/// R~ = (R - shift) scale and A~ = A scale, for each species of centre.
struct MomentScaling {
  at::Tensor radial_shift;   ///< [n_species, n_species, stride]
  at::Tensor radial_scale;   ///< [n_species, n_species, stride]
  at::Tensor angular_scale;  ///< [n_species, n_harmonics, n_species, stride], the same for all m of one l
};

/// No scaling: the moments as they are defined.
MomentScaling unit_scaling(const DescriptorOptions& options, int n_species, at::ScalarType type);

/// The functions on the edges of a batch, from which moments, forces and tangents are made without knowing where the
/// atoms are. All three are linear in what they are given and cost a time of order n_edges.
class MomentMap {
 public:
  /// `type`: kFloat or kDouble. `scaling` in the same type.
  MomentMap(std::shared_ptr<const AtomBatch> batch, const DescriptorOptions& options, const MomentScaling& scaling,
            at::ScalarType type);
  ~MomentMap();

  const AtomBatch& batch() const { return *batch_; }
  const DescriptorOptions& options() const { return options_; }
  at::ScalarType type() const { return type_; }

  /// Scaled moments of all atoms.
  Moments moments() const;

  /// dE/dr_e = sum over k and lm of `gradients` (dE/d of the scaled moments of the centre) times the derivative of the
  /// functions on edge e: [n_edges, 3] eV/angstrom in the type of the map.
  at::Tensor edge_gradients(const Moments& gradients) const;

  /// The transpose of edge_gradients: derivatives of the scaled moments when every edge vector moves by `directions`
  /// [n_edges, 3].
  Moments moments_tangent(const at::Tensor& directions) const;

 private:
  struct Edges;
  std::shared_ptr<const AtomBatch> batch_;
  DescriptorOptions options_;
  MomentScaling scaling_;
  at::ScalarType type_;
  std::unique_ptr<Edges> edges_;
};

}  // namespace zeropoint::mlp
