#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/periodic_points.hpp"
#include "core/supercell.hpp"
#include "files/labelled_structure.hpp"

namespace zeropoint {

/// Which configuration of a population a structure is.
struct Match {
  std::int64_t configuration = -1;  ///< from 0; -1: none
  std::vector<int> order;  ///< [n_atoms] the atom of the structure that is supercell atom i; empty when none matches
  std::string reason;      ///< why none matches, with the nearest evidence; empty when one does

  explicit operator bool() const { return configuration >= 0; }
};

/// Finds structures among the configurations reference + displacements.
///
/// A structure matches when its cell is that of the supercell to 1e-4 angstrom and each of its atoms lies within
/// `tolerance` of an atom of the same species of one configuration, lattice vectors of the supercell aside; the atoms
/// may have any order. For an atom that was moved by a lattice vector the difference of this vector between the two
/// cells comes on top of the tolerance. Labels such as Fe1 and Fe count as the same element when the two sets of labels
/// differ. Rotated, translated or strained copies do not match. The order of the supercell is tried before others; of
/// equal configurations the first is found.
///
/// The default tolerance covers the 7 decimals of positions in units of alat that pw.x prints, up to alat = 75 bohr,
/// and the 5 decimals of VASP's OUTCAR.
///
/// Setting up takes a time of order N log N, looking up one of order n_atoms. find() may be called from several
/// threads.
class ConfigurationIndex {
 public:
  /// `displacements` [N, n_atoms, 3] float64 on the CPU, angstrom. @throws InputError for another shape, type or
  /// device.
  ConfigurationIndex(const Supercell& reference, at::Tensor displacements, double tolerance = 2e-5);

  Match find(const LabelledStructure& structure) const;

  std::int64_t size() const { return n_configurations_; }

 private:
  struct Query;
  struct Comparison {
    std::int64_t configuration = -1;
    std::vector<int> order;      // atom of the structure at each supercell atom, -1: none
    std::vector<int> unmatched;  // supercell atoms without an atom of the structure
    std::vector<int> exchanged;  // supercell atoms with one of another species

    std::size_t n_wrong() const { return unmatched.size() + exchanged.size(); }
  };

  /// Position of a supercell atom in a configuration.
  Eigen::RowVector3d position(std::int64_t configuration, int atom) const;
  std::string other_atoms(const LabelledStructure& structure) const;
  bool is_at(const Query& query, int structure_atom, std::int64_t configuration, int atom) const;
  bool in_identity_order(const Query& query, std::int64_t configuration) const;
  Comparison compare(const Query& query, std::int64_t configuration, bool stop_early) const;
  std::vector<std::int64_t> candidates(const Query& query, const PeriodicPoints& points, int atom) const;
  std::string nearest_evidence(const Query& query) const;
  std::string describe(const Query& query, const Comparison& comparison) const;
  std::string far_from_all(const Query& query) const;

  Crystal crystal_;  ///< the supercell
  at::Tensor displacements_;
  const double* u_;
  std::int64_t n_configurations_;
  Eigen::Matrix3d to_fractional_;
  double tolerance_;
  int probe_ = 0, second_probe_ = 0;  ///< the atoms that move most: few configurations have them at the same place
  PeriodicPoints probe_points_, second_probe_points_;
};

/// Rows of `vectors` of a structure, such as its forces, in the order of the supercell: row i is row order[i].
Vectors in_supercell_order(const Vectors& vectors, const std::vector<int>& order);

}  // namespace zeropoint
