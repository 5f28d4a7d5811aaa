#pragma once

#include <Eigen/Dense>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace zeropoint::extxyz {

// The second line of an extended XYZ frame: KEY=value KEY="several values" ..., keys in any case. Errors are
// located at `where`.

/// The value of a key, without its quotes or brackets.
std::optional<std::string_view> value_of(std::string_view comment, std::string_view key);

/// The numbers in a value; nothing when one cannot be read. Commas separate as blanks do.
std::optional<std::vector<double>> numbers_in(std::string_view text);

/// Columns of the atom lines.
struct Columns {
  std::size_t species = 0, positions = 0, forces = 0, count = 0;
  std::optional<std::size_t> masses = {};
};

/// What Properties=... says. @throws InputError without it, or without species, pos and, when `labelled`, forces (or
/// force).
Columns columns_of(std::string_view comment, const Place& where, bool labelled = true);

/// Cell vectors in rows, angstrom. @throws InputError unless they are 9 numbers.
std::optional<Eigen::Matrix3d> lattice_of(std::string_view comment, const Place& where);

/// Row-major stress in eV/angstrom^3, tensile positive, from `stress` (the same) or `virial` (eV, = -volume stress), of
/// 9 numbers or the 6 of Voigt's order xx yy zz yz xz xy. @throws InputError for another count, or when both disagree.
std::optional<std::array<double, 9>> stress_of(std::string_view comment, double volume, const Place& where);

}  // namespace zeropoint::extxyz
