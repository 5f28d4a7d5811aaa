#include "core/nearest_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace zeropoint {
namespace {

double substitution(char a, char b) {
  if (a == b) return 0;
  const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  return lower(a) == lower(b) ? 0.5 : 1;
}

}  // namespace

double edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<double>> distance(a.size() + 1, std::vector<double>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) distance[i][0] = static_cast<double>(i);
  for (std::size_t j = 0; j <= b.size(); ++j) distance[0][j] = static_cast<double>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      distance[i][j] = std::min(
          {distance[i - 1][j] + 1, distance[i][j - 1] + 1, distance[i - 1][j - 1] + substitution(a[i - 1], b[j - 1])});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) distance[i][j] = std::min(distance[i][j], distance[i - 2][j - 2] + 1);
    }
  }
  return distance[a.size()][b.size()];
}

std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates) {
  std::string nearest;
  double smallest = std::max(2.0, static_cast<double>(name.size()) / 3) + 0.01;
  for (const std::string& candidate : candidates) {
    // A word of two letters is two replacements from any other.
    const double distance = edit_distance(name, candidate);
    if (distance >= smallest || distance >= static_cast<double>(std::max(name.size(), candidate.size()))) continue;
    smallest = distance;
    nearest = candidate;
  }
  return nearest;
}

std::string suggestion(std::string_view name, const std::vector<std::string>& candidates) {
  const std::string nearest = nearest_name(name, candidates);
  return nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest);
}

}  // namespace zeropoint
