#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "files/labelled_structure.hpp"

namespace zeropoint::mlp {

/// Which structures belong together.
struct Groups {
  std::vector<std::int64_t> of;  ///< [n_structures] a number
  std::int64_t n_groups = 0;
  std::int64_t n_pairs = 0;       ///< antithetic partners, found by geometry
  std::int64_t n_duplicates = 0;  ///< structures whose atoms are where those of an earlier one are, to 1e-4 angstrom
};

/// Finds antithetic partners (displacements u and -u from one reference: cos(u, u') < -0.999) and duplicates among
/// structures of the same cell and order of atoms. The reference is not known beforehand: it is the middle of most
/// partners.
Groups find_groups(const std::vector<LabelledStructure>& structures);

enum class Part : int { training = 0, validation = 1, test = 2, left_out = 3 };

struct SplitOptions {
  double validation = 0, test = 0;  ///< fractions of all structures
  int fold = 0;  ///< which part of the drawn order is the test: 0, 1 ... are disjoint as long as (fold + 1) test <= 1
  std::size_t n_training = 0;  ///< structures to train on, the others are left out; 0: all that remain
};

/// The part of each structure: whole groups are drawn until the sizes are reached; the same for the same seed.
/// @throws InputError for fractions that leave nothing to train on.
std::vector<Part> draw_split(const Groups& groups, const SplitOptions& options, std::uint64_t seed);

std::vector<std::size_t> members_of(const std::vector<Part>& split, Part part);

}  // namespace zeropoint::mlp
