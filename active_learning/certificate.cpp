#include "active_learning/certificate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace zeropoint::active_learning {

const char* name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "pass";
    case Verdict::fail:
      return "fail";
    default:
      return "not certifiable";
  }
}

Certified certified(const SampledMean& mean, double tolerance) {
  Certified result{mean, tolerance, Verdict::not_certifiable, 0};
  if (mean.n < 2) return result;
  const double size = std::abs(mean.value), half = mean.half_width();
  if (size + half <= tolerance) result.verdict = Verdict::pass;
  if (size - half > tolerance) result.verdict = Verdict::fail;
  const double room = tolerance - size;
  if (result.verdict == Verdict::pass) {
    result.n_needed = mean.n;
  } else if (room > 0) {
    result.n_needed = static_cast<int>(std::min(1e6, std::ceil(mean.n * (half / room) * (half / room))));
  }
  return result;
}

Certificate certify(const LinearResponse& response, const std::vector<FrequencyBlock>& blocks,
                    const ProbabilitySample& sample, int n_asked, const Tolerances& tolerances,
                    const std::vector<int>& star_sizes) {
  Certificate certificate;
  certificate.n_labels = static_cast<int>(sample.inclusion.size());
  certificate.missing = n_asked > 0 ? 1 - static_cast<double>(certificate.n_labels) / n_asked : 0;
  certificate.free_energy = certified(hajek(response.free_energy, sample), tolerances.free_energy);
  if (response.pressure.size() > 0)
    certificate.pressure.push_back(certified(hajek(response.pressure, sample), tolerances.pressure));
  certificate.blocks = blocks;
  Eigen::VectorXd logarithms = Eigen::VectorXd::Zero(sample.inclusion.size());
  double n_modes = 0;
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const FrequencyBlock& block = blocks[b];
    const Eigen::VectorXd squares = response.squared_frequencies.col(static_cast<Eigen::Index>(b));
    certificate.frequencies.push_back(
        certified(hajek(squares / (2 * block.frequency), sample),
                  std::max(tolerances.relative_frequency * block.frequency, tolerances.frequency)));
    const double multiplicity = block.n_degenerate * star_sizes[static_cast<std::size_t>(block.star)];
    logarithms += multiplicity * squares / (2 * block.frequency * block.frequency);
    n_modes += multiplicity;
  }
  if (n_modes > 0) certificate.log_frequency = hajek(logarithms / n_modes, sample);
  return certificate;
}

std::vector<std::string> Certificate::open() const {
  std::vector<std::string> names;
  if (free_energy.verdict != Verdict::pass) names.emplace_back("free energy");
  if (!pressure.empty() && pressure.front().verdict != Verdict::pass) names.emplace_back("pressure");
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    if (frequencies[b].verdict != Verdict::pass)
      names.push_back(fmt::format("star {} mode {}", blocks[b].star + 1, blocks[b].mode + 1));
  }
  return names;
}

bool Certificate::passes() const { return n_labels > 1 && open().empty(); }

int Certificate::n_needed() const {
  int most = free_energy.n_needed;
  for (const auto& list : {pressure, frequencies}) {
    for (const Certified& one : list) most = std::max(most, one.n_needed);
  }
  return most;
}

}  // namespace zeropoint::active_learning
