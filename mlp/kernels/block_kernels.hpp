#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mlp/kernels/kernel_model.hpp"

namespace zeropoint::mlp {

/// Candidates for neighbours of every atom of one supercell, in the order in which they are summed: by species, then by
/// distance between the sites.
struct KernelPairs {
  int n_species = 0;
  std::vector<int> species;  ///< [n_atoms]
  std::vector<std::int64_t>
      first;                    ///< [n_atoms * n_species + 1] pairs of atom i and species s: from i n_species + s on
  std::vector<int> neighbour;   ///< [n_pairs] j
  std::vector<double> vectors;  ///< [n_pairs, 3] angstrom, between the sites

  int n_atoms() const { return static_cast<int>(species.size()); }
};

/// A configuration that has no answer; its numbers, and those of its companions, mean nothing.
struct BlockProblem {
  enum class Kind { none, touching, alone };  ///< atoms nearer than 0.1 angstrom; no neighbour in the angular cutoff
  Kind kind = Kind::none;
  int configuration = 0, atom = 0;  ///< from 0
};

/// Configurations of one supercell, not more than the kernel has lanes.
template <class Real>
struct BlockTask {
  const KernelModel<Real>& model;
  const KernelPairs& pairs;
  int n_config;                 ///< at most lanes()
  const double* displacements;  ///< [n_config, 3 n_atoms] angstrom, from the sites
  Real* workspace;              ///< block_workspace() numbers, on a multiple of 64 bytes
  // Results; means over networks or last layers, where they are several.
  double* energies;              ///< [n_config] eV, with reference energies
  double* forces;                ///< [n_config, 3 n_atoms] eV/angstrom
  double* virials;               ///< [n_config, 9] sum over pairs of f (x) r, eV: volume times stress
  double* deviations = nullptr;  ///< [n_config, n_atoms] sqrt(sum_k |F_k - mean|^2/(K - 1)); null: not wanted
};

/// Centres of one species, not more than the kernel has lanes, from structures of any kind.
template <class Real>
struct GroupTask {
  const KernelModel<Real>& model;
  int species;  ///< of the centres
  const int*
      first_slot;  ///< [n_species + 1] neighbours of species s are in slots first_slot[s] <= e < first_slot[s + 1]
  /// [n_slots, 3, lanes] angstrom, to the neighbours; a slot that a centre does not need holds a vector beyond the
  /// radial cutoff. On a multiple of 64 bytes, like gradients and workspace.
  const Real* vectors;
  Real* workspace;   ///< group_workspace() numbers
  double* energies;  ///< [n_heads, lanes] eV, without reference energies
  Real* gradients;   ///< [n_heads, n_slots, 3, lanes] dE/dr of the centre's energy, eV/angstrom
};

/// Rows of numbers from which the derivatives with respect to weights are made as products of matrices. A row has a
/// value for each centre, and behind those its dot for each centre: with a weight w between a and b, dL/dw is the
/// product of the row of a and that of the derivatives with respect to b.
struct PanelRows {
  explicit PanelRows(const KernelSizes& sizes);
  std::int64_t radial, angular;  ///< [S][K], [S][K][n_harmonics] raw moments
  std::int64_t rho_bar, b_bar;   ///< [radial_channels], [channels][n_harmonics]
  std::int64_t h2, x;            ///< [hidden], [n_invariants], one behind the other
  std::int64_t h1;               ///< [hidden]
  std::int64_t u1_bar, u2_bar;   ///< [hidden] of the arguments of both tanh
  std::int64_t energy_weight;    ///< [1]; its dot is 1
  std::int64_t count;            ///< of all rows
};

/// Numbers a lane of GradientTask::sums: query, key, value [layers][heads][channels][channels], shares
/// [layers][heads][L + 1], weights of four-body terms [min(L, 3) + 1][channels][3 four_body].
std::int64_t sums_size(const KernelSizes& sizes);

/// Derivatives of sum_i (weight_i E_i + dE_i) with respect to the weights of the first network of a model, for centres
/// of one species; dE_i is the derivative of E_i when every pair vector moves by its direction.
template <class Real>
struct GradientTask {
  const KernelModel<Real>& model;
  int species;
  const int* first_slot;       ///< as in GroupTask
  const Real* vectors;         ///< [n_slots, 3, lanes]
  const Real* directions;      ///< [n_slots, 3, lanes]
  const Real* energy_weights;  ///< [lanes], 0 where there is no centre
  Real* workspace;             ///< gradient_workspace() numbers
  Real* panels;                ///< [PanelRows::count][2][n_columns]; the columns of this group begin here
  std::int64_t n_columns;      ///< centres of all groups
  Real* sums;                  ///< [sums_size(), lanes] is added to
};

/// c <- keep c + scale a b, a [m, k], b [k, n], c [m, n]; places of a and b are i row + j column, columns of c lie
/// beside one another. `keep` of numbers that are not finite is not defined: begin with zeros.
template <class Real>
struct ProductTask {
  int m, n, k;
  const Real* a;
  long a_row, a_column;
  const Real* b;
  long b_row, b_column;
  Real* c;
  long c_row;
  Real keep, scale;
  Real* workspace;  ///< product_workspace() numbers, on a multiple of 64 bytes
};

/// The kernels of one instruction set.
template <class Real>
struct BlockKernels {
  int lanes;
  /// Numbers of type Real that a block needs.
  std::size_t (*block_workspace)(const KernelModel<Real>& model, const KernelPairs& pairs);
  BlockProblem (*evaluate_block)(const BlockTask<Real>& task);
  std::size_t (*group_workspace)(const KernelModel<Real>& model, int n_slots);
  void (*evaluate_group)(const GroupTask<Real>& task);
  std::size_t (*gradient_workspace)(const KernelModel<Real>& model, int n_slots);
  void (*evaluate_gradient)(const GradientTask<Real>& task);
  std::size_t (*product_workspace)(int n, int k);
  void (*multiply)(const ProductTask<Real>& task);
};

/// Instruction sets that this program has kernels for and this processor knows, the best first: "avx512", "avx2",
/// "sse".
const std::vector<std::string>& kernel_names();
/// @throws InternalError for a name that is not among kernel_names().
template <class Real>
const BlockKernels<Real>& block_kernels(const std::string& name);
extern template const BlockKernels<float>& block_kernels<float>(const std::string&);
extern template const BlockKernels<double>& block_kernels<double>(const std::string&);

}  // namespace zeropoint::mlp
