#include "phonons/rotations.hpp"

#include <array>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/extremes.hpp"
#include "phonons/wigner_seitz.hpp"

namespace zeropoint::phonons {
namespace {

constexpr double dependent = 1e-9;  // of its length: what is left of a condition that follows from others

constexpr std::array<std::pair<int, int>, 3> turns{{{0, 1}, {1, 2}, {2, 0}}};
constexpr std::array<std::pair<int, int>, 6> shears{{{0, 0}, {1, 1}, {2, 2}, {1, 2}, {0, 2}, {0, 1}}};

/// Force constants as one vector, and the linear conditions on them.
class Conditions {
 public:
  Conditions(const DynamicalMatrices& matrices, double tie)
      : supercell_(matrices.supercell()), n_(matrices.n_modes()), images_(image_moments(supercell_, tie)) {}

  Eigen::Index size() const { return static_cast<Eigen::Index>(supercell_.n_cells()) * n_ * n_; }

  Eigen::VectorXd values(const std::vector<Eigen::MatrixXd>& constants) const {
    Eigen::VectorXd all(size());
    for (int cell = 0; cell < supercell_.n_cells(); ++cell) {
      all.segment(static_cast<Eigen::Index>(cell) * n_ * n_, n_ * n_) = constants[cell].reshaped();
    }
    return all;
  }

  /// sum_R Phi_{Rs j, 0t i} = 0 for each t, i, j.
  std::vector<Eigen::VectorXd> translations() const {
    std::vector<Eigen::VectorXd> all;
    each_row([&](int t, int i) {
      for (int j = 0; j < 3; ++j) {
        all.push_back(condition([&](int cell, int s, Eigen::VectorXd& out) { out[at(cell, s, j, t, i)] += 1; }));
      }
    });
    return all;
  }

  std::vector<Eigen::VectorXd> rotations() const {
    std::vector<Eigen::VectorXd> all;
    each_row([&](int t, int i) {
      for (const auto& [j, k] : turns) {
        all.push_back(condition([&, j = j, k = k](int cell, int s, Eigen::VectorXd& out) {
          const Eigen::Vector3d& v = images(cell, s, t).first;
          out[at(cell, s, j, t, i)] += v[k];
          out[at(cell, s, k, t, i)] -= v[j];
        }));
      }
    });
    return all;
  }

  std::vector<Eigen::VectorXd> stress() const {
    std::vector<Eigen::VectorXd> all;
    for (std::size_t a = 0; a < shears.size(); ++a) {
      for (std::size_t b = a + 1; b < shears.size(); ++b) {
        const auto [i, j] = shears[a];
        const auto [k, l] = shears[b];
        all.push_back(condition([&, i = i, j = j, k = k, l = l](int cell, int s, Eigen::VectorXd& out) {
          for (int t = 0; t < n_ / 3; ++t) {
            const Eigen::Matrix3d& vv = images(cell, s, t).second;
            out[at(cell, s, i, t, j)] += vv(k, l);
            out[at(cell, s, k, t, l)] -= vv(i, j);
          }
        }));
      }
    }
    return all;
  }

  /// (x + x with both indices exchanged)/2: Phi_{Rs i, 0t j} and Phi_{-Rt j, 0s i} are one number.
  Eigen::VectorXd symmetric(const Eigen::VectorXd& x) const {
    Eigen::VectorXd result(x.size());
    for (int cell = 0; cell < supercell_.n_cells(); ++cell) {
      const int back = supercell_.cell_index(-supercell_.lattice_vector(cell));
      const auto block = [&](int c) {
        return x.segment(static_cast<Eigen::Index>(c) * n_ * n_, n_ * n_).reshaped(n_, n_);
      };
      result.segment(static_cast<Eigen::Index>(cell) * n_ * n_, n_ * n_) =
          ((block(cell) + block(back).transpose()) / 2).reshaped();
    }
    return result;
  }

 private:
  using Moments = std::pair<Eigen::Vector3d, Eigen::Matrix3d>;  // means of v and v v^T over the nearest images

