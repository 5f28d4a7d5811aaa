#include "core/crystal.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/elements.hpp"
#include "core/error.hpp"

namespace zeropoint {

std::vector<std::string> Crystal::species_order() const {
  std::vector<std::string> order;
  for (const std::string& symbol : species) {
    if (std::find(order.begin(), order.end(), symbol) == order.end()) order.push_back(symbol);
  }
  return order;
}

std::vector<int> Crystal::species_index() const {
  const std::vector<std::string> order = species_order();
  std::vector<int> index;
  for (const std::string& symbol : species) {
    index.push_back(static_cast<int>(std::find(order.begin(), order.end(), symbol) - order.begin()));
  }
  return index;
}

std::string Crystal::formula() const {
  std::string text;
  for (const std::string& symbol : species_order()) {
    const auto count = std::count(species.begin(), species.end(), symbol);
    text += count == 1 ? symbol : fmt::format("{}{}", symbol, count);
  }
  return text;
}

double shortest_distance(const Crystal& crystal) {
  // A neighbour cell further than the shortest vector found so far cannot hold a nearer atom: widen until it is so.
  const Eigen::Matrix3d planes = crystal.reciprocal();
  const Vectors fractional = crystal.fractional();
  double shortest = crystal.cell.rowwise().norm().minCoeff();
  Eigen::Vector3i range;
  for (int k = 0; k < 3; ++k) range[k] = static_cast<int>(std::ceil(shortest * planes.row(k).norm())) + 1;
  for (int a = 0; a < crystal.n_atoms(); ++a) {
    for (int b = a; b < crystal.n_atoms(); ++b) {
      Eigen::RowVector3d d = fractional.row(b) - fractional.row(a);
      d.array() -= d.array().round();
      for (int i = -range[0]; i <= range[0]; ++i) {
        for (int j = -range[1]; j <= range[1]; ++j) {
          for (int k = -range[2]; k <= range[2]; ++k) {
            if (a == b && i == 0 && j == 0 && k == 0) continue;
            shortest = std::min(shortest, ((d + Eigen::RowVector3d(i, j, k)) * crystal.cell).norm());
          }
        }
      }
    }
  }
  return shortest;
}

void check(const Crystal& crystal, const std::string& source, double too_close) {
  if (crystal.n_atoms() == 0) throw InputError{"{}: the crystal has no atoms", source};
  if (!crystal.cell.allFinite() || !crystal.positions.allFinite() || !crystal.masses.allFinite()) {
    throw InputError{"{}: cell, positions or masses hold NaN or infinity", source};
  }
  const double edge = crystal.cell.rowwise().norm().maxCoeff();
  if (!(crystal.volume() > 1e-6 * edge * edge * edge)) {
    throw InputError{"{}: cell volume {} angstrom^3 (the cell vectors lie in a plane): check the cell and its unit",
                     source, crystal.volume()};
  }
  for (int s = 0; s < crystal.n_atoms(); ++s) {
    if (!(crystal.masses[s] > 0)) {
      throw InputError{"{}: mass of atom {} ({}) is {} amu: it must be positive", source, s + 1, crystal.species[s],
                       crystal.masses[s]};
    }
  }
  if (const double distance = shortest_distance(crystal); distance < too_close) {
    throw InputError{"{}: two atoms are {:.4f} angstrom apart: check the positions, their unit and the cell", source,
                     distance};
  }
}

namespace {

struct Element {
  const char* symbol;
  double mass;
};

// IUPAC 2021 abridged standard atomic masses; mass number of the longest-lived isotope where there is none.
const Element elements[] = {
    {"H", 1.008},   {"He", 4.0026}, {"Li", 6.94},   {"Be", 9.0122}, {"B", 10.81},   {"C", 12.011},  {"N", 14.007},
    {"O", 15.999},  {"F", 18.998},  {"Ne", 20.180}, {"Na", 22.990}, {"Mg", 24.305}, {"Al", 26.982}, {"Si", 28.085},
    {"P", 30.974},  {"S", 32.06},   {"Cl", 35.45},  {"Ar", 39.95},  {"K", 39.098},  {"Ca", 40.078}, {"Sc", 44.956},
    {"Ti", 47.867}, {"V", 50.942},  {"Cr", 51.996}, {"Mn", 54.938}, {"Fe", 55.845}, {"Co", 58.933}, {"Ni", 58.693},
    {"Cu", 63.546}, {"Zn", 65.38},  {"Ga", 69.723}, {"Ge", 72.630}, {"As", 74.922}, {"Se", 78.971}, {"Br", 79.904},
    {"Kr", 83.798}, {"Rb", 85.468}, {"Sr", 87.62},  {"Y", 88.906},  {"Zr", 91.224}, {"Nb", 92.906}, {"Mo", 95.95},
    {"Tc", 97},     {"Ru", 101.07}, {"Rh", 102.91}, {"Pd", 106.42}, {"Ag", 107.87}, {"Cd", 112.41}, {"In", 114.82},
    {"Sn", 118.71}, {"Sb", 121.76}, {"Te", 127.60}, {"I", 126.90},  {"Xe", 131.29}, {"Cs", 132.91}, {"Ba", 137.33},
    {"La", 138.91}, {"Ce", 140.12}, {"Pr", 140.91}, {"Nd", 144.24}, {"Pm", 145},    {"Sm", 150.36}, {"Eu", 151.96},
    {"Gd", 157.25}, {"Tb", 158.93}, {"Dy", 162.50}, {"Ho", 164.93}, {"Er", 167.26}, {"Tm", 168.93}, {"Yb", 173.05},
    {"Lu", 174.97}, {"Hf", 178.49}, {"Ta", 180.95}, {"W", 183.84},  {"Re", 186.21}, {"Os", 190.23}, {"Ir", 192.22},
    {"Pt", 195.08}, {"Au", 196.97}, {"Hg", 200.59}, {"Tl", 204.38}, {"Pb", 207.2},  {"Bi", 208.98}, {"Po", 209},
    {"At", 210},    {"Rn", 222},    {"Fr", 223},    {"Ra", 226},    {"Ac", 227},    {"Th", 232.04}, {"Pa", 231.04},
    {"U", 238.03},  {"Np", 237},    {"Pu", 244},    {"Am", 243},    {"Cm", 247},    {"Bk", 247},    {"Cf", 251},
    {"Es", 252},    {"Fm", 257},    {"Md", 258},    {"No", 259},    {"Lr", 262},    {"Rf", 267},    {"Db", 268},
    {"Sg", 269},    {"Bh", 270},    {"Hs", 269},    {"Mt", 277},    {"Ds", 281},    {"Rg", 282},    {"Cn", 285},
    {"Nh", 286},    {"Fl", 290},    {"Mc", 290},    {"Lv", 293},    {"Ts", 294},    {"Og", 294}};

}  // namespace

double standard_mass(const std::string& symbol) {
  const std::string letters = element_symbol(symbol);
  for (const Element& element : elements) {
    if (letters == element.symbol) return element.mass;
  }
  if (letters == "D") return 2.0141;
  if (letters == "T") return 3.0160;
  throw InputError{"unknown chemical symbol '{}': give its mass in the file, or use an element's symbol", symbol};
}

const std::string& chemical_symbol(int atomic_number) {
  static const std::vector<std::string> symbols = [] {
    std::vector<std::string> all;
    for (const Element& element : elements) all.emplace_back(element.symbol);
    return all;
  }();
  if (atomic_number < 1 || atomic_number > static_cast<int>(symbols.size())) {
    throw InputError{"atomic number {}: there are 118 elements", atomic_number};
  }
  return symbols[atomic_number - 1];
}

}  // namespace zeropoint
