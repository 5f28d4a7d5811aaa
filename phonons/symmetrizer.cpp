#include "phonons/symmetrizer.hpp"

#include <algorithm>
#include <map>
#include <numbers>

#include "core/error.hpp"

namespace zeropoint::phonons {
namespace {

using Element = std::pair<std::vector<int>, std::vector<int>>;  // rotation and permutation: {S|t} modulo lattice translations

Element element(const Eigen::Matrix3i& rotation, const std::vector<int>& permutation) {
  return {std::vector<int>(rotation.data(), rotation.data() + 9), permutation};
}

/// table[a][b] = index of operation a after operation b.
std::vector<std::vector<int>> multiplication_table(const std::vector<SymmetryOperation>& operations) {
  std::map<Element, int> index;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (!index.emplace(element(operations[i].rotation, operations[i].permutation), static_cast<int>(i)).second) {
      throw InputError{"symmetry operation {} occurs twice (modulo lattice translations): remove one", i + 1};
    }
  }
  std::vector<std::vector<int>> table(operations.size(), std::vector<int>(operations.size()));
  for (std::size_t a = 0; a < operations.size(); ++a) {
    for (std::size_t b = 0; b < operations.size(); ++b) {
      std::vector<int> permutation;
      for (const int image : operations[b].permutation) {
        permutation.push_back(operations[a].permutation[static_cast<std::size_t>(image)]);
      }
      const auto product = index.find(element(operations[a].rotation * operations[b].rotation, permutation));
      if (product == index.end()) {
        throw InputError{"the {} symmetry operations are not a group: the product of number {} and number {} is missing. "
                         "Give a closed list, or another tolerance",
                         operations.size(), a + 1, b + 1};
      }
      table[a][b] = product->second;
    }
  }
  return table;
}

/// Smallest group that holds `members` and `generator`.
std::vector<int> generated_by(std::vector<int> members, int generator, const std::vector<std::vector<int>>& table) {
  std::vector<bool> inside(table.size(), false);
  for (const int m : members) inside[static_cast<std::size_t>(m)] = true;
  const auto take = [&](int m) {
    if (!inside[static_cast<std::size_t>(m)]) {
      inside[static_cast<std::size_t>(m)] = true;
      members.push_back(m);
    }
  };
  take(generator);
  for (std::size_t i = 0; i < members.size(); ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      take(table[static_cast<std::size_t>(members[i])][static_cast<std::size_t>(members[j])]);
      take(table[static_cast<std::size_t>(members[j])][static_cast<std::size_t>(members[i])]);
    }
  }
  return members;
}

/// {e} = H_0 < H_1 < ... < G by steps as small as there are; for each step the representatives r != e with H_k+1 = U r H_k.
std::vector<std::vector<int>> coset_chain(const std::vector<std::vector<int>>& table) {
  const int n = static_cast<int>(table.size());
  int identity = 0;
  while (table[static_cast<std::size_t>(identity)][0] != 0) ++identity;
  std::vector<std::vector<int>> chain;
  std::vector<int> subgroup{identity};
  while (static_cast<int>(subgroup.size()) < n) {
    std::vector<int> larger;
    for (int g = 0; g < n; ++g) {
      if (std::find(subgroup.begin(), subgroup.end(), g) != subgroup.end()) continue;
      std::vector<int> candidate = generated_by(subgroup, g, table);
      if (larger.empty() || candidate.size() < larger.size()) larger = std::move(candidate);
    }
    std::vector<bool> covered(table.size(), false);
    const auto cover = [&](int r) {
      for (const int h : subgroup) covered[static_cast<std::size_t>(table[static_cast<std::size_t>(r)][static_cast<std::size_t>(h)])] = true;
    };
    cover(identity);
    std::vector<int> representatives;
    for (const int r : larger) {
      if (covered[static_cast<std::size_t>(r)]) continue;
      representatives.push_back(r);
      cover(r);
    }
    chain.push_back(std::move(representatives));
    subgroup = std::move(larger);
  }
  return chain;
}

Eigen::Vector3d rotated_q(const SymmetryOperation& operation, const Eigen::Vector3d& q) {
  return operation.rotation.cast<double>().inverse().transpose() * q;
}

}  // namespace

