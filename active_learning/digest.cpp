#include "active_learning/digest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/evp.h>

#include <array>
#include <span>

#include "core/atomic_file.hpp"
#include "core/error.hpp"

namespace zeropoint::active_learning {
namespace {

std::string digest(const char* name, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> found{};
  std::size_t length = 0;
  if (EVP_Q_digest(nullptr, name, nullptr, bytes.data(), bytes.size(), found.data(), &length) != 1)
    throw InternalError{"libcrypto has no {}", name};
  return fmt::format("{:02x}", fmt::join(std::span(found.data(), length), ""));
}

}  // namespace

std::string sha256(std::string_view bytes) { return digest("SHA256", bytes); }

std::string sha256_of_file(const std::string& path) { return sha256(read_file(path)); }

std::string md5(std::string_view bytes) { return digest("MD5", bytes); }

}  // namespace zeropoint::active_learning
