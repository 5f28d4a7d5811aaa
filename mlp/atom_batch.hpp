#pragma once

#include <cstdint>
#include <vector>

#include "mlp/neighbours.hpp"

namespace zeropoint::mlp {

/// An index as std::vector takes it.
inline std::size_t at_place(std::int64_t i) { return static_cast<std::size_t>(i); }

/// A structure as the potential sees it.
struct Geometry {
  std::vector<int> species;  ///< [n_atoms] numbers in the model's list
  double volume = 0;         ///< angstrom^3
  Neighbours neighbours;     ///< within the radial cutoff

  std::int64_t n_atoms() const { return static_cast<std::int64_t>(species.size()); }
};

/// Bytes that it takes in memory.
std::int64_t size_in_bytes(const Geometry& geometry);

/// The atoms of several structures, those of one species side by side: each species has a network of its own.
///
/// Edges (directed pairs) of atom i are first[i] <= e < first[i + 1], the first n_angular(i) of them within the angular
/// cutoff, too.
struct AtomBatch {
  AtomBatch(const std::vector<const Geometry*>& structures, int n_species, double angular_cutoff);

  std::int64_t n_atoms() const { return static_cast<std::int64_t>(structure.size()); }
  std::int64_t n_edges() const { return static_cast<std::int64_t>(neighbour.size()); }
  std::int64_t n_structures() const { return static_cast<std::int64_t>(volumes.size()); }
  int n_species() const { return static_cast<int>(species_begin.size()) - 1; }
  std::int64_t n_atoms_of(int z) const { return species_begin[static_cast<std::size_t>(z) + 1] - species_begin[z]; }
  std::int64_t n_angular(std::int64_t atom) const {
    return angular_first[static_cast<std::size_t>(atom) + 1] - angular_first[atom];
  }

  std::vector<std::int64_t>
      species_begin;         ///< [n_species + 1] atoms of species z: species_begin[z] <= i < species_begin[z + 1]
  std::vector<int> species;  ///< [n_atoms]
  std::vector<std::int64_t> structure;      ///< [n_atoms] which structure
  std::vector<std::int64_t> place;          ///< [n_atoms] where the atoms went, structures one after another
  std::vector<double> volumes;              ///< [n_structures] angstrom^3
  std::vector<std::int64_t> atoms_in;       ///< [n_structures]
  std::vector<std::int64_t> first;          ///< [n_atoms + 1]
  std::vector<std::int64_t> angular_first;  ///< [n_atoms + 1] the same, counting angular edges only
  std::vector<int> neighbour;               ///< [n_edges] an atom of the batch
  std::vector<double> vectors;              ///< [n_edges, 3] angstrom
};

}  // namespace zeropoint::mlp
