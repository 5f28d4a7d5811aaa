#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "core/nearest_name.hpp"
#include "files/ensemble_formats.hpp"
#include "files/labelled_formats.hpp"
#include "files/structures_hdf5.hpp"
#include "files/training_set.hpp"
#include "phonons/matrix_file.hpp"
#include "phonons/matrix_judgement.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "phonons/quantum_espresso/dyn_like.hpp"
#include "phonons/quantum_espresso/force_constants.hpp"
#include "tools/commands/file_kind.hpp"
#include "tools/program/command.hpp"
#include "tools/program/exit_code.hpp"

namespace zeropoint {
namespace {

void convert_matrices(const Arguments& arguments, const std::string& input, const std::string& format,
                      const std::string& output, Console& console) {
  phonons::MatrixFile file = phonons::judged(phonons::read_matrix_file(input));
  for (const std::string& warning : file.warnings) console.warn("{}", warning);
  const std::string original = arguments.option("like");
  const bool alpha = arguments.flag("qe-ewald"), inside = arguments.flag("keep-dipoles");
  if (!original.empty() && format != "qe")
    throw ConfigError{"convert: --like PREFIX goes with --to qe: only dyn text keeps a header"};
  const bool strict = arguments.flag("qe-strict");
  if (strict && (format != "qe" || !original.empty()))
    throw ConfigError{"convert: --qe-strict goes with --to qe, without --like"};
  const bool constants = format == "q2r" || format == "q2r-xml";
  if ((alpha || inside) && !constants)
    throw ConfigError{"convert: --qe-ewald and --keep-dipoles go with --to q2r or q2r-xml"};
  std::string written = output;
  if (!original.empty()) {
    phonons::write_qe_dyn_like(file.matrices, original, output);
    written = output + "0, 1, ... with the headers of " + original;
  } else if (strict) {
    phonons::write_qe_dyn(file.matrices, output, units::codata2022, true);
    written = output + "0, 1, ... in the columns of ph.x";
  } else if (constants) {
    try {
      written = phonons::qe_force_constants_name(format, output);
    } catch (InputError& error) {
      error.advise("write --to q2r-xml, or another name");
      throw;
    }
    phonons::write_qe_force_constants(file.matrices, written, {.dipoles = !inside, .ewald_parameter = alpha});
  } else {
    written = phonons::write_matrix_file(file.matrices, format, output);
  }
  console.say("{} -> {}: {}, {} q points{}", input, written, file.kind, file.matrices.grid.size(),
              file.matrices.polar ? ", with Born charges" : "");
  for (const auto& [name, value] : file.notes) console.field(name, "{}", value);
}

std::optional<int> population_of(const Arguments& arguments) {
  const std::string text = arguments.option("population");
  if (text.empty()) return {};
  char* end = nullptr;
  const long number = std::strtol(text.c_str(), &end, 10);
  if (*end != '\0' || number < 0) throw ConfigError{"convert: --population {}: a number is needed", text};
  return static_cast<int>(number);
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
  metadata.population = population_of(arguments).value_or(1);
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

/// Labelled structures of any format, several inputs in their order.
void convert_structures(const Arguments& arguments, const std::string& format, const std::string& output,
                        Console& console) {
  const EnsembleHints hints{
      .dyn = arguments.option("dyn"),
      .population = population_of(arguments).value_or(0),
      .supercell_of = [](const std::string& dyn) { return phonons::read_qe_dyn(dyn, units::codata2022).supercell(); },
      .dyn_advice = "name them with --dyn",
      .population_advice = "say which one with --population"};
  std::vector<LabelledStructure> all;
  std::size_t n_refused = 0;
  for (const std::string& input : arguments.files) {
    LabelledStructures read = read_training_file(input, {}, hints, units::codata2022);
    for (const RefusedOutput& refused : read.refused) console.warn("{}: refused: {}", refused.source, refused.reason);
    n_refused += read.refused.size();
    std::ranges::move(read.accepted, std::back_inserter(all));
  }
  if (all.empty()) throw InputError{"{}: no labelled structure is left, nothing is written", arguments.files[0]};
  const std::vector<std::string> written = writable_labelled_format(format).write(all, output);
  const auto n_stresses = std::ranges::count_if(all, [](const LabelledStructure& s) { return s.stress.has_value(); });
  console.say("{}{} -> {}: {} structures, {} with stress{}", arguments.files[0],
              arguments.files.size() > 1 ? ", ..." : "", fmt::join(written, ", "), all.size(), n_stresses,
              n_refused > 0 ? fmt::format(", {} refused", n_refused) : "");
}

/// Extended XYZ and HDF5 of labelled structures; of an ensemble, which has displacements, the other path.
bool is_of_structures(const Arguments& arguments, const std::string& format) {
  if (format == "deepmd" || format == "xsf") return true;
  if ((format != "extxyz" && format != "h5") || !arguments.option("dyn").empty()) return false;
  const std::string& input = arguments.files[0];
  const FileKind kind = file_kind(input);
  if (kind == FileKind::hdf5) return filetype(input) == structures_filetype;
  return kind != FileKind::other_folder || std::filesystem::exists(std::filesystem::path{input} / "type.raw");
}

int convert(const Arguments& arguments, Console& console) {
  const std::string format = arguments.option("to"), output = arguments.option("output");
  if (arguments.files.empty()) throw ConfigError{"convert: one input is needed, 0 are given"};
  if (output.empty()) throw ConfigError{"convert: --output is missing: a file, folder or prefix to write"};
  std::vector<std::string> formats{"npy", "text", "extxyz", "h5", "deepmd", "xsf"};
  const std::vector<std::string> of_matrices = phonons::writable_matrix_formats();
  formats.insert(formats.end(), of_matrices.begin(), of_matrices.end());
  if (std::find(formats.begin(), formats.end(), format) == formats.end()) {
    throw ConfigError{
        "convert: --to {}: npy, text, extxyz, h5, deepmd, xsf (data) or qe, qe-xml, q2r, q2r-xml, epw, phonopy "
        "(matrices) is needed{}",
        format.empty() ? "is missing" : format, suggestion(format, formats)};
  }
  const bool structures = is_of_structures(arguments, format);
  if (!structures && arguments.files.size() != 1)
    throw ConfigError{"convert: one input is needed, {} are given", arguments.files.size()};
  make_parent_folder(output);
  if (structures) {
    convert_structures(arguments, format, output, console);
    return exit_code::done;
  }
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
      .arguments = "IN... --to FORMAT --output OUT",
      .description =
          "Data: npy and text (python-sscha), extxyz, h5; deepmd (npy folders), xsf (of aenet and ACNN), extxyz and h5 "
          "of labelled structures in\n"
          "any format, several inputs. Matrices and force constants: dyn files of Quantum ESPRESSO in text\n"
          "(qe) or XML (qe-xml), q2r.x's force constants (q2r, q2r-xml; epw: as ifc.q2r), phonopy's files (phonopy). "
          "IN is a prefix, a file,\n"
          "or, for phonopy, phonopy.yaml or its folder, or FORCE_CONSTANTS, force_constants.hdf5, FORCE_SETS beside "
          "it.",
      .example =
          "  zeropoint convert population1 --to h5 --output population1.h5 --dyn harmonic/dyn --temperature \"300 K\"\n"
          "  zeropoint convert dft/*.out --to deepmd --output deepmd\n"
          "  zeropoint convert phonopy_params.yaml --to qe --output harmonic/dyn\n"
          "  zeropoint convert sscha/dyn --to phonopy --output for_phonopy",
      .options =
          {{"to", "FORMAT", "npy | text | extxyz | h5 | deepmd | xsf | qe | qe-xml | q2r | q2r-xml | epw | phonopy"},
           {"output", "OUT",
            "file (extxyz, h5, q2r, q2r-xml), folder (npy, text, deepmd, xsf, epw, phonopy) or prefix (qe, qe-xml)"},
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
