#pragma once

#include <string>
#include <string_view>

namespace zeropoint::active_learning {

/// MD5 (RFC 1321), 32 hexadecimal digits: pw.x prints that of each pseudopotential.
std::string md5(std::string_view bytes);

}  // namespace zeropoint::active_learning
