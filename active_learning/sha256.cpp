#include "active_learning/sha256.hpp"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstdint>

#include "core/atomic_file.hpp"

namespace zeropoint::active_learning {
namespace {

using Word = std::uint32_t;
__extension__ using Wide = unsigned __int128;

/// The first 32 bits of the fractional parts of the cube roots of the first 64 primes: integer roots of p 2^96.
constexpr std::array<Word, 64> round_constants() {
  std::array<Word, 64> constants{};
  int n = 0;
  for (unsigned p = 2; n < 64; ++p) {
    bool prime = true;
    for (unsigned d = 2; d * d <= p; ++d) prime = prime && p % d != 0;
    if (!prime) continue;
    // The largest x with x^3 <= p 2^96, bit by bit; x has at most 35 bits.
    Wide x = 0;
    for (int bit = 34; bit >= 0; --bit) {
      const Wide trial = x | (static_cast<Wide>(1) << bit);
      if (trial * trial * trial <= static_cast<Wide>(p) << 96) x = trial;
    }
    constants[static_cast<std::size_t>(n++)] = static_cast<Word>(x);
  }
  return constants;
}
constexpr std::array<Word, 64> k = round_constants();
static_assert(k[0] == 0x428a2f98 && k[63] == 0xc67178f2);

void compress(std::array<Word, 8>& state, const unsigned char* block) {
  std::array<Word, 64> w{};
  for (std::size_t t = 0; t < 16; ++t) {
    for (std::size_t b = 0; b < 4; ++b) w[t] = w[t] << 8 | block[4 * t + b];
  }
  for (std::size_t t = 16; t < 64; ++t) {
    const Word s0 = std::rotr(w[t - 15], 7) ^ std::rotr(w[t - 15], 18) ^ (w[t - 15] >> 3);
    const Word s1 = std::rotr(w[t - 2], 17) ^ std::rotr(w[t - 2], 19) ^ (w[t - 2] >> 10);
    w[t] = w[t - 16] + s0 + w[t - 7] + s1;
  }
  auto [a, b, c, d, e, f, g, h] = state;
  for (std::size_t t = 0; t < 64; ++t) {
    const Word sum1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    const Word one = h + sum1 + ((e & f) ^ (~e & g)) + k[t] + w[t];
    const Word sum0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
    const Word two = sum0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + one;
    d = c;
    c = b;
    b = a;
    a = one + two;
  }
  const std::array<Word, 8> change{a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < 8; ++i) state[i] += change[i];
}

}  // namespace

std::string sha256(std::string_view bytes) {
  std::array<Word, 8> state{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                            0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t done = 0;
  for (; done + 64 <= bytes.size(); done += 64) compress(state, data + done);
  std::array<unsigned char, 128> tail{};
  const std::size_t rest = bytes.size() - done;
  std::copy(data + done, data + bytes.size(), tail.begin());
  tail[rest] = 0x80;
  const std::size_t length = rest + 9 <= 64 ? 64 : 128;
  const std::uint64_t n_bits = 8 * static_cast<std::uint64_t>(bytes.size());
  for (std::size_t i = 0; i < 8; ++i) tail[length - 1 - i] = static_cast<unsigned char>(n_bits >> (8 * i));
  for (std::size_t at = 0; at < length; at += 64) compress(state, tail.data() + at);
  std::string text;
  for (const Word word : state) text += fmt::format("{:08x}", word);
  return text;
}

std::string sha256_of_file(const std::string& path) { return sha256(read_file(path)); }

}  // namespace zeropoint::active_learning
