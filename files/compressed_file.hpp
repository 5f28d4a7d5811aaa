#pragma once

#include <string>

namespace zeropoint {

/// `bytes` themselves, or what they hold where they are a whole .xz file (by their first bytes, not by the name).
/// `path` names the file in complaints. @throws InputError for one that is cut, damaged or of more than 4 GiB, and for
/// .gz and .zst.
std::string unpacked(std::string bytes, const std::string& path);

}  // namespace zeropoint
