#include "phonons/quantum_espresso/bravais_cell.hpp"

#include <cmath>

#include "core/error.hpp"

namespace zeropoint::phonons {
namespace {

Eigen::Matrix3d rows(const Eigen::RowVector3d& a1, const Eigen::RowVector3d& a2, const Eigen::RowVector3d& a3) {
  Eigen::Matrix3d cell;
  cell << a1, a2, a3;
  return cell;
}

double sine(double cosine) { return std::sqrt(1 - cosine * cosine); }

/// celldm with names: lengths in the unit of celldm[0], cosines checked.
struct Parameters {
  int ibrav;
  const std::vector<double>& celldm;

  double raw(std::size_t i) const { return i < celldm.size() ? celldm[i] : 0; }
  double length(std::size_t i) const {
    if (!(raw(i) > 0) || !std::isfinite(raw(i))) {
      throw InputError{"ibrav = {}: celldm({}) = {} must be positive", ibrav, i + 1, raw(i)};
    }
    return i == 0 ? raw(0) : raw(0) * raw(i);
  }
  double cosine(std::size_t i) const {
    if (!(std::abs(raw(i)) < 1)) {
      throw InputError{"ibrav = {}: celldm({}) = {} is a cosine and must lie between -1 and 1", ibrav, i + 1, raw(i)};
    }
    return raw(i);
  }
};

Eigen::Matrix3d rhombohedral(const Parameters& p) {
  const double a = p.length(0), c = p.cosine(3);
  if (!(c > -0.5)) {
    throw InputError{
        "ibrav = {}: celldm(4) = {} must exceed -1/2: three vectors cannot be further apart than 120 degrees", p.ibrav,
        c};
  }
  const double tx = std::sqrt((1 - c) / 2), ty = std::sqrt((1 - c) / 6), tz = std::sqrt((1 + 2 * c) / 3);
  if (p.ibrav == 5) return a * rows({tx, -ty, tz}, {0, 2 * ty, tz}, {-tx, -ty, tz});
  const double u = tz - 2 * std::sqrt(2.0) * ty, v = tz + std::sqrt(2.0) * ty;
  return a / std::sqrt(3.0) * rows({u, v, v}, {v, u, v}, {v, v, u});
}

Eigen::Matrix3d triclinic(const Parameters& p) {
  const double a = p.length(0), b = p.length(1), c = p.length(2);
  const double ca = p.cosine(3), cb = p.cosine(4), cg = p.cosine(5);
  const double squared_volume = 1 + 2 * ca * cb * cg - ca * ca - cb * cb - cg * cg;
  if (!(squared_volume > 0)) {
    throw InputError{"ibrav = 14: cosines {}, {}, {} of celldm(4..6) belong to no cell: check the angles", ca, cb, cg};
  }
  const double sg = sine(cg);
  return rows({a, 0, 0}, {b * cg, b * sg, 0}, {c * cb, c * (ca - cb * cg) / sg, c * std::sqrt(squared_volume) / sg});
}

}  // namespace

Eigen::Matrix3d bravais_cell(int ibrav, const std::vector<double>& celldm) {
  const Parameters p{ibrav, celldm};
  const double a = p.length(0), h = a / 2;
  switch (ibrav) {
    case 1:
      return a * Eigen::Matrix3d::Identity();
    case 2:
      return rows({-h, 0, h}, {0, h, h}, {-h, h, 0});
    case 3:
      return rows({h, h, h}, {-h, h, h}, {-h, -h, h});
    case -3:
      return rows({-h, h, h}, {h, -h, h}, {h, h, -h});
    case 4:
      return rows({a, 0, 0}, {-h, h * std::sqrt(3.0), 0}, {0, 0, p.length(2)});
    case 5:
    case -5:
      return rhombohedral(p);
    case 6:
      return rows({a, 0, 0}, {0, a, 0}, {0, 0, p.length(2)});
    case 7: {
      const double c = p.length(2) / 2;
      return rows({h, -h, c}, {h, h, c}, {-h, -h, c});
    }
    case 14:
      return triclinic(p);
    default:
      break;
  }
  switch (ibrav) {
    case 8:
    case 9:
    case -9:
    case 91:
    case 10:
    case 11:
    case 12:
    case -12:
    case 13:
    case -13:
      break;
    default:
      throw InputError{"ibrav = {}: Quantum ESPRESSO knows 0 to 14, 91, -3, -5, -9, -12 and -13", ibrav};
  }
  const double b = p.length(1), c = p.length(2);
  switch (ibrav) {
    case 8:
      return rows({a, 0, 0}, {0, b, 0}, {0, 0, c});
    case 9:
      return rows({h, b / 2, 0}, {-h, b / 2, 0}, {0, 0, c});
    case -9:
      return rows({h, -b / 2, 0}, {h, b / 2, 0}, {0, 0, c});
    case 91:
      return rows({a, 0, 0}, {0, b / 2, -c / 2}, {0, b / 2, c / 2});
    case 10:
      return rows({h, 0, c / 2}, {h, b / 2, 0}, {0, b / 2, c / 2});
    case 11:
      return rows({h, b / 2, c / 2}, {-h, b / 2, c / 2}, {-h, -b / 2, c / 2});
    default:
      break;
  }
  // Monoclinic: the unique axis is c with cos(ab) in celldm(4), or b with cos(ac) in celldm(5).
  const double cosine = p.cosine(ibrav > 0 ? 3 : 4);
  const Eigen::RowVector3d b_tilted(b * cosine, b * sine(cosine), 0), c_tilted(c * cosine, 0, c * sine(cosine));
  switch (ibrav) {
    case 12:
      return rows({a, 0, 0}, b_tilted, {0, 0, c});
    case -12:
      return rows({a, 0, 0}, {0, b, 0}, c_tilted);
    case 13:
      return rows({h, 0, -c / 2}, b_tilted, {h, 0, c / 2});
    default:
      return rows({h, b / 2, 0}, {-h, b / 2, 0}, c_tilted);
  }
}

}  // namespace zeropoint::phonons
