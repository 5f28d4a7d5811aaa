#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/supercell.hpp"
#include "core/units.hpp"
#include "files/pwx_input.hpp"

namespace zeropoint {

/// What inputs of DFT programs are made of besides the configurations.
struct InputOptions {
  std::string folder;                     ///< where they go; formats of many files have one of their own in it
  std::int64_t n_configurations = 0;      ///< of all pieces together: it decides how many digits names have, at least 4
  int population = 1;                     ///< in names of python-sscha's files
  std::string pwx_template = {};          ///< pwx: an input whose cell, positions and k points are replaced
  std::optional<KMesh> k_points = {};     ///< pwx: of the supercell; nothing: see PwxInput::mesh_of
  std::string vasp_folder = {};           ///< vasp: with INCAR, KPOINTS and POTCAR to put beside each POSCAR; or none
  UnitSet constants = units::codata2022;  ///< for foreign units
};

/// Writes configurations of one supercell as inputs, piece after piece.
class InputWriter {
 public:
  virtual ~InputWriter() = default;
  /// `displacements` [n, n_atoms, 3] (angstrom, contiguous, CPU) of configurations first + 1 to first + n.
  virtual void write(const at::Tensor& displacements, std::int64_t first) = 0;
  /// After the last piece: all is on the disk.
  virtual void finish() {}
  /// What the inputs have in common, for people: ("k points", "2 2 2 0 0 0").
  virtual std::vector<std::pair<std::string, std::string>> notes() const { return {}; }
};

/// One kind of inputs. A new one is a source beside this header that exports such a struct, and a line in
/// dft_inputs.cpp.
struct InputFormat {
  std::string name;  ///< a word: "vasp"
  /// Writes nothing yet. @throws InputError when the supercell does not fit to the options; IoError.
  std::function<std::unique_ptr<InputWriter>(const Supercell&, const InputOptions&)> open;
};

/// pwx: pwx/0001.in ...; vasp: vasp/0001/POSCAR ...; extxyz: configurations.extxyz; python-sscha: python-sscha/u_...
/// and scf_... .
const std::vector<InputFormat>& input_formats();

/// @throws ConfigError for a word that names none.
const InputFormat& input_format(const std::string& name);

/// The crystal of configuration `c` of a piece.
Crystal displaced(Crystal crystal, const at::Tensor& displacements, std::int64_t c);
/// "0042", as many digits for all configurations.
std::string configuration_name(std::int64_t number, const InputOptions& options);

}  // namespace zeropoint
