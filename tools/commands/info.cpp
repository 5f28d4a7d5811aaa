#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/hdf5_contents.hpp"
#include "files/ensemble.hpp"
#include "files/folder_contents.hpp"
#include "mlp/model.hpp"
#include "phonons/matrix_file.hpp"
#include "phonons/matrix_judgement.hpp"
#include "phonons/modes.hpp"
#include "phonons/stability.hpp"
#include "sscha/result_folder.hpp"
#include "tools/commands/file_kind.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/commands/learn_result.hpp"
#include "tools/program/command.hpp"
#include "tools/program/exit_code.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

ordered_json describe_matrices(const std::string& prefix, Console& console) {
  const phonons::MatrixFile file = phonons::judged(phonons::read_matrix_file(prefix));
  const phonons::DynamicalMatrices& matrices = file.matrices;
  const SpaceGroup group = find_space_group(matrices.crystal);
  console.field("kind", "{}", file.kind);
  describe(matrices, console);
  describe(group, console);
  for (const auto& [name, value] : file.notes) console.field(name, "{}", value);
  for (const std::string& warning : file.warnings) console.warn("{}", warning);
  if (matrices.polar) console.field("polar", "dielectric tensor and Born charges are there");

  ordered_json json{{"kind", file.kind.starts_with("dynamical") ? "dynamical matrices" : file.kind},
                    {"polar", matrices.polar.has_value()},
                    {"formula", matrices.crystal.formula()},
                    {"n_atoms", matrices.crystal.n_atoms()},
                    {"space_group", group.number},
                    {"n_operations", group.operations.size()},
                    {"grid", std::vector<int>(matrices.grid.divisions().begin(), matrices.grid.divisions().end())},
                    {"frequencies", ordered_json::array()}};
  const auto frequencies = phonons::frequencies_inverse_cm(phonons::diagonalise(matrices), units::codata2022);
  show_frequencies(matrices.grid, frequencies, console);
  constexpr double rounding = 1e-2;  // cm^-1: the translations
  const int n_imaginary = phonons::n_imaginary(frequencies, rounding);
  for (const int iq : matrices.grid.representatives()) {
    const Eigen::Vector3d& q = matrices.grid.points()[iq];
    json["frequencies"].push_back({{"q", std::vector<double>(q.begin(), q.end())}, {"value", frequencies[iq]}});
  }
  if (n_imaginary > 0) console.say("  {} imaginary modes in the whole grid", n_imaginary);
  json["n_imaginary"] = n_imaginary;
  return json;
}

ordered_json describe_summary(const std::string& file, Console& console) {
  const ordered_json json = ordered_json::parse(read_file(file), nullptr, false);
  if (!json.is_object()) throw InputError{"{} is no JSON object: it was cut short or is no summary.json", file};
  console.field("kind", "results of a run");
  for (const auto& [name, entry] : json.items()) {
    if (!entry.is_object() || !entry.contains("value")) continue;
    const ordered_json& value = entry["value"];
    const std::string unit = entry.value("unit", "");
    std::string text;
    if (value.is_number() && entry.contains("standard_error") && entry["standard_error"].is_number()) {
      text = format_estimate(value.get<double>(), entry["standard_error"].get<double>(), unit);
    } else if (value.is_number_float()) {
      text = fmt::format("{:.6g} {}", value.get<double>(), unit);
    } else if (value.is_array() && value.size() <= 4 && value.dump().size() < 80) {
      text = fmt::format("{} {}", value.dump(), unit);
    } else if (value.is_array()) {
      text = fmt::format("{} entries, {}", value.size(), unit);
    } else {
      text = value.is_string() ? value.get<std::string>() : value.dump();
    }
    console.say("{:<22}{}", name, text);
  }
  return json;
}

/// A run of several conditions, finished or not.
ordered_json describe_ladder(const std::string& folder, Console& console) {
  const sscha::ResultFolder found = sscha::find_result(folder);
  const std::string summary = folder + "/summary.json";
  const bool finished = fs::exists(summary);
  ordered_json json = finished ? describe_summary(summary, console) : ordered_json{{"kind", "unfinished run"}};
  if (!finished) console.field("kind", "an unfinished run: the same command takes it up again");
  console.field("folders", "{}: a result for each condition, name one of them to see it", found.conditions_text());
  return json;
}

/// The card of a potential.
ordered_json describe_model(const std::string& path, Console& console) {
  const mlp::Model model = mlp::read_model(path);
  console.field("kind", "potential, {} network{}", model.members.size(), model.members.size() > 1 ? "s" : "");
  ordered_json json{{"kind", "potential"}, {"species", model.species}, {"n_members", model.members.size()}};
  for (const auto& [name, value] : model.card) {
    console.say("{:<22}{}", name, value);
    json["card"][name] = value;
  }
  for (std::size_t z = 0; z < model.species.size(); ++z)
    json["reference_energies"][model.species[z]] = model.reference_energies[z];
  return json;
}

