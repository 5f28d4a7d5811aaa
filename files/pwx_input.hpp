#pragma once

#include <array>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/supercell.hpp"

namespace zeropoint {

/// Monkhorst-Pack mesh of K_POINTS automatic: n1 n2 n3 and shifts s1 s2 s3 (0 or 1).
struct KMesh {
  std::array<int, 3> divisions, shifts;
};

/// A complete input of pw.x whose structure is to be replaced: everything else stays as the user wrote it.
class PwxInput {
 public:
  /// @throws IoError; InputError with file and line: no input of pw.x, not calculation = 'scf', tprnfor or tstress
  /// missing, no cutoff, no pseudopotential of a species, an unfinished namelist.
  explicit PwxInput(const std::string& path);

  int n_atoms() const { return n_atoms_; }                              ///< nat of the template
  const std::vector<std::string>& species() const { return species_; }  ///< labels of ATOMIC_SPECIES
  /// Label and file name of each species, in their order.
  std::vector<std::pair<std::string, std::string>> pseudopotentials() const;
  /// The automatic mesh, nothing when K_POINTS is gamma or a list.
  const std::optional<KMesh>& k_mesh() const { return k_mesh_; }

  /// The input for another crystal: ibrav = 0, cell and positions in angstrom with all digits, atoms in the order of
  /// `crystal`. `k_mesh`: instead of the template's k points. `name` is appended to prefix, so that runs in one outdir
  /// do not meet; a relative pseudo_dir, relative to the template, becomes one relative to `folder`, where the input is
  /// to lie.
  /// @throws InputError when a species of the crystal has no pseudopotential in the template.
  std::string text(const Crystal& crystal, const std::optional<KMesh>& k_mesh, const std::string& name,
                   const std::string& folder) const;

  /// The mesh of a supercell with the same k points as the template's mesh in its unit cell.
  /// @throws InputError when a division is not a multiple of the supercell's, or the template has no automatic mesh.
  KMesh divided_mesh(const Eigen::Vector3i& supercell) const;

  /// The k points of a supercell when the template is an input of its unit cell: divided_mesh(). Nothing, as they stand
  /// in the template, when that is one of the supercell.
  /// @throws InputError when the template is of neither, or holds numbers that count for the unit cell (nbnd, charge).
  std::optional<KMesh> mesh_of(const Supercell& supercell) const;

  /// The same input with another value of a key in lower case, as it is to be written ("'none'"), in namelist `list`.
  PwxInput with(const std::string& list, const std::string& key, const std::string& value) const;
  /// All that decides about energies but the structure and the pseudopotentials' contents: namelists (keys sorted,
  /// without what says where atoms and cell are and without `ignored`) and cards; `k_mesh` instead of the template's
  /// k points. Equal inputs give equal texts, however they are written.
  std::string method(const std::set<std::string>& ignored, const std::optional<KMesh>& k_mesh) const;

  /// Value of a namelist key in lower case ("conv_thr", "nbnd"), if it is given.
  std::optional<std::string> value(const std::string& key) const;

 private:
  struct Namelist {
    std::string name;  // "control"
    std::vector<std::pair<std::string, std::string>> entries;
  };
  struct Card {
    std::string header;  // "K_POINTS automatic"
    std::vector<std::string> lines;
  };
  void read(const std::string& text);
  void read_species();
  void read_k_mesh();
  std::string namelists_text(int n_atoms, const std::string& name, const std::string& folder) const;
  void check_run() const;
  const Card* card(const std::string& name) const;

  std::string path_;
  std::vector<Namelist> namelists_;
  std::vector<Card> cards_;
  int n_atoms_ = 0;
  std::vector<std::string> species_;
  std::optional<KMesh> k_mesh_;
};

}  // namespace zeropoint
