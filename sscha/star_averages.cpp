#include "sscha/star_averages.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linalg_solve.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

#include "core/contract.hpp"
#include "phonons/coset_chain.hpp"

namespace zeropoint::sscha {
namespace {

constexpr std::int64_t most_columns = 512;  // that go through fourth order at once

at::Tensor adjoint(const at::Tensor& matrix) { return matrix.conj().t(); }

}  // namespace

std::int64_t Star::n_operations() const {
  std::int64_t n = 0;
  for (const StarMember& member : members) n += static_cast<std::int64_t>(member.rotations.size());
  return n;
}

std::vector<Star> find_stars(const ModeRotations& rotations, const phonons::QGrid& grid) {
  std::vector<Star> stars;
  std::vector<bool> seen(static_cast<std::size_t>(grid.size()), false);
  for (int iq = 0; iq < grid.size(); ++iq) {
    if (seen[iq]) continue;
    Star star{iq, {}};
    for (int operation = 0; operation < rotations.n_operations(); ++operation) {
      const int image = rotations.image(operation, iq), partner = grid.minus(image);
      seen[image] = seen[partner] = true;
      const bool conjugate = partner < image;
      const int there = conjugate ? partner : image;
      auto member =
          std::find_if(star.members.begin(), star.members.end(), [&](const StarMember& m) { return m.iq == there; });
      if (member == star.members.end()) member = star.members.insert(member, StarMember{there, {}});
      member->rotations.push_back({operation, conjugate});
    }
    stars.push_back(std::move(star));
  }
  return stars;
}

at::Tensor image_of_modes(const ModeRotations& rotations, const PairRotation& rotation, int iq,
                          const at::Tensor& vectors) {
  const at::Tensor turned = at::mm(rotations.matrix(rotation.operation, iq), vectors);
  return rotation.conjugate ? turned.conj().resolve_conj() : turned;
}

std::vector<std::int64_t> generating_modes(const ModeRotations& rotations, const ModeRows& rows, const Star& star,
                                           const at::TensorOptions& options) {
  const std::int64_t n = rows.count(star.iq);
  constexpr double independent = 1e-6;
  std::vector<std::int64_t> generating;
  at::Tensor span = at::zeros({n, 0}, options);  // orthonormal
  const auto outside = [&](const at::Tensor& vector) {
    at::Tensor rest = vector;
    for (int twice = 0; twice < 2; ++twice) rest = rest - at::mm(span, at::mm(adjoint(span), rest));
    return rest;
  };
  for (std::int64_t mode = 0; mode < n && span.size(1) < n; ++mode) {
    at::Tensor unit = at::zeros({n, 1}, options);
    unit.slice(0, mode, mode + 1).fill_(1);
    if (outside(unit).norm().item<double>() < independent) continue;
    generating.push_back(mode);
    for (const PairRotation& rotation : star.little_group()) {
      const at::Tensor rest = outside(image_of_modes(rotations, rotation, star.iq, unit));
      const double length = rest.norm().item<double>();
      if (length > independent && span.size(1) < n) span = at::cat({span, rest / length}, 1);
    }
  }
  return generating;
}

at::Tensor StarAverages::third(const std::vector<at::Tensor>& bare) const {
  const phonons::QGrid& grid = samples_.density().matrices().grid;
  at::Tensor sum = at::zeros({space().size(), samples_.rows().count(star_.iq)}, samples_.options());
  for (std::size_t i = 0; i < star_.members.size(); ++i) {
    const StarMember& member = star_.members[i];
    for (const PairRotation& rotation : member.rotations) {
      const at::Tensor back = rotated_back(rotations_, rotation, grid, space(), spaces_[member.iq], bare[i]);
      sum.addmm_(back, rotations_.matrix(rotation.operation, star_.iq));
    }
  }
  return sum.div_(static_cast<double>(star_.n_operations()));
}

at::Tensor StarAverages::fourth() const {
  const phonons::QGrid& grid = samples_.density().matrices().grid;
  // Cosets of the little group first: one operation for each member of the star.
  at::Tensor sum;
  for (const StarMember& member : star_.members) {
    const PairSpace& there = spaces_[member.iq];
    const at::Tensor bare = AnharmonicAverages(samples_, moments_, there).fourth();
    const at::Tensor back = member.iq == star_.iq
                                ? bare
                                : rotated_back_both(rotations_, member.rotations.front(), grid, space(), there, bare);
    sum = sum.defined() ? sum.add_(back) : back;
  }
  sum.div_(static_cast<double>(star_.members.size()));
  // Then the little group: those with time reversal are one coset of those without.
  std::vector<SymmetryOperation> kept;
  std::vector<int> numbers;
  const PairRotation* reversing = nullptr;
  for (const PairRotation& rotation : star_.little_group()) {
    if (rotation.conjugate) {
      reversing = &rotation;
    } else {
      kept.push_back(rotations_.operations()[rotation.operation]);
      numbers.push_back(rotation.operation);
    }
  }
  for (const std::vector<int>& representatives : phonons::coset_chain(kept)) {
    at::Tensor average = sum.clone();
    for (const int r : representatives) {
      average += rotated_both(rotations_, numbers[r], grid, space(), sum);
    }
    sum = average.div_(static_cast<double>(representatives.size() + 1));
  }
  if (reversing) sum = sum.add(rotated_back_both(rotations_, *reversing, grid, space(), space(), sum)).div_(2);
  return sum;
}

at::Tensor StarAverages::apply_fourth(const at::Tensor& vectors) const {
  const phonons::QGrid& grid = samples_.density().matrices().grid;
  expect(vectors.dim() == 2 && vectors.size(0) == space().size(), "vectors are [pairs of modes, columns]");
  const std::int64_t m = vectors.size(1);
  const std::size_t batch =
      static_cast<std::size_t>(std::max<std::int64_t>(most_columns / std::max<std::int64_t>(m, 1), 1));
  at::Tensor sum = at::zeros_like(vectors);
  for (const StarMember& member : star_.members) {
    const PairSpace& there = spaces_[member.iq];
    const AnharmonicAverages averages(samples_, moments_, there);
    for (std::size_t first = 0; first < member.rotations.size(); first += batch) {
      const std::size_t last = std::min(member.rotations.size(), first + batch);
      std::vector<at::Tensor> turned;
      for (std::size_t r = first; r < last; ++r) {
        turned.push_back(rotated(rotations_, member.rotations[r], grid, space(), there, vectors));
      }
      const at::Tensor applied = averages.apply_fourth(at::cat(turned, 1));
      for (std::size_t r = first; r < last; ++r) {
        const std::int64_t column = static_cast<std::int64_t>(r - first) * m;
        sum +=
            rotated_back(rotations_, member.rotations[r], grid, space(), there, applied.slice(1, column, column + m));
      }
    }
  }
  return sum.div_(static_cast<double>(star_.n_operations()));
}

std::vector<std::int64_t> StarAverages::modes_to_solve() const {
  return generating_modes(rotations_, samples_.rows(), star_, samples_.options());
}

at::Tensor StarAverages::completed(const std::vector<std::int64_t>& modes, const at::Tensor& solutions) const {
  const std::int64_t n = samples_.rows().count(star_.iq);
  expect(solutions.size(1) == std::ssize(modes), "a solution for each mode");
  if (static_cast<std::int64_t>(modes.size()) == n) return solutions;
  // With B the images of the unit vectors and Z those of their solutions, the least-squares answer is Z B^dagger (B
  // B^dagger)^-1.
  const phonons::QGrid& grid = samples_.density().matrices().grid;
  at::Tensor unit = at::zeros({n, static_cast<std::int64_t>(modes.size())}, samples_.options());
  for (std::size_t i = 0; i < modes.size(); ++i)
    unit.select(1, static_cast<std::int64_t>(i)).slice(0, modes[i], modes[i] + 1).fill_(1);
  at::Tensor overlap = at::zeros({n, n}, samples_.options()),
             sum = at::zeros({solutions.size(0), n}, samples_.options());
  for (const PairRotation& rotation : star_.little_group()) {
    const at::Tensor images = image_of_modes(rotations_, rotation, star_.iq, unit);
    overlap.addmm_(images, adjoint(images));
    sum.addmm_(rotated(rotations_, rotation, grid, space(), space(), solutions), adjoint(images));
  }
  return adjoint(at::linalg_solve(overlap, adjoint(sum).contiguous())).contiguous();
}

std::vector<double> StarAverages::errors(const Weights& weights, const at::Tensor& u, const at::Tensor& x, int order,
                                         const std::vector<std::pair<int, int>>& sets) const {
  const phonons::QGrid& grid = samples_.density().matrices().grid;
  const Population& population = samples_.population();
  at::Tensor sum =
      at::zeros({population.size(), static_cast<std::int64_t>(sets.size())}, population.energies().options());
  for (const StarMember& member : star_.members) {
    const PairSpace& there = spaces_[member.iq];
    const PairRotation& rotation = member.rotations.front();
    const at::Tensor each = AnharmonicAverages(samples_, moments_, there)
                                .contributions(rotated(rotations_, rotation, grid, space(), there, u),
                                               image_of_modes(rotations_, rotation, star_.iq, x), order);
    const double share = static_cast<double>(member.rotations.size()) / static_cast<double>(star_.n_operations());
    for (std::size_t i = 0; i < sets.size(); ++i) {
      sum.select(1, static_cast<std::int64_t>(i)).add_(each.slice(1, sets[i].first, sets[i].second).mean(1), share);
    }
  }
  const at::Tensor errors = averages(weights, sum, population.pairing()).standard_errors.contiguous();
  return {errors.data_ptr<double>(), errors.data_ptr<double>() + errors.numel()};
}

}  // namespace zeropoint::sscha
