#include "mlp/kernels/network_kernels.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "mlp/kernels/aligned.hpp"

namespace zeropoint::mlp {
namespace {

template <class Real>
BlockProblem evaluate_population(const KernelModel<Real>& model, const BlockKernels<Real>& kernels,
                                 const KernelPairs& pairs, const double* displacements, std::int64_t n,
                                 const PopulationNumbers& numbers) {
  constexpr std::int64_t blocks_a_piece = 4;
  const std::int64_t n_atoms = pairs.n_atoms(), n_blocks = (n + kernels.lanes - 1) / kernels.lanes;
  const std::int64_t n_pieces = (n_blocks + blocks_a_piece - 1) / blocks_a_piece;
  const std::size_t workspace_size = kernels.block_workspace(model, pairs);
  std::vector<BlockProblem> problems(n_pieces);
  parallel_for(n_pieces, [&](std::int64_t piece) {
    AlignedNumbers<Real> workspace;
    Real* const room = workspace.reserve(workspace_size);
    const std::int64_t last = std::min((piece + 1) * blocks_a_piece, n_blocks);
    for (std::int64_t block = piece * blocks_a_piece; block < last; ++block) {
      const std::int64_t begin = block * kernels.lanes;
      BlockProblem problem =
          kernels.evaluate_block({.model = model,
                                  .pairs = pairs,
                                  .n_config = static_cast<int>(std::min<std::int64_t>(kernels.lanes, n - begin)),
                                  .displacements = displacements + begin * 3 * n_atoms,
                                  .workspace = room,
                                  .energies = numbers.energies + begin,
                                  .forces = numbers.forces + begin * 3 * n_atoms,
                                  .virials = numbers.virials + begin * 9,
                                  .deviations = numbers.deviations ? numbers.deviations + begin * n_atoms : nullptr});
      if (problem.kind == BlockProblem::Kind::none) continue;
      problem.configuration += static_cast<int>(begin);
      problems[piece] = problem;
      return;
    }
  });
  const auto bad = std::ranges::find_if(
      problems, [](const BlockProblem& problem) { return problem.kind != BlockProblem::Kind::none; });
  return bad == problems.end() ? BlockProblem{} : *bad;
}

}  // namespace

NetworkKernels::NetworkKernels(const Model& model, c10::ScalarType type, const std::string& instruction_set)
    : in_(type == c10::kFloat
              ? decltype(in_)(In<float>{fold<float>(model), &block_kernels<float>(instruction_set)})
              : decltype(in_)(In<double>{fold<double>(model), &block_kernels<double>(instruction_set)})) {}

std::vector<std::vector<HeadPrediction>> NetworkKernels::evaluate(
    const std::vector<const Geometry*>& structures) const {
  return std::visit([&](const auto& in) { return evaluate_structures(in.model, *in.kernels, structures); }, in_);
}

BlockProblem NetworkKernels::evaluate(const KernelPairs& pairs, const double* displacements, std::int64_t n,
                                      const PopulationNumbers& numbers) const {
  return std::visit(
      [&](const auto& in) { return evaluate_population(in.model, *in.kernels, pairs, displacements, n, numbers); },
      in_);
}

}  // namespace zeropoint::mlp
