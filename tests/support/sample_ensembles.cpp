#include "tests/support/sample_ensembles.hpp"

#include <ATen/ops/empty.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>

namespace zeropoint::test {

Supercell triclinic_supercell() {
  Crystal crystal;
  crystal.cell << 4.1, 0.2, -0.3, 0.5, 5.2, 0.4, -0.6, 0.7, 6.3;
  crystal.positions.resize(4, 3);
  crystal.positions << 0.1, 0.2, 0.3, 2.2, 0.4, 3.1, 0.6, 2.7, 0.9, 2.1, 3.0, 3.9;
  crystal.species = {"Te", "H", "Sn", "H"};
  crystal.masses.resize(4);
  crystal.masses << 127.6, 1.008, 118.71, 2.0141;
  return {crystal, {2, 1, 3}};
}

Configurations random_configurations(const Supercell& reference, std::int64_t n, bool stresses, std::uint64_t seed) {
  std::mt19937_64 generator{seed};
  std::normal_distribution<double> normal;
  const auto fill = [&](std::vector<std::int64_t> shape, double mean, double width) {
    at::Tensor values = at::empty(shape, at::kDouble);
    double* const v = values.mutable_data_ptr<double>();
    for (std::int64_t i = 0; i < values.numel(); ++i) v[i] = mean + width * normal(generator);
    return values;
  };
  const std::int64_t n_atoms = reference.n_atoms();
  return {fill({n, n_atoms, 3}, 0, 0.05), fill({n}, -1234.5, 0.3), fill({n, n_atoms, 3}, 0, 1.5),
          stresses ? fill({n, 3, 3}, -0.01, 0.02) : at::Tensor{}};
}

Supercell supercell_of_dyn(const std::string& dyn_file, const Eigen::Vector3i& divisions, const UnitSet& units) {
  std::ifstream file(dyn_file);
  std::string line, word;
  std::getline(file, line);
  std::getline(file, line);
  int n_species = 0, n_atoms = 0, ibrav = 0;
  double alat = 0;
  file >> n_species >> n_atoms >> ibrav >> alat;
  std::getline(file, line);
  std::getline(file, line);  // "Basis vectors"
  Crystal crystal;
  for (int k = 0; k < 9; ++k) file >> crystal.cell(k / 3, k % 3);
  std::getline(file, line);
  std::vector<std::pair<std::string, double>> species;
  for (int s = 0; s < n_species; ++s) {
    std::getline(file, line);
    const std::size_t open = line.find('\''), close = line.find('\'', open + 1);
    std::istringstream label(line.substr(open + 1, close - open - 1));
    label >> word;
    species.emplace_back(word, std::stod(line.substr(close + 1)) * units.rydberg_mass);
  }
  crystal.positions.resize(n_atoms, 3);
  crystal.masses.resize(n_atoms);
  for (int a = 0; a < n_atoms; ++a) {
    int number = 0, type = 0;
    file >> number >> type >> crystal.positions(a, 0) >> crystal.positions(a, 1) >> crystal.positions(a, 2);
    crystal.species.push_back(species.at(static_cast<std::size_t>(type - 1)).first);
    crystal.masses[a] = species.at(static_cast<std::size_t>(type - 1)).second;
  }
  crystal.cell *= alat * units.bohr;
  crystal.positions *= alat * units.bohr;
  return {crystal, divisions};
}

double difference(const Configurations& a, const Configurations& b) {
  if (a.stresses.defined() != b.stresses.defined()) return std::numeric_limits<double>::infinity();
  double largest = 0;
  const auto compare = [&](const at::Tensor& x, const at::Tensor& y) {
    if (x.sizes() != y.sizes()) {
      largest = std::numeric_limits<double>::infinity();
      return;
    }
    const at::Tensor p = x.contiguous(), q = y.contiguous();
    for (std::int64_t i = 0; i < p.numel(); ++i) {
      largest = std::max(largest, std::abs(p.const_data_ptr<double>()[i] - q.const_data_ptr<double>()[i]));
    }
  };
  compare(a.displacements, b.displacements);
  compare(a.energies, b.energies);
  compare(a.forces, b.forces);
  if (a.stresses.defined()) compare(a.stresses, b.stresses);
  return largest;
}

std::string complaint(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace zeropoint::test
