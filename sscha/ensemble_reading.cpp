#include "sscha/ensemble_reading.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>

#include <algorithm>

#include "core/parallel.hpp"

namespace zeropoint::sscha {
namespace {

constexpr std::int64_t reading_piece = 1024;

std::int64_t n_pieces(std::int64_t n) { return (n + reading_piece - 1) / reading_piece; }

at::Tensor rows_like(const at::Tensor& model, std::int64_t n_rows) {
  std::vector<std::int64_t> sizes = model.sizes().vec();
  sizes[0] = n_rows;
  return at::empty(sizes, at::kDouble);
}

}  // namespace

Configurations read_all(const Ensemble& ensemble, const ReadReport& report) {
  const std::int64_t n = ensemble.size();
  Configurations all;
  const Configurations first = ensemble.read(0, std::min(n, reading_piece));
  all.displacements = rows_like(first.displacements, n);
  all.forces = rows_like(first.forces, n);
  all.energies = rows_like(first.energies, n);
  if (ensemble.has_stresses()) all.stresses = rows_like(first.stresses, n);
  parallel_for(n_pieces(n), [&](std::int64_t piece) {
    const std::int64_t begin = piece * reading_piece, end = std::min(n, begin + reading_piece);
    const Configurations part = piece == 0 ? first : ensemble.read(begin, end);
    all.displacements.slice(0, begin, end).copy_(part.displacements);
    all.forces.slice(0, begin, end).copy_(part.forces);
    all.energies.slice(0, begin, end).copy_(part.energies);
    if (all.stresses.defined()) all.stresses.slice(0, begin, end).copy_(part.stresses);
    if (report) report(end - begin);
  });
  return all;
}

Configurations read_in_order(const Ensemble& ensemble, const std::vector<std::int64_t>& order, std::int64_t begin,
                             std::int64_t end) {
  std::vector<std::int64_t> wanted(order.begin() + begin, order.begin() + end);
  if (std::adjacent_find(wanted.begin(), wanted.end(), [](auto a, auto b) { return b != a + 1; }) == wanted.end()) {
    return ensemble.read(wanted.front(), wanted.back() + 1);
  }
  std::vector<std::int64_t> sorted = wanted;
  std::sort(sorted.begin(), sorted.end());
  std::vector<Configurations> runs;
  for (std::size_t i = 0; i < sorted.size();) {
    std::size_t j = i + 1;
    while (j < sorted.size() && sorted[j] == sorted[j - 1] + 1) ++j;
    runs.push_back(ensemble.read(sorted[i], sorted[j - 1] + 1));
    i = j;
  }
  at::Tensor position = at::empty({static_cast<std::int64_t>(wanted.size())}, at::kLong);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    position.data_ptr<std::int64_t>()[i] = std::lower_bound(sorted.begin(), sorted.end(), wanted[i]) - sorted.begin();
  }
  const auto gather = [&](at::Tensor Configurations::* member) {
    std::vector<at::Tensor> parts;
    for (const Configurations& run : runs) parts.push_back(run.*member);
    return at::cat(parts, 0).index_select(0, position);
  };
  Configurations result;
  result.displacements = gather(&Configurations::displacements);
  result.energies = gather(&Configurations::energies);
  result.forces = gather(&Configurations::forces);
  if (ensemble.has_stresses()) result.stresses = gather(&Configurations::stresses);
  return result;
}

at::Tensor projections(const Ensemble& ensemble, const at::Tensor& directions, const ReadReport& report) {
  const std::int64_t n = ensemble.size();
  at::Tensor all = at::empty({n, directions.size(1)}, at::kDouble);
  parallel_for(n_pieces(n), [&](std::int64_t piece) {
    const std::int64_t begin = piece * reading_piece, end = std::min(n, begin + reading_piece);
    const at::Tensor u = ensemble.read(begin, end).displacements;
    all.slice(0, begin, end).copy_(u.reshape({end - begin, -1}).mm(directions.to(u.device())));
    if (report) report(end - begin);
  });
  return all;
}

}  // namespace zeropoint::sscha
