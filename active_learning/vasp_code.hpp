#pragma once

#include <map>

#include "active_learning/dft_code.hpp"

namespace zeropoint::active_learning {

/// VASP from a folder of the user with INCAR, KPOINTS and POTCAR, and a POSCAR where the k points are those of the unit
/// cell: a mesh is divided then. Atoms are sorted as POTCAR has its elements; perm.txt tells the order. Retries change
/// ALGO, mixing and NELM.
class VaspCode : public DftCode {
 public:
  /// @throws InputError for tags that move atoms, spoil forces or leave them noisy, with the line to write; for a
  /// POTCAR in another order than the elements.
  VaspCode(DftOptions options, const Supercell& supercell);
  std::string method() const override { return method_; }
  std::vector<InputFile> inputs(const Crystal& crystal, const std::string& name, int attempt) const override;
  std::string shell_command() const override;
  std::vector<std::string> kept() const override { return {"vasprun.xml", "OUTCAR"}; }
  std::vector<std::string> outputs() const override { return {"vasprun.xml", "OUTCAR"}; }
  std::string other_method(const std::string& text, const Crystal& crystal) const override;

 private:
  std::string path(const char* name) const { return options_.template_path + "/" + name; }
  void read_incar();
  void check_incar() const;
  void read_mesh(const Supercell& supercell);

  DftOptions options_;
  std::map<std::string, std::string> incar_;  // tags in capitals
  std::string k_points_;
  std::vector<std::string> titles_;  // TITEL of POTCAR: "PAW_PBE Li_sv 10Sep2004"
  std::string method_;
};

}  // namespace zeropoint::active_learning
