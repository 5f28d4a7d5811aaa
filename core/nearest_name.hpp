#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace zeropoint {

/// Number of letters to insert, delete, replace or swap with a neighbour to turn one word into the other; case counts
/// half.
double edit_distance(std::string_view a, std::string_view b);

/// The candidate that `name` was most likely meant to be; empty when none is near (a third of its letters, at least
/// two).
std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);

/// "; did you mean 'kong_liu_ratio'?", or nothing.
std::string suggestion(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace zeropoint
