#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "core/error.hpp"
#include "files/ensemble.hpp"

namespace zeropoint::test {

/// A triclinic crystal of three species and four atoms in a 2 x 1 x 3 supercell (24 atoms): nothing in it is symmetric,
/// so exchanged axes or atoms show.
Supercell triclinic_supercell();

/// Random configurations with displacements of about 0.05 angstrom and labels of ordinary size, the same for the same
/// seed.
Configurations random_configurations(const Supercell& reference, std::int64_t n, bool stresses, std::uint64_t seed = 1);

/// The supercell of the first matrix file of Quantum ESPRESSO: cell, positions, masses.
Supercell supercell_of_dyn(const std::string& dyn_file, const Eigen::Vector3i& divisions, const UnitSet& units);

/// Largest absolute difference of all numbers of two sets; infinite when shapes differ.
double difference(const Configurations& a, const Configurations& b);

/// What an expression complains about, or "nothing was thrown".
std::string complaint(const std::function<void()>& action);

}  // namespace zeropoint::test

/// The action throws zeropoint::Error with this text in its message.
#define EXPECT_COMPLAINT(action, text) EXPECT_THAT_CONTAINS(::zeropoint::test::complaint([&] { action; }), text)
#define EXPECT_THAT_CONTAINS(message, text) \
  EXPECT_NE((message).find(text), std::string::npos) << "message: " << (message)
