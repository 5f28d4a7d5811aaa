#include "phonons/phonopy/units.hpp"

#include <map>

#include "core/error.hpp"

namespace zeropoint::phonons {
namespace {

double one_unit(const std::string& name, const std::string& all, const UnitSet& units) {
  const std::map<std::string, double> known{{"eV", 1},
                                            {"Ry", units.rydberg},
                                            {"mRy", units.rydberg / 1000},
                                            {"hartree", 2 * units.rydberg},
                                            {"Hartree", 2 * units.rydberg},
                                            {"angstrom", 1},
                                            {"Angstrom", 1},
                                            {"au", units.bohr},
                                            {"bohr", units.bohr}};
  const auto found = known.find(name);
  if (found == known.end()) {
    throw InputError{"the unit '{}' in '{}' is not known: eV, Ry, mRy, hartree, angstrom and au are", name, all};
  }
  return found->second;
}

}  // namespace

double phonopy_unit(const std::string& name, const UnitSet& units) {
  const std::size_t slash = name.find('/');
  double value = one_unit(name.substr(0, slash), name, units);
  if (slash == std::string::npos) return value;
  for (std::size_t begin = slash + 1; begin <= name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    std::string part = name.substr(begin, end - begin);
    const bool squared = part.ends_with("^2");
    if (squared) part.resize(part.size() - 2);
    const double unit = one_unit(part, name, units);
    value /= squared ? unit * unit : unit;
    begin = end + 1;
  }
  return value;
}

PhonopyUnits phonopy_units(const std::string& calculator, const UnitSet& units) {
  struct Names {
    const char *length, *force, *force_constants;
  };
  const Names metric{"angstrom", "eV/angstrom", "eV/angstrom^2"}, rydberg{"au", "Ry/au", "Ry/au^2"},
      hartree{"au", "hartree/au", "hartree/au^2"}, mixed{"au", "eV/angstrom", "eV/angstrom.au"};
  const std::map<std::string, Names> known{
      {"", metric},         {"vasp", metric},
      {"aims", metric},     {"lammps", metric},
      {"pwmat", metric},    {"crystal", metric},
      {"castep", metric},   {"qe", rydberg},
      {"qlm", rydberg},     {"wien2k", {"au", "mRy/au", "mRy/au^2"}},
      {"elk", hartree},     {"dftbp", hartree},
      {"fleur", hartree},   {"exciting", hartree},
      {"octopus", hartree}, {"turbomole", hartree},
      {"abinit", mixed},    {"siesta", mixed},
      {"abacus", mixed},    {"cp2k", {"angstrom", "hartree/au", "hartree/angstrom.au"}}};
  const auto found = known.find(calculator);
  if (found == known.end()) {
    throw InputError{"the calculator '{}' is not known: write a physical_unit block with length and force_constants",
                     calculator};
  }
  const Names& names = found->second;
  return {names.length,
          names.force_constants,
          phonopy_unit(names.length, units),
          phonopy_unit(names.force, units),
          phonopy_unit(names.force_constants, units),
          calculator};
}

}  // namespace zeropoint::phonons
