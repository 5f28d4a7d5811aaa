#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/estimate.hpp"
#include "superconductivity/coulomb.hpp"
#include "superconductivity/eliashberg_gap.hpp"
#include "superconductivity/eliashberg_linear.hpp"
#include "superconductivity/level_errors.hpp"
#include "tools/figures/figures.hpp"
#include "tools/program/run_folder.hpp"

namespace zeropoint {

/// What `tc` says it is, in result.h5.
inline constexpr const char* tc_filetype = "zeropoint tc";

/// alpha2F as `tc` works with it.
struct TcSpectrum {
  std::string label;                          ///< "0.008 Ry", "column 1"
  std::optional<double> width;                ///< Ry
  superconductivity::DiscreteModes modes;     ///< of the kernel
  superconductivity::SpectralFunction curve;  ///< for the edge of alpha2F
  superconductivity::Moments moments;
};

/// One Tc, with all that names it.
struct TcRow {
  std::size_t spectrum;
  std::string formula;  ///< mcmillan | allen_dynes | xie | eliashberg
  double mu_star;
  std::string convention;  ///< of mu*; "-" for formulas
  double cutoff = 0;       ///< eV; 0 for formulas
  double mu_at_cutoff = 0;
  int n = 0;         ///< Matsubara frequencies
  Estimate value{};  ///< K
};

struct TcGap {
  double temperature, mu_star;
  superconductivity::Gap gap;
  superconductivity::RealAxisGap real;
  double free_energy;  ///< over the density of states per spin, eV^2
};

struct TcIsotope {
  std::string element;  ///< or "all"
  std::string formula;
  double mu_star, value;  ///< -d ln Tc/d ln M
};

struct TcResult {
  std::string source, convention;
  std::vector<TcSpectrum> spectra;
  std::vector<TcRow> rows;
  std::size_t shown = 0;  ///< spectrum of gap(T)
  std::vector<TcGap> gaps;
  std::vector<TcIsotope> isotopes;
};

/// tc.dat, gap.dat and, of the lowest temperature, real_axis.dat.
void write_tables(const RunFolder& folder, const TcResult& result);
/// Layout version 1 of result.h5.
void write_result(const std::string& path, const TcResult& result, const std::string& configuration, std::int64_t seed);
Summary summary_of(const TcResult& result);
/// Of the result.h5 of `tc`: "tc", Tc against mu* by formula; "gap", gap(T).
std::vector<figures::Figure> figures_of_tc(const std::string& path);

}  // namespace zeropoint
