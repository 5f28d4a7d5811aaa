#pragma once

#include <string>
#include <vector>

#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::phonons {

/// What the file of harmonic matrices, result.h5, says it is.
inline constexpr const char* harmonic_filetype = "zeropoint phonons";

/// Matrices of a potential and their frequencies, [n_q][3n] cm^-1, imaginary as negative.
struct StoredHarmonic {
  DynamicalMatrices matrices;
  std::vector<std::vector<double>> frequencies;
};

/// `configuration`: the resolved run file. @throws IoError.
void write_harmonic(const std::string& path, const DynamicalMatrices& matrices,
                    const std::vector<std::vector<double>>& frequencies, const std::string& configuration);

/// @throws IoError; InputError for another kind of file and a damaged one.
StoredHarmonic read_harmonic(const std::string& path);

}  // namespace zeropoint::phonons
