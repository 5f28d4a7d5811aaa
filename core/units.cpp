#include "core/units.hpp"

#include <cmath>

namespace zeropoint {
namespace {

struct Constants {
  double bohr, rydberg, rydberg_mass, kb_density, kb_free_energy, kb_hessian, inverse_cm_rydberg;
};

UnitSet consistent(const Constants& c) {
  return {c.bohr,       c.rydberg,        c.rydberg_mass, c.bohr * std::sqrt(c.rydberg * c.rydberg_mass),
          c.kb_density, c.kb_free_energy, c.kb_hessian,   c.inverse_cm_rydberg};
}

constexpr double kb_codata = 8.617333262e-5;          // eV/K, from the exact SI values
constexpr double rydberg_sscha = 13.605693012183622;  // eV

}  // namespace

namespace units {

const UnitSet codata2022 = consistent({.bohr = 0.529177210544,
                                       .rydberg = 13.605693122990,
                                       .rydberg_mass = 2 * 5.485799090441e-4,
                                       .kb_density = kb_codata,
                                       .kb_free_energy = kb_codata,
                                       .kb_hessian = kb_codata,
                                       .inverse_cm_rydberg = 109737.31568157});

const UnitSet python_sscha = consistent({.bohr = 1 / 1.889725989,
                                         .rydberg = rydberg_sscha,
                                         .rydberg_mass = 1 / 911.444243,
                                         .kb_density = 6.336857346553283e-6 * rydberg_sscha,
                                         .kb_free_energy = 8.617330337217213e-5,
                                         .kb_hessian = 6.3336306e-6 * rydberg_sscha,
                                         .inverse_cm_rydberg = 109737.36034769034});

}  // namespace units

UnitSet UnitSet::with_kb_rydberg(double kb) const {
  UnitSet set = *this;
  set.kb_density = set.kb_free_energy = set.kb_hessian = kb * rydberg;
  return set;
}

}  // namespace zeropoint
