#pragma once

namespace zeropoint {

/// One consistent set of physical constants; everything that enters or leaves in a foreign unit passes through one.
///
/// Inside the program: eV, angstrom, amu, K. hbar and kB belong to the set, because stored numbers of another code can
/// only be met to their last digits with that code's constants.
struct UnitSet {
  double bohr;                ///< angstrom
  double rydberg;             ///< eV
  double rydberg_mass;        ///< amu: twice the electron mass, the unit of masses in dyn files
  double hbar;                ///< angstrom sqrt(amu eV) = bohr sqrt(rydberg rydberg_mass)
  double kb_density;          ///< eV/K, in thermal amplitudes: sampling, weights, gradient
  double kb_free_energy;      ///< eV/K, in the harmonic free energy and entropy
  double kb_hessian;          ///< eV/K, in the free-energy Hessian
  double inverse_cm_rydberg;  ///< cm^-1 per Ry

  double rydberg_per_bohr() const { return rydberg / bohr; }                   ///< eV/angstrom
  double rydberg_per_bohr2() const { return rydberg / (bohr * bohr); }         ///< eV/angstrom^2
  double rydberg_per_bohr3() const { return rydberg / (bohr * bohr * bohr); }  ///< eV/angstrom^3
  /// cm^-1 of an angular frequency in sqrt(eV/amu)/angstrom.
  double inverse_cm(double frequency) const { return frequency * hbar / rydberg * inverse_cm_rydberg; }

  /// The same set with one kB [Ry/K] everywhere: golden tables name theirs.
  UnitSet with_kb_rydberg(double kb) const;
};

namespace units {

/// CODATA 2022; the default everywhere.
extern const UnitSet codata2022;

/// The constants of python-sscha 1.6 and CellConstructor 1.6, with a kB of its own where that code uses another.
extern const UnitSet python_sscha;

constexpr double gpa_per_ev_angstrom3 = 160.2176634;  ///< exact in the SI of 2019
constexpr double thz_per_inverse_cm = 0.0299792458;   ///< exact

}  // namespace units
}  // namespace zeropoint
