#include "superconductivity/moments.hpp"

#include <cmath>

#include "core/error.hpp"

namespace zeropoint::superconductivity {

Moments moments(const Eigen::VectorXd& energies, const Eigen::VectorXd& lambda) {
  Moments result;
  result.lambda = lambda.sum();
  if (!(result.lambda > 0))
    throw InputError{"lambda = {:.6g}: it must be positive, there is no superconductor to speak of", result.lambda};
  const Eigen::ArrayXd share = lambda.array() / result.lambda;
  result.logarithmic = std::exp((share * energies.array().log()).sum());
  result.first = (share * energies.array()).sum();
  result.second = std::sqrt((share * energies.array().square()).sum());
  return result;
}

Moments moments(const CoupledModes& modes, int smearing) {
  const DiscreteModes all = discrete(modes, smearing);
  return moments(all.energies, all.lambda);
}

Moments moments(const SpectralFunction& curve) {
  const DiscreteModes all = discrete(curve);
  return moments(all.energies, all.lambda);
}

Eigen::VectorXd cumulative_lambda(const SpectralFunction& curve) {
  Eigen::VectorXd result = Eigen::VectorXd::Zero(curve.energies.size());
  for (Eigen::Index i = 1; i < result.size(); ++i) {
    result[i] = result[i - 1] + (curve.energies[i] - curve.energies[i - 1]) *
                                    (curve.values[i] / curve.energies[i] + curve.values[i - 1] / curve.energies[i - 1]);
  }
  return result;
}

}  // namespace zeropoint::superconductivity
