#include <algorithm>
#include <cstdlib>

#include "core/atomic_file.hpp"
#include "core/ensemble_write.hpp"
#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "core/nearest_name.hpp"
#include "phonons/matrix_file.hpp"
#include "phonons/qe_dyn.hpp"
#include "phonons/qe_force_constants.hpp"
#include "tools/command.hpp"
#include "tools/exit_code.hpp"
#include "tools/file_kind.hpp"
#include "tools/labelled_files.hpp"

namespace zeropoint {
namespace {

void convert_matrices(const Arguments& arguments, const std::string& input, const std::string& format, const std::string& output,
                      Console& console) {
  phonons::MatrixFile file = phonons::read_matrix_file(input);
  for (const std::string& warning : file.warnings) console.warn("{}", warning);
  const std::string original = arguments.option("like");
  const bool alpha = arguments.flag("qe-ewald"), inside = arguments.flag("keep-dipoles");
  if (!original.empty() && format != "qe") throw ConfigError{"convert: --like PREFIX goes with --to qe: only dyn text keeps a header"};
  const bool strict = arguments.flag("qe-strict");
  if (strict && (format != "qe" || !original.empty())) throw ConfigError{"convert: --qe-strict goes with --to qe, without --like"};
  const bool constants = format == "q2r" || format == "q2r-xml";
  if ((alpha || inside) && !constants) throw ConfigError{"convert: --qe-ewald and --keep-dipoles go with --to q2r or q2r-xml"};
  std::string written = output;
  if (!original.empty()) {
    phonons::write_qe_dyn_like(file.matrices, original, output);
    written = output + "0, 1, ... with the headers of " + original;
  } else if (strict) {
    phonons::write_qe_dyn(file.matrices, output, units::codata2022, true);
    written = output + "0, 1, ... in the columns of ph.x";
  } else if (constants) {
    written = phonons::force_constants_name(format, output);
    phonons::write_qe_force_constants(file.matrices, written, {.dipoles = !inside, .ewald_parameter = alpha});
  } else {
    written = phonons::write_matrix_file(file.matrices, format, output);
  }
  console.say("{} -> {}: {}, {} q points{}", input, written, file.kind, file.matrices.grid.size(),
              file.matrices.polar ? ", with Born charges" : "");
  for (const auto& [name, value] : file.notes) console.field(name, "{}", value);
}

void convert_ensemble(const Arguments& arguments, const std::string& input, const std::string& format,
                      const std::string& output, Console& console) {
  const std::string dyn = arguments.option("dyn");
  const bool holds_crystal = file_kind(input) == FileKind::hdf5;
  if (dyn.empty() && !holds_crystal) {
    throw ConfigError{"convert: --dyn PREFIX is needed: {} does not hold the crystal that displacements refer to",
                      input};
  }
  const Supercell supercell = dyn.empty() ? read_supercell(input) : phonons::read_matrix_file(dyn).matrices.supercell();
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
  std::vector<std::string> formats{"npy", "text", "extxyz", "h5"};
  const std::vector<std::string>& of_matrices = phonons::matrix_formats();
  formats.insert(formats.end(), of_matrices.begin(), of_matrices.end());
  if (std::find(formats.begin(), formats.end(), format) == formats.end()) {
    throw ConfigError{"convert: --to {}: npy, text, extxyz, h5 (data) or qe, qe-xml, q2r, q2r-xml, epw, phonopy (matrices) is needed{}",
                      format.empty() ? "is missing" : format, suggestion(format, formats)};
  }
  make_parent_folder(output);
  if (std::find(of_matrices.begin(), of_matrices.end(), format) != of_matrices.end()) {
    convert_matrices(arguments, arguments.files[0], format, output, console);
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
          "Data: npy and text (python-sscha), extxyz, h5. Matrices and force constants: dyn files of Quantum ESPRESSO in text\n"
          "(qe) or XML (qe-xml), q2r.x's force constants (q2r, q2r-xml; epw: as ifc.q2r), phonopy's files (phonopy). IN is a prefix, a file,\n"
          "or, for phonopy, phonopy.yaml or its folder, or FORCE_CONSTANTS, force_constants.hdf5, FORCE_SETS beside it.",
      .example =
          "  zeropoint convert population1 --to h5 --output population1.h5 --dyn harmonic/dyn --temperature \"300 K\"\n"
          "  zeropoint convert phonopy_params.yaml --to qe --output harmonic/dyn\n"
          "  zeropoint convert sscha/dyn --to phonopy --output for_phonopy",
      .options = {{"to", "FORMAT", "npy | text | extxyz | h5 | qe | qe-xml | q2r | q2r-xml | epw | phonopy"},
                  {"output", "OUT", "file (extxyz, h5, q2r, q2r-xml), folder (npy, text, epw, phonopy) or prefix (qe, qe-xml)"},
                  {"dyn", "PREFIX", "matrices of the supercell; an .h5 file holds its own"},
                  {"population", "P", "number in the file names, 1"},
                  {"temperature", "T", "of the generating density, such as \"300 K\"; stored in h5"},
                  {"like", "PREFIX", "qe: keep title, ibrav, structure and charges of these dyn files, replace the matrices"},
                  {"qe-strict", "", "qe: eight decimals in the columns of ph.x itself, for programs that read by column"},
                  {"qe-ewald", "", "q2r, q2r-xml: write the Ewald parameter behind T, as Quantum ESPRESSO does since 2024"},
                  {"keep-dipoles", "", "q2r, q2r-xml: leave the dipole part inside (F), for phonopy's own converter"}},
      .prepare = {},
      .run = convert,
  };
}

}  // namespace zeropoint
