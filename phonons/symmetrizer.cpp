#include "phonons/symmetrizer.hpp"

#include <algorithm>
#include <numbers>

#include "core/contract.hpp"
#include "core/error.hpp"
#include "phonons/coset_chain.hpp"

namespace zeropoint::phonons {
namespace {

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
  for (const std::vector<int>& representatives : coset_chain(group.operations)) {
    std::vector<Action> actions;
    for (const int r : representatives) {
      const SymmetryOperation& operation = group.operations[r];
      Action action{operation.cartesian, operation.permutation, {}, {}};
      for (int iq = 0; iq < grid.size(); ++iq) {
        const int image = grid.find(rotated_q(operation, grid.points()[iq]));
        if (image < 0) {
          throw InputError{
              "symmetry operation {} leads q point {} out of the {} x {} x {} grid: the grid is less "
              "symmetric than the crystal. Use operations that keep the grid",
              r + 1,
              iq + 1,
              grid.divisions()[0],
              grid.divisions()[1],
              grid.divisions()[2]};
        }
        action.q_image.push_back(image);
        const Eigen::Vector3d q = grid.points()[image];
        Eigen::VectorXcd phase(n_atoms_);
        for (int s = 0; s < n_atoms_; ++s) {
          const double angle = -2 * std::numbers::pi * q.dot(operation.shift[s].cast<double>());
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

/// sum += Gamma from Gamma^dagger on the blocks (s, t >= s), the others being their adjoints; `Block` is real at q = -q
/// + G.
template <class Block, class Read, class Add>
void rotate_blocks(const Eigen::Matrix3d& rotation, const std::vector<int>& permutation, const Eigen::VectorXcd& phase,
                   int n_atoms, Read read, Add add) {
  for (int s = 0; s < n_atoms; ++s) {
    for (int t = s; t < n_atoms; ++t) {
      const Block half = rotation * read(s, t);
      const Block turned = half * rotation.transpose();
      add(permutation[s], permutation[t], turned, phase[s] * std::conj(phase[t]));
    }
  }
}

}  // namespace

// Reads and adds to the blocks (s, t >= s) alone.
void Symmetrizer::add_rotated(const Action& action, const std::vector<Eigen::MatrixXcd>& from,
                              std::vector<Eigen::MatrixXcd>& sum) const {
  for (const int iq : grid_.independent()) {
    const int image = action.q_image[iq];
    const int partner = grid_.minus(image);
    const bool conjugate = partner < image;  // only the first of (q, -q) is kept: D(-q) = D(q)^*
    const Eigen::MatrixXcd& source = from[iq];
    Eigen::MatrixXcd& target = sum[conjugate ? partner : image];
    const Eigen::VectorXcd& phase = action.phase[iq];
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
  expect(std::ssize(blocks) == grid_.size(), "a block for each point of the grid");
  for (const int iq : grid_.independent()) {
    if (grid_.is_real(iq)) continue;
    Eigen::MatrixXcd& block = blocks[iq];
    block = 0.5 * (block + blocks[grid_.minus(iq)].conjugate());
  }
  independent_matrices(blocks);
  for (const int iq : grid_.independent()) {
    const int partner = grid_.minus(iq);
    if (partner != iq) blocks[partner] = blocks[iq].conjugate();
  }
}

void Symmetrizer::independent_matrices(std::vector<Eigen::MatrixXcd>& blocks) const {
  expect(std::ssize(blocks) == grid_.size(), "a block for each point of the grid");
  for (const int iq : grid_.independent()) {
    Eigen::MatrixXcd& block = blocks[iq];
    block = (0.5 * (block + block.adjoint())).eval();
    if (grid_.is_real(iq)) block.imag().setZero();
  }
  impose_acoustic_sum_rule(blocks[grid_.gamma()]);
  std::vector<Eigen::MatrixXcd> sum(blocks.size());
  for (const std::vector<Action>& cosets : chain_) {
    for (const int iq : grid_.independent()) sum[iq] = blocks[iq];
    for (const Action& action : cosets) add_rotated(action, blocks, sum);
    for (const int iq : grid_.independent()) blocks[iq].swap(sum[iq]);
  }
  const double share = 1.0 / n_operations_;
  for (const int iq : grid_.independent()) {
    Eigen::MatrixXcd& block = blocks[iq];
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
  expect(values.rows() == n_atoms_, "a vector for each atom of the unit cell");
  for (const std::vector<Action>& cosets : chain_) {
    Vectors sum = values;
    for (const Action& action : cosets) {
      for (int s = 0; s < n_atoms_; ++s) {
        sum.row(action.permutation[s]) += values.row(s) * action.cartesian.transpose();
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
  expect(gamma_block.rows() % 3 == 0 && gamma_block.rows() == gamma_block.cols(), "blocks are [3n, 3n]");
  const Eigen::Index n_atoms = gamma_block.rows() / 3;
  const Eigen::MatrixXd uniform =
      Eigen::Matrix3d::Identity().replicate(n_atoms, 1) / std::sqrt(static_cast<double>(n_atoms));
  gamma_block -= uniform * (uniform.transpose() * gamma_block).eval();
  gamma_block -= (gamma_block * uniform).eval() * uniform.transpose();
}

}  // namespace zeropoint::phonons