ordered_json describe_hdf5(const std::string& path, Console& console) {
  if (filetype(path) == mlp::model_filetype) return describe_model(path, console);
  const Hdf5File file = Hdf5File::open(path);
  const std::string own_type = filetype(path), type = own_type.empty() ? "HDF5 of another program" : own_type;
  console.field("kind", "{}", type);
  ordered_json json{{"kind", type}};
  for (const char* name : {"code_version", "git_sha"}) {
    if (const auto text = file.text_attribute("/", name)) console.field(name, "{}", *text);
  }
  for (const char* name : {"version", "population", "temperature", "seed"}) {
    if (const auto number = file.number_attribute("/", name)) {
      console.field(name, "{:g}{}", *number, std::string_view{name} == "temperature" ? " K" : "");
      json[name] = *number;
    }
  }
  console.say("");
  for (const Hdf5Array& array : arrays_of(file)) {
    const std::string shape = fmt::format("{}", fmt::join(array.shape, " x "));
    console.say("  {:<28} {:<20} {}", array.name, shape, array.units);
    json["arrays"][array.name] = shape;
  }
  return json;
}

ordered_json describe_ensemble(const std::string& folder, int population, const std::string& dyn, Console& console) {
  ordered_json json{{"kind", "ensemble"}, {"population", population}};
  console.field("population", "{}", population);
  if (dyn.empty()) {
    if (const std::int64_t n = n_stored_energies(folder, population); n >= 0) {
      console.field("configurations", "{}", n);
      json["n_configurations"] = n;
    }
    console.field("matrices", "not in the folder: name them with --dyn PREFIX to learn more");
    return json;
  }
  const phonons::DynamicalMatrices matrices = phonons::read_matrix_file(dyn).matrices;
  const auto ensemble = open_ensemble({.path = folder, .population = population}, matrices.supercell());
  console.field("configurations", "{}{}", ensemble->size(),
                ensemble->has_stresses() ? ", with stresses" : ", no stresses");
  console.field("format", "{}", ensemble->description());
  console.field("matrices", "{}", dyn);
  describe(matrices, console);
  json["n_configurations"] = ensemble->size();
  json["has_stresses"] = ensemble->has_stresses();
  json["formula"] = matrices.crystal.formula();
  json["n_atoms"] = matrices.supercell().n_atoms();
  return json;
}

ordered_json describe_ensemble_folder(const std::string& folder, const std::string& dyn, Console& console) {
  const std::vector<int> found = populations_in(folder);
  if (found.empty()) {
    throw InputError{
        "{} holds nothing that is known: summary.json and run.toml of a run, energies_popP.npy, energies.npy or "
        "energies_supercell_populationP.dat of an ensemble were looked for",
        folder};
  }
  console.field("kind", "ensemble");
  ordered_json json = ordered_json::array();
  for (const int population : found) {
    const std::string own = fmt::format("{}/dyn_gen_pop{}_", folder, population);
    json.push_back(describe_ensemble(folder, population,
                                     !dyn.empty()            ? dyn
                                     : fs::exists(own + "1") ? own
                                                             : "",
                                     console));
  }
  return json;
}

ordered_json describe_frames(const std::string& file, Console& console) {
  const auto [n_frames, n_atoms] = count_frames(file);
  console.field("kind", "extended XYZ");
  console.field("frames", "{}", n_frames);
  console.field("atoms", "{} in the last", n_atoms);
  return {{"kind", "extxyz"}, {"n_frames", n_frames}, {"n_atoms", n_atoms}};
}

ordered_json describe_unfinished(const std::string&, Console& console) {
  console.field("kind", "an unfinished run: the same command takes it up again");
  return {{"kind", "unfinished run"}};
}

struct Describer {
  FileKind kind;
  ordered_json (*describe)(const std::string& path, Console& console);
};
constexpr Describer describers[] = {
    {FileKind::result_folder,
     [](const std::string& path, Console& console) { return describe_summary(path + "/summary.json", console); }},
    {FileKind::unfinished_folder, describe_unfinished},
    {FileKind::ladder_folder, describe_ladder},
    {FileKind::project_folder, describe_project},
    {FileKind::hdf5, describe_hdf5},
    {FileKind::summary, describe_summary},
    {FileKind::extxyz, describe_frames},
    {FileKind::matrices, describe_matrices},
};

/// What is printed for one path, for people; the same as JSON is returned. `dyn`: matrices of an ensemble.
ordered_json describe_path(const std::string& path, const std::string& dyn, Console& console) {
  if (!fs::exists(path)) require_one_condition(sscha::find_result(path));
  const FileKind kind = file_kind(path);
  const auto describer = std::ranges::find(describers, kind, &Describer::kind);
  return describer == std::end(describers) ? describe_ensemble_folder(path, dyn, console)
                                           : describer->describe(path, console);
}

int info(const Arguments& arguments, Console& console) {
  if (arguments.files.empty()) throw ConfigError{"info: name the files or folders to look at"};
  ordered_json all = ordered_json::object();
  for (const std::string& file : arguments.files) {
    if (!all.empty()) console.say("");
    console.field("file", "{}", file);
    all[file] = describe_path(file, arguments.option("dyn"), console);
  }
  console.print_json((arguments.files.size() == 1 ? all.front() : all).dump(2) + "\n");
  return exit_code::done;
}

}  // namespace

Command info_command() {
  return {
      .name = "info",
      .summary = "what a file is: crystal, grid, ensemble, potential, result",
      .arguments = "FILE...",
      .description =
          "Looks at prefixes of dynamical matrices, force constants of q2r.x and phonopy, folders of ensembles and of "
          "runs, .h5,\n"
          ".extxyz and summary.json.",
      .example = "  zeropoint info harmonic/dyn population1 minimize/result.h5",
      .options = {{"dyn", "PREFIX", "matrices of the supercell, for an ensemble that does not hold them"}},
      .prepare = {},
      .run = info,
  };
}

}  // namespace zeropoint
