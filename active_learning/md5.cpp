#include "active_learning/md5.hpp"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace zeropoint::active_learning {
namespace {

using State = std::array<std::uint32_t, 4>;

constexpr std::array<std::array<int, 4>, 4> rotations{
    {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}}};

void compress_md5(State& state, const std::string& message, std::size_t begin) {
  std::array<std::uint32_t, 16> words{};
  for (std::size_t i = 0; i < 64; ++i)
    words[i / 4] |= static_cast<std::uint32_t>(static_cast<unsigned char>(message[begin + i])) << (8 * (i % 4));
  auto [a, b, c, d] = state;
  for (std::uint32_t i = 0; i < 64; ++i) {
    const std::uint32_t round = i / 16;
    const std::uint32_t mixed = round == 0   ? (b & c) | (~b & d)
                                : round == 1 ? (d & b) | (~d & c)
                                : round == 2 ? b ^ c ^ d
                                             : c ^ (b | ~d);
    const std::uint32_t place = (round == 0 ? i : round == 1 ? 5 * i + 1 : round == 2 ? 3 * i + 5 : 7 * i) % 16;
    const auto sine = static_cast<std::uint32_t>(std::floor(0x1p32 * std::abs(std::sin(i + 1.0))));
    const std::uint32_t sum = a + mixed + sine + words[place];
    a = d;
    d = c;
    c = b;
    b += std::rotl(sum, rotations[round][i % 4]);
  }
  const State change{a, b, c, d};
  for (std::size_t k = 0; k < 4; ++k) state[k] += change[k];
}

}  // namespace

std::string md5(std::string_view bytes) {
  std::string message(bytes);
  message += '\x80';
  while (message.size() % 64 != 56) message += '\0';
  const std::uint64_t n_bits = 8 * static_cast<std::uint64_t>(bytes.size());
  for (int i = 0; i < 8; ++i) message += static_cast<char>(n_bits >> (8 * i));
  State state{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  for (std::size_t begin = 0; begin < message.size(); begin += 64) compress_md5(state, message, begin);
  std::string text;
  for (const std::uint32_t word : state) {
    for (int i = 0; i < 4; ++i) text += fmt::format("{:02x}", (word >> (8 * i)) & 0xffU);
  }
  return text;
}

}  // namespace zeropoint::active_learning
