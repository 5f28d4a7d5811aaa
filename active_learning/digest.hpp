#pragma once

#include <string>
#include <string_view>

namespace zeropoint::active_learning {

/// SHA-256 (FIPS 180-4) of `bytes`, 64 hexadecimal digits.
std::string sha256(std::string_view bytes);
/// Of a whole file. @throws IoError when it cannot be read.
std::string sha256_of_file(const std::string& path);

/// MD5 (RFC 1321), 32 hexadecimal digits: pw.x prints that of each pseudopotential.
/// @throws InternalError, like sha256(), when the system's library does not offer it.
std::string md5(std::string_view bytes);

}  // namespace zeropoint::active_learning