  static std::vector<Moments> image_moments(const Supercell& supercell, double tie) {
    const WignerSeitz nearest(supercell, tie);
    const Crystal& crystal = supercell.unit_cell();
    std::vector<Moments> all;
    for (int cell = 0; cell < supercell.n_cells(); ++cell) {
      for (int s = 0; s < crystal.n_atoms(); ++s) {
        for (int t = 0; t < crystal.n_atoms(); ++t) {
          const NearestImages images = nearest(cell, s, t);
          Moments mean{Eigen::Vector3d::Zero(), Eigen::Matrix3d::Zero()};
          const double weight = 1 / static_cast<double>(images.lattice_vectors.size());
          for (const Eigen::Vector3i& r : images.lattice_vectors) {
            const Eigen::Vector3d v =
                (r.cast<double>().transpose() * crystal.cell + crystal.positions.row(s) - crystal.positions.row(t))
                    .transpose();
            mean.first += weight * v;
            mean.second += weight * v * v.transpose();
          }
          all.push_back(mean);
        }
      }
    }
    return all;
  }

  const Moments& images(int cell, int s, int t) const { return images_[(cell * (n_ / 3) + s) * (n_ / 3) + t]; }
  Eigen::Index at(int cell, int s, int j, int t, int i) const {
    return (static_cast<Eigen::Index>(cell) * n_ + 3 * t + i) * n_ + 3 * s + j;
  }
  template <class Body>
  void each_row(const Body& body) const {
    for (int t = 0; t < n_ / 3; ++t) {
      for (int i = 0; i < 3; ++i) body(t, i);
    }
  }
  template <class Body>
  Eigen::VectorXd condition(const Body& body) const {
    Eigen::VectorXd out = Eigen::VectorXd::Zero(size());
    for (int cell = 0; cell < supercell_.n_cells(); ++cell) {
      for (int s = 0; s < n_ / 3; ++s) body(cell, s, out);
    }
    return out;
  }

  Supercell supercell_;
  int n_;
  std::vector<Moments> images_;
};

double largest(const std::vector<Eigen::VectorXd>& conditions, const Eigen::VectorXd& values) {
  double result = 0;
  for (const Eigen::VectorXd& condition : conditions) result = larger(result, std::abs(condition.dot(values)));
  return result;
}

}  // namespace

RotationResiduals rotation_residuals(const DynamicalMatrices& matrices, double tie) {
  const Conditions conditions(matrices, tie);
  const Eigen::VectorXd values = conditions.values(to_real_space(matrices));
  return {largest(conditions.rotations(), values), largest(conditions.stress(), values)};
}

void impose_rotations(DynamicalMatrices& matrices, bool stress_free, double tie) {
  if (matrices.polar) {
    throw InputError{
        "rotations cannot be imposed on the force constants of a polar crystal (its dipole forces reach beyond any "
        "supercell): use "
        "the rule crystal, or matrices without Born charges"};
  }
  const Conditions conditions(matrices, tie);
  std::vector<Eigen::MatrixXd> constants = to_real_space(matrices);
  Eigen::VectorXd values = conditions.symmetric(conditions.values(constants));
  std::vector<Eigen::VectorXd> all = conditions.translations();
  for (Eigen::VectorXd& rotation : conditions.rotations()) all.push_back(std::move(rotation));
  if (stress_free) {
    for (Eigen::VectorXd& shear : conditions.stress()) all.push_back(std::move(shear));
  }
  // Gram and Schmidt, twice each; conditions that follow from others vanish.
  std::vector<Eigen::VectorXd> basis;
  for (const Eigen::VectorXd& given : all) {
    Eigen::VectorXd direction = conditions.symmetric(given);
    const double length = direction.norm();
    for (int pass = 0; pass < 2; ++pass) {
      for (const Eigen::VectorXd& other : basis) direction -= other.dot(direction) * other;
    }
    if (!(direction.norm() > dependent * length)) continue;
    direction.normalize();
    values -= direction.dot(values) * direction;
    basis.push_back(std::move(direction));
  }
  const Eigen::Index n = matrices.n_modes();
  for (std::size_t cell = 0; cell < constants.size(); ++cell) {
    constants[cell] = values.segment(static_cast<Eigen::Index>(cell) * n * n, n * n).reshaped(n, n);
  }
  matrices.blocks = to_bloch(constants, matrices.grid);
}

}  // namespace zeropoint::phonons
