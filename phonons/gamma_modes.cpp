#include "phonons/gamma_modes.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/error.hpp"
#include "phonons/modes.hpp"
#include "phonons/symmetrizer.hpp"

namespace zeropoint::phonons {
namespace {

constexpr double degenerate_inverse_cm = 3e-3;  // 1e-4 THz; symmetrised matrices leave rounding alone

/// sum over the columns of e^+ T_S e, T_S moving atom s to S(s) and turning it.
double character(const Eigen::MatrixXcd& set, const SymmetryOperation& operation) {
  std::complex<double> sum = 0;
  for (std::size_t s = 0; s < operation.permutation.size(); ++s) {
    const auto from = 3 * static_cast<Eigen::Index>(s), to = 3 * static_cast<Eigen::Index>(operation.permutation[s]);
    sum += (set.middleRows(to, 3).adjoint() * operation.cartesian * set.middleRows(from, 3)).trace();
  }
  return sum.real();
}

/// "A1" + 2 E: "A1+2E".
void append(std::string& sum, int times, const std::string& label) {
  if (!sum.empty()) sum += '+';
  if (times > 1) sum += std::to_string(times);
  sum += label;
}

struct Content {
  std::string label;
  bool infrared = false, raman = false;
};

Content content(const PointGroup& group, const std::vector<double>& characters) {
  Content result;
  for (const Irrep& irrep : group.irreps) {
    const double times = multiplicity(irrep, characters);
    const auto whole = static_cast<int>(std::lround(times));
    if (std::abs(times - whole) > 0.01) {
      throw InternalError{"modes at Gamma hold {} {:.4f} times: the set is cut through a degenerate one", irrep.label,
                          times};
    }
    if (whole == 0) continue;
    append(result.label, whole, irrep.label);
    result.infrared |= irrep.infrared;
    result.raman |= irrep.raman;
  }
  return result;
}

}  // namespace

std::optional<GammaModes> gamma_modes(const Eigen::MatrixXcd& block, const Crystal& crystal, const SpaceGroup& group,
                                      const Eigen::Matrix3d& conventional) {
  std::vector<Eigen::Matrix3d> rotations;
  for (const SymmetryOperation& operation : group.operations) {
    for (const Eigen::Matrix3d& other : rotations) {
      if ((other - operation.cartesian).cwiseAbs().maxCoeff() < 1e-3) return {};
    }
    rotations.push_back(operation.cartesian);
  }
  GammaModes result{point_group(rotations, conventional), {}, {}};
  DynamicalMatrices at_gamma{crystal, QGrid(Eigen::Vector3i::Ones()), {block}, {}, 0, ""};
  Symmetrizer(group, crystal, at_gamma.grid).matrices(at_gamma.blocks);
  const Modes modes = diagonalise(at_gamma).front();

  const Eigen::Index n = modes.frequencies.size();
  const auto content_of = [&](Eigen::Index first, Eigen::Index size) {
    std::vector<double> characters;
    for (const SymmetryOperation& operation : group.operations) {
      characters.push_back(character(modes.polarisations.middleCols(first, size), operation));
    }
    return content(result.group, characters);
  };
  result.acoustic = content_of(0, 3).label;
  const double limit = degenerate_inverse_cm / units::codata2022.inverse_cm(1);
  for (Eigen::Index first = 3, last; first < n; first = last) {
    last = first + 1;
    while (last < n && modes.frequencies[last] - modes.frequencies[last - 1] < limit) ++last;
    const Content found = content_of(first, last - first);
    result.optical.push_back({modes.frequencies.segment(first, last - first).mean(), static_cast<int>(last - first),
                              found.label, found.infrared, found.raman});
  }
  return result;
}

std::string decomposition(const GammaModes& modes) {
  std::string text;
  for (const Irrep& irrep : modes.group.irreps) {
    int times = 0;
    for (const GammaSet& set : modes.optical) {
      for (std::size_t begin = 0; begin < set.label.size();) {
        const std::size_t end = std::min(set.label.find('+', begin), set.label.size());
        const std::string piece = set.label.substr(begin, end - begin);
        const std::size_t letter = piece.find_first_not_of("0123456789");
        if (piece.substr(letter) == irrep.label) times += letter > 0 ? std::stoi(piece) : 1;
        begin = end + 1;
      }
    }
    if (times > 0) append(text, times, irrep.label);
  }
  return text;
}

}  // namespace zeropoint::phonons
