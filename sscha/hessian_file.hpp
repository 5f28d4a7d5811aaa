#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sscha/hessian.hpp"

namespace zeropoint::sscha {

/// What the file of a free-energy Hessian, result.h5, says it is.
inline constexpr const char* hessian_filetype = "zeropoint hessian";

/// omega^2 of the modes of a Hessian, [n_q, 3n], cm^-2, negative where a mode is imaginary.
struct HessianSquares {
  Eigen::MatrixXd hessian;
  Eigen::MatrixXd error;      ///< standard errors; empty: unknown
  Eigen::MatrixXd third;      ///< auxiliary and third order alone, of the same modes
  Eigen::MatrixXd auxiliary;  ///< of the auxiliary matrices, of the same modes

  bool has_errors() const { return error.size() > 0; }
  double error_of(Eigen::Index iq, Eigen::Index mode) const { return has_errors() ? error(iq, mode) : 0.0; }
};
HessianSquares squares_of(const Hessian& hessian);

/// Writes a Hessian with all that is needed to draw it. `configuration`: the resolved run file. @throws IoError.
void write_hessian(const std::string& path, const Hessian& hessian, const std::string& configuration,
                   std::int64_t seed);

struct StoredHessian {
  phonons::DynamicalMatrices matrices;
  double temperature = 0;  ///< K, of the density that it was taken at
  HessianSquares squares;
  std::vector<int> irreducible;  ///< one q of each star, in the grid
};
/// @throws IoError; InputError for another kind of file, one of an older version without matrices, and a damaged one.
StoredHessian read_hessian(const std::string& path);

}  // namespace zeropoint::sscha