SpaceGroup keeping_grid(SpaceGroup group, const QGrid& grid) {
  std::erase_if(group.operations, [&](const SymmetryOperation& operation) {
    return std::any_of(grid.points().begin(), grid.points().end(),
                       [&](const Eigen::Vector3d& q) { return grid.find(rotated_q(operation, q)) < 0; });
  });
  return group;
}

Symmetrizer::Symmetrizer(const SpaceGroup& group, const Crystal& crystal, const QGrid& grid)
    : grid_(grid), n_operations_(static_cast<int>(group.operations.size())), n_atoms_(crystal.n_atoms()) {
  const std::vector<std::vector<int>> table = multiplication_table(group.operations);
  for (const std::vector<int>& representatives : coset_chain(table)) {
    std::vector<Action> actions;
    for (const int r : representatives) {
      const SymmetryOperation& operation = group.operations[static_cast<std::size_t>(r)];
      Action action{operation.cartesian, operation.permutation, {}, {}};
      for (int iq = 0; iq < grid.size(); ++iq) {
        const int image = grid.find(rotated_q(operation, grid.points()[static_cast<std::size_t>(iq)]));
        if (image < 0) {
          throw InputError{"symmetry operation {} leads q point {} out of the {} x {} x {} grid: the grid is less "
                           "symmetric than the crystal. Use operations that keep the grid",
                           r + 1, iq + 1, grid.divisions()[0], grid.divisions()[1], grid.divisions()[2]};
        }
        action.q_image.push_back(image);
        const Eigen::Vector3d q = grid.points()[static_cast<std::size_t>(image)];
        Eigen::VectorXcd phase(n_atoms_);
        for (int s = 0; s < n_atoms_; ++s) {
          const double angle = -2 * std::numbers::pi * q.dot(operation.shift[static_cast<std::size_t>(s)].cast<double>());
          phase[s] = std::polar(1.0, angle);
          if (grid.is_real(image)) phase[s] = std::round(phase[s].real());
        }
        action.phase.push_back(std::move(phase));
      }
      actions.push_back(std::move(action));
    }
    chain_.push_back(std::move(actions));
  }
}

namespace {

/// sum += Gamma from Gamma^dagger on the blocks (s, t >= s), the others being their adjoints; `Block` is real at q = -q + G.
template <class Block, class Read, class Add>
void rotate_blocks(const Eigen::Matrix3d& rotation, const std::vector<int>& permutation, const Eigen::VectorXcd& phase,
                   int n_atoms, Read read, Add add) {
  for (int s = 0; s < n_atoms; ++s) {
    for (int t = s; t < n_atoms; ++t) {
      const Block half = rotation * read(s, t);
      const Block turned = half * rotation.transpose();
      add(permutation[static_cast<std::size_t>(s)], permutation[static_cast<std::size_t>(t)], turned, phase[s] * std::conj(phase[t]));
    }
  }
}

}  // namespace

// Reads and adds to the blocks (s, t >= s) alone.
void Symmetrizer::add_rotated(const Action& action, const std::vector<Eigen::MatrixXcd>& from,
                              std::vector<Eigen::MatrixXcd>& sum) const {
  for (const int iq : grid_.independent()) {
    const int image = action.q_image[static_cast<std::size_t>(iq)];
    const int partner = grid_.minus(image);
    const bool conjugate = partner < image;  // only the first of (q, -q) is kept: D(-q) = D(q)^*
    const Eigen::MatrixXcd& source = from[static_cast<std::size_t>(iq)];
    Eigen::MatrixXcd& target = sum[static_cast<std::size_t>(conjugate ? partner : image)];
    const Eigen::VectorXcd& phase = action.phase[static_cast<std::size_t>(iq)];
    if (grid_.is_real(iq)) {
      rotate_blocks<Eigen::Matrix3d>(
          action.cartesian, action.permutation, phase, n_atoms_,
          [&](int s, int t) -> Eigen::Matrix3d { return source.block<3, 3>(3 * s, 3 * t).real(); },
          [&](int s, int t, const Eigen::Matrix3d& block, std::complex<double> factor) {
            if (s <= t) {
              target.block<3, 3>(3 * s, 3 * t).real() += factor.real() * block;
            } else {
              target.block<3, 3>(3 * t, 3 * s).real() += factor.real() * block.transpose();
            }
          });
    } else {
      rotate_blocks<Eigen::Matrix3cd>(
          action.cartesian, action.permutation, phase, n_atoms_,
          [&](int s, int t) -> Eigen::Matrix3cd { return source.block<3, 3>(3 * s, 3 * t); },
          [&](int s, int t, const Eigen::Matrix3cd& block, std::complex<double> factor) {
            Eigen::Matrix3cd turned = factor * block;
            if (conjugate) turned = turned.conjugate().eval();
            if (s <= t) {
              target.block<3, 3>(3 * s, 3 * t) += turned;
            } else {
              target.block<3, 3>(3 * t, 3 * s) += turned.adjoint();
            }
          });
    }
  }
}

