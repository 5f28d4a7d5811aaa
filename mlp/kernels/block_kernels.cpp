#include "mlp/kernels/block_kernels.hpp"

#include "core/error.hpp"

namespace zeropoint::mlp {

extern const BlockKernels<float> avx512_float, avx2_float, sse_float;
extern const BlockKernels<double> avx512_double, avx2_double, sse_double;

namespace {

struct Entry {
  const char* name;
  bool known;
  const BlockKernels<float>& in_float;
  const BlockKernels<double>& in_double;
};

const std::vector<Entry>& entries() {
  __builtin_cpu_init();
  static const std::vector<Entry> all{
      {"avx512", __builtin_cpu_supports("x86-64-v4") != 0, avx512_float, avx512_double},
      {"avx2", __builtin_cpu_supports("x86-64-v3") != 0, avx2_float, avx2_double},
      {"sse", true, sse_float, sse_double},
  };
  return all;
}

const BlockKernels<float>& of_type(const Entry& entry, float) { return entry.in_float; }
const BlockKernels<double>& of_type(const Entry& entry, double) { return entry.in_double; }

}  // namespace

const std::vector<std::string>& kernel_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> known;
    for (const Entry& entry : entries()) {
      if (entry.known) known.emplace_back(entry.name);
    }
    return known;
  }();
  return names;
}

PanelRows::PanelRows(const KernelSizes& sizes) : count(0) {
  const auto rows = [&](std::int64_t n) {
    const std::int64_t first = count;
    count += n;
    return first;
  };
  const std::int64_t moments = static_cast<std::int64_t>(sizes.n_species) * sizes.n_functions;
  radial = rows(moments);
  angular = rows(moments * sizes.n_harmonics());
  rho_bar = rows(sizes.radial_channels);
  b_bar = rows(static_cast<std::int64_t>(sizes.channels) * sizes.n_harmonics());
  h2 = rows(sizes.hidden);
  x = rows(sizes.n_invariants);
  h1 = rows(sizes.hidden);
  u1_bar = rows(sizes.hidden);
  u2_bar = rows(sizes.hidden);
  energy_weight = rows(1);
}

std::int64_t sums_size(const KernelSizes& sizes) {
  const std::int64_t n = sizes.channels,
                     heads = static_cast<std::int64_t>(sizes.attention_layers) * sizes.attention_heads;
  const std::int64_t degrees = sizes.angular_order < 3 ? sizes.angular_order + 1 : 4;
  return heads * (3 * n * n + sizes.angular_order + 1) + degrees * n * 3 * sizes.four_body;
}

template <class Real>
const BlockKernels<Real>& block_kernels(const std::string& name) {
  for (const Entry& entry : entries()) {
    if (entry.known && entry.name == name) return of_type(entry, Real{});
  }
  throw InternalError{"no kernels called {} for this processor", name};
}

template const BlockKernels<float>& block_kernels<float>(const std::string&);
template const BlockKernels<double>& block_kernels<double>(const std::string&);

}  // namespace zeropoint::mlp
