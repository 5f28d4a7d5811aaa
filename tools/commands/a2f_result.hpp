#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/estimate.hpp"
#include "phonons/band_structure.hpp"
#include "superconductivity/coupled_modes.hpp"
#include "superconductivity/level_errors.hpp"
#include "superconductivity/moments.hpp"
#include "tools/program/run_folder.hpp"

namespace zeropoint {

/// What `a2f` says it is, in result.h5.
inline constexpr const char* a2f_filetype = "zeropoint a2f";

/// What `a2f` finds. Energies in eV.
struct A2fResult {
  /// Standard errors that the phonons carry into one smearing; 0 where they have none.
  struct Errors {
    double lambda = 0, logarithmic = 0, first = 0, second = 0;
  };
  /// Of one species with masses 1 % above and below.
  struct Isotope {
    std::string species;
    superconductivity::CoupledModes heavier, lighter;
  };
  Crystal crystal;
  std::string phonons;  ///< their kind
  std::string gamma, imaginary;
  superconductivity::CoupledModes modes;
  std::vector<superconductivity::Moments> moments;  ///< [n_smearings]
  std::vector<Errors> errors;                       ///< [n_smearings]; empty: the phonons know none
  std::vector<superconductivity::Level> levels{};
  std::vector<Isotope> isotopes{};
  Eigen::VectorXd energies{};                 ///< [n] of the curves
  Eigen::MatrixXd alpha2f{};                  ///< [n, n_smearings]
  std::vector<Eigen::MatrixXd> atoms{};       ///< [n_smearings] [n, n_atoms], which add up to alpha2f
  std::vector<Eigen::MatrixXd> characters{};  ///< [n_smearings] [n, n_atoms]: alpha2F by |e_a|^2 of the modes
  std::vector<Eigen::MatrixXd> branches{};    ///< [n_smearings] [n, n_modes]
  Eigen::VectorXd density_of_states{};        ///< [n] of phonons, 1/eV
  phonons::SampledPath path{};
  Eigen::MatrixXd bands{};        ///< [n_path, 3n] eV
  Eigen::MatrixXd band_lambda{};  ///< the same, of `shown`
  std::vector<std::pair<std::string, Eigen::MatrixXd>> compared{};
  int shown = 0;  ///< smearing in figures of one: the middle one

  int n_smearings() const { return modes.n_smearings(); }
  double width(int smearing) const;  ///< Ry
  superconductivity::SpectralFunction curve(int smearing) const { return {energies, alpha2f.col(smearing)}; }
};

/// Layout version 1 of result.h5.
void write_result(const std::string& path, const A2fResult& result, const std::string& configuration,
                  std::int64_t seed);
/// a2F.dat, a2F_atoms.dat, lambda_q.dat and lambda.json.
void write_tables(const RunFolder& folder, const A2fResult& result);
Summary summary_of(const A2fResult& result);

}  // namespace zeropoint
