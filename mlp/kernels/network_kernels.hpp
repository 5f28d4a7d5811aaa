#pragma once

#include <c10/core/ScalarType.h>

#include <string>
#include <variant>
#include <vector>

#include "mlp/kernels/block_kernels.hpp"
#include "mlp/kernels/structure_kernels.hpp"

namespace zeropoint::mlp {

/// Where the numbers of a population go; null pointers are not wanted.
struct PopulationNumbers {
  double* energies;    ///< [n] eV
  double* forces;      ///< [n, n_atoms, 3] eV/angstrom
  double* virials;     ///< [n, 3, 3] eV: volume times stress
  double* deviations;  ///< [n, n_atoms] eV/angstrom, of forces among networks
};

/// A model for the kernels of one instruction set, in float32 or float64.
class NetworkKernels {
 public:
  /// @throws InputError for a model without a network.
  NetworkKernels(const Model& model, c10::ScalarType type, const std::string& instruction_set = kernel_names().front());

  /// Structures of any kind, [structure][network], on the calling thread.
  std::vector<std::vector<HeadPrediction>> evaluate(const std::vector<const Geometry*>& structures) const;

  /// `n` copies of one supercell, displaced by `displacements` [n, n_atoms, 3] (angstrom) for which `pairs` hold, in
  /// blocks on all threads; the bits depend neither on their number nor on who is in a block with whom.
  /// @returns the first problem in the order of the configurations; then the numbers mean nothing.
  BlockProblem evaluate(const KernelPairs& pairs, const double* displacements, std::int64_t n,
                        const PopulationNumbers& numbers) const;

 private:
  template <class Real>
  struct In {
    KernelModel<Real> model;
    const BlockKernels<Real>* kernels;
  };
  std::variant<In<float>, In<double>> in_;
};

}  // namespace zeropoint::mlp
