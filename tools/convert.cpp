#include <algorithm>
#include <cstdlib>

#include "core/atomic_file.hpp"
#include "core/ensemble_write.hpp"
#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "core/nearest_name.hpp"
#include "phonons/qe_dyn.hpp"
#include "tools/command.hpp"
#include "tools/exit_code.hpp"
#include "tools/file_kind.hpp"

namespace zeropoint {
namespace {

/// The supercell that an ensemble file of our own holds.
Supercell read_supercell(const std::string& path) {
  const Hdf5File file = Hdf5File::open(path, "zeropoint ensemble");
  const Crystal crystal{.cell = file.read_matrix("cell"),
                        .positions = file.read_matrix("positions"),
                        .species = file.read_strings("species"),
                        .masses = file.read_vector("masses")};
  return {crystal, file.read_vector("supercell").array().round().cast<int>().matrix()};
}

void convert_matrices(const std::string& input, const std::string& output, Console& console) {
  const phonons::DynamicalMatrices matrices = phonons::read_qe_dyn(input);
  phonons::write_qe_dyn(matrices, output);
  console.say("{} -> {}0 to {}{}: {} q points", input, output, output, matrices.grid.stars().size(),
              matrices.grid.size());
}

void convert_ensemble(const Arguments& arguments, const std::string& input, const std::string& format,
                      const std::string& output, Console& console) {
  const std::string dyn = arguments.option("dyn");
  const bool holds_crystal = file_kind(input) == FileKind::hdf5;
  if (dyn.empty() && !holds_crystal) {
    throw ConfigError{"convert: --dyn PREFIX is needed: {} does not hold the crystal that displacements refer to",
                      input};
  }
  const Supercell supercell = dyn.empty() ? read_supercell(input) : phonons::read_qe_dyn(dyn).supercell();
  EnsembleMetadata metadata;
  if (const std::string text = arguments.option("population"); !text.empty()) {
    char* end = nullptr;
    metadata.population = static_cast<int>(std::strtol(text.c_str(), &end, 10));
    if (*end != '\0' || metadata.population < 0)
      throw ConfigError{"convert: --population {}: a number is needed", text};
  }
  if (const std::string text = arguments.option("temperature"); !text.empty()) {
    try {
      metadata.temperature = parse_quantity(text, find_unit("K"));
    } catch (const InputError& error) {
      throw ConfigError{"convert: --temperature {}: {}", text, error.what()};
    }
  } else if (holds_crystal) {
    metadata.temperature = Hdf5File::open(input).number_attribute("/", "temperature");
  }
  const auto ensemble = open_ensemble({.path = input, .population = metadata.population}, supercell);
  write_ensemble(*ensemble, supercell, ensemble_format(format), output, metadata);
  console.say("{} -> {}: {} configurations of {} atoms{}", ensemble->description(), output, ensemble->size(),
              supercell.n_atoms(), ensemble->has_stresses() ? "" : ", no stresses");
}

int convert(const Arguments& arguments, Console& console) {
  const std::string format = arguments.option("to"), output = arguments.option("output");
  if (arguments.files.size() != 1)
    throw ConfigError{"convert: one input is needed, {} are given", arguments.files.size()};
  if (output.empty()) throw ConfigError{"convert: --output is missing: a file, folder or prefix to write"};
  const std::vector<std::string> formats{"npy", "text", "extxyz", "h5", "qe"};
  if (std::find(formats.begin(), formats.end(), format) == formats.end()) {
    throw ConfigError{"convert: --to {}: npy, text, extxyz, h5 (data) or qe (matrices) is needed{}",
                      format.empty() ? "is missing" : format, suggestion(format, formats)};
  }
  make_parent_folder(output);
  if (format == "qe") {
    convert_matrices(arguments.files[0], output, console);
  } else {
    convert_ensemble(arguments, arguments.files[0], format, output, console);
  }
  return exit_code::done;
}

}  // namespace

Command convert_command() {
  return {
      .name = "convert",
      .summary = "ensembles and dynamical matrices from one format to another",
      .arguments = "IN --to FORMAT --output OUT",
      .description =
          "Data: npy and text (python-sscha), extxyz, h5. Matrices: qe, which makes any dialect of dyn files uniform.",
      .example =
          "  zeropoint convert population1 --to h5 --output population1.h5 --dyn harmonic/dyn --temperature \"300 K\"",
      .options = {{"to", "FORMAT", "npy | text | extxyz | h5 | qe"},
                  {"output", "OUT", "file (extxyz, h5), folder (npy, text) or prefix (qe)"},
                  {"dyn", "PREFIX", "matrices of the supercell; an .h5 file holds its own"},
                  {"population", "P", "number in the file names, 1"},
                  {"temperature", "T", "of the generating density, such as \"300 K\"; stored in h5"}},
      .prepare = {},
      .run = convert,
  };
}

}  // namespace zeropoint