void Symmetrizer::matrices(std::vector<Eigen::MatrixXcd>& blocks) const {
  for (const int iq : grid_.independent()) {
    if (grid_.is_real(iq)) continue;
    Eigen::MatrixXcd& block = blocks[static_cast<std::size_t>(iq)];
    block = 0.5 * (block + blocks[static_cast<std::size_t>(grid_.minus(iq))].conjugate());
  }
  independent_matrices(blocks);
  for (const int iq : grid_.independent()) {
    const int partner = grid_.minus(iq);
    if (partner != iq) blocks[static_cast<std::size_t>(partner)] = blocks[static_cast<std::size_t>(iq)].conjugate();
  }
}

void Symmetrizer::independent_matrices(std::vector<Eigen::MatrixXcd>& blocks) const {
  for (const int iq : grid_.independent()) {
    Eigen::MatrixXcd& block = blocks[static_cast<std::size_t>(iq)];
    block = (0.5 * (block + block.adjoint())).eval();
    if (grid_.is_real(iq)) block.imag().setZero();
  }
  impose_acoustic_sum_rule(blocks[static_cast<std::size_t>(grid_.gamma())]);
  std::vector<Eigen::MatrixXcd> sum(blocks.size());
  for (const std::vector<Action>& cosets : chain_) {
    for (const int iq : grid_.independent()) sum[static_cast<std::size_t>(iq)] = blocks[static_cast<std::size_t>(iq)];
    for (const Action& action : cosets) add_rotated(action, blocks, sum);
    for (const int iq : grid_.independent()) blocks[static_cast<std::size_t>(iq)].swap(sum[static_cast<std::size_t>(iq)]);
  }
  const double share = 1.0 / n_operations_;
  for (const int iq : grid_.independent()) {
    Eigen::MatrixXcd& block = blocks[static_cast<std::size_t>(iq)];
    for (int s = 0; s < n_atoms_; ++s) {
      for (int t = s; t < n_atoms_; ++t) {
        const Eigen::Matrix3cd upper = share * block.block<3, 3>(3 * s, 3 * t);
        block.block<3, 3>(3 * s, 3 * t) = upper;
        if (s != t) block.block<3, 3>(3 * t, 3 * s) = upper.adjoint();
      }
    }
  }
}

void Symmetrizer::vectors(Vectors& values) const {
  for (const std::vector<Action>& cosets : chain_) {
    Vectors sum = values;
    for (const Action& action : cosets) {
      for (int s = 0; s < n_atoms_; ++s) {
        sum.row(action.permutation[static_cast<std::size_t>(s)]) += values.row(s) * action.cartesian.transpose();
      }
    }
    values = sum / static_cast<double>(cosets.size() + 1);
  }
}

Eigen::Matrix3d Symmetrizer::tensor(const Eigen::Matrix3d& value) const {
  Eigen::Matrix3d result = value;
  for (const std::vector<Action>& cosets : chain_) {
    Eigen::Matrix3d sum = result;
    for (const Action& action : cosets) sum += action.cartesian * result * action.cartesian.transpose();
    result = sum / static_cast<double>(cosets.size() + 1);
  }
  return result;
}

void impose_acoustic_sum_rule(Eigen::MatrixXcd& gamma_block) {
  const Eigen::Index n_atoms = gamma_block.rows() / 3;
  const Eigen::MatrixXd uniform = Eigen::Matrix3d::Identity().replicate(n_atoms, 1) / std::sqrt(static_cast<double>(n_atoms));
  gamma_block -= uniform * (uniform.transpose() * gamma_block).eval();
  gamma_block -= (gamma_block * uniform).eval() * uniform.transpose();
}

}  // namespace zeropoint::phonons
