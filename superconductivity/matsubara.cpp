#include "superconductivity/matsubara.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <unsupported/Eigen/FFT>

#include "core/contract.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/units.hpp"

namespace zeropoint::superconductivity {
namespace {

constexpr Eigen::Index few = 128;  // below, matrices are faster than transforms

}  // namespace

int n_frequencies(double cutoff, double kt) {
  const double pi = std::numbers::pi;
  if (!(kt > 0) || !(cutoff * (1 + 1e-12) > pi * kt)) {
    throw InputError{"a cutoff of {:.4g} eV is not above the lowest frequency pi k T = {:.4g} eV at {:.4g} K", cutoff,
                     pi * kt, kt / units::codata2022.kb_free_energy};
  }
  // A frequency that is the cutoff but for rounding is below it.
  const double n = std::floor((cutoff / (pi * kt) * (1 + 1e-12) - 1) / 2) + 1;
  if (n > most_frequencies) {
    throw advised(InputError{"{:.0f} Matsubara frequencies below {:.4g} eV at {:.4g} K, more than {}", n, cutoff,
                             kt / units::codata2022.kb_free_energy, most_frequencies},
                  "take a higher temperature or a lower cutoff");
  }
  return static_cast<int>(n);
}

Eigen::VectorXd pairing(const DiscreteModes& modes, double kt, Eigen::Index n) {
  const Eigen::ArrayXd squares = modes.energies.array().square();
  const Eigen::ArrayXd strengths = modes.lambda.array() * squares;
  Eigen::VectorXd result(n);
  constexpr Eigen::Index piece = 64;
  parallel_for((n + piece - 1) / piece, [&](std::int64_t p) {
    for (Eigen::Index l = p * piece; l < std::min<Eigen::Index>(n, (p + 1) * piece); ++l) {
      const double nu = 2 * std::numbers::pi * kt * static_cast<double>(l);
      result[l] = (strengths / (squares + nu * nu)).sum();
    }
  });
  return result;
}

PairingProduct::PairingProduct(const Eigen::VectorXd& lambda, Eigen::Index n) : n_(n), length_(0) {
  expect(lambda.size() >= 2 * n, "2N values of lambda(l)");
  if (n <= few) {
    dense_even_.resize(n, n);
    dense_odd_.resize(n, n);
    for (Eigen::Index i = 0; i < n; ++i) {
      for (Eigen::Index j = 0; j < n; ++j) {
        dense_even_(i, j) = lambda[std::abs(i - j)] + lambda[i + j + 1];
        dense_odd_(i, j) = lambda[std::abs(i - j)] - lambda[i + j + 1];
      }
    }
    return;
  }
  // x_{-1-m} = +-x_m turns both sums into one convolution over m = -N ... N - 1.
  length_ = 1;
  while (length_ < 4 * n) length_ *= 2;
  Eigen::VectorXd circle = Eigen::VectorXd::Zero(length_);
  circle.head(2 * n) = lambda.head(2 * n);
  circle.tail(2 * n - 1) = lambda.segment(1, 2 * n - 1).reverse();
  Eigen::FFT<double> fft;
  fft.fwd(transformed_, circle);
}

Eigen::VectorXd PairingProduct::apply(const Eigen::VectorXd& x, double parity) const {
  if (length_ == 0) return parity > 0 ? dense_even_ * x : dense_odd_ * x;
  Eigen::VectorXd whole = Eigen::VectorXd::Zero(length_);
  whole.segment(n_, n_) = x;
  whole.head(n_) = parity * x.reverse();
  Eigen::FFT<double> fft;
  Eigen::VectorXcd image;
  fft.fwd(image, whole);
  image.array() *= transformed_.array();
  Eigen::VectorXd back;
  fft.inv(back, image);
  return back.segment(n_, n_);
}

}  // namespace zeropoint::superconductivity
