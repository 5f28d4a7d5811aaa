#include "files/mlearn_json.hpp"

#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/units.hpp"

namespace zeropoint {
namespace {

using nlohmann::json;

const json& child(const json& parent, const char* name) {
  const auto found = parent.is_object() ? parent.find(name) : parent.end();
  if (!parent.is_object() || found == parent.end()) throw InputError{"'{}' is missing", name};
  return *found;
}

double number(const json& value, const char* what) {
  if (!value.is_number()) throw InputError{"{}: '{}' is not a number", what, value.dump().substr(0, 40)};
  return value.get<double>();
}

/// Rows of three numbers.
Vectors rows(const json& values, std::size_t count, const char* what) {
  if (!values.is_array() || values.size() != count) {
    throw InputError{"{}: {} rows, {} expected", what, values.is_array() ? values.size() : 0, count};
  }
  Vectors result(static_cast<Eigen::Index>(count), 3);
  for (std::size_t i = 0; i < count; ++i) {
    if (!values[i].is_array() || values[i].size() != 3)
      throw InputError{"{}: row {} does not have 3 numbers", what, i + 1};
    for (std::size_t k = 0; k < 3; ++k)
      result(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(k)) = number(values[i][k], what);
  }
  return result;
}

/// xx yy zz xy yz zx in kbar, positive under compression.
Eigen::Matrix3d stress_of(const json& values) {
  if (!values.is_array() || values.size() != 6)
    throw InputError{"virial_stress: 6 numbers (kbar, xx yy zz xy yz zx) are expected"};
  constexpr double kbar = 0.1 / units::gpa_per_ev_angstrom3;
  constexpr std::array<std::array<Eigen::Index, 2>, 6> places{{{0, 0}, {1, 1}, {2, 2}, {0, 1}, {1, 2}, {2, 0}}};
  Eigen::Matrix3d stress;
  for (std::size_t k = 0; k < 6; ++k) {
    const auto [a, b] = places[k];
    stress(a, b) = stress(b, a) = -kbar * number(values[k], "virial_stress");
  }
  return stress;
}

LabelledStructure read_entry(const json& entry) {
  LabelledStructure found;
  const json& structure = child(entry, "structure");
  found.cell = rows(child(child(structure, "lattice"), "matrix"), 3, "lattice.matrix");
  const json& sites = child(structure, "sites");
  json positions = json::array();
  for (const json& site : sites) {
    positions.push_back(child(site, "xyz"));
    const json& label = child(site, "label");
    if (!label.is_string()) throw InputError{"the label of a site is no text"};
    found.species.push_back(label.get<std::string>());
  }
  found.positions = rows(positions, sites.size(), "sites.xyz");
  const json& outputs = child(entry, "outputs");
  found.energy = number(child(outputs, "energy"), "energy");
  found.forces = rows(child(outputs, "forces"), sites.size(), "forces");
  if (outputs.contains("virial_stress")) found.stress = stress_of(outputs["virial_stress"]);
  return found;
}

std::vector<LabelledEntry> read_entries(const FileContent& file) {
  const json document = json::parse(file.text(), nullptr, false);
  if (document.is_discarded()) throw InputError{"no complete JSON: the file was cut or damaged, copy it again"};
  if (!document.is_array())
    throw InputError{"JSON, but not a list of entries with 'structure' and 'outputs' as mlearn writes"};
  std::vector<LabelledEntry> all;
  for (std::size_t k = 0; k < document.size(); ++k) {
    all.push_back(labelled_entry(fmt::format("{}, entry {}", file.path(), k + 1), file.path(),
                                 [&] { return read_entry(document[k]); }));
  }
  return all;
}

}  // namespace

LabelledFormat mlearn_format() {
  return {.name = "mlearn",
          .description = "mlearn's JSON",
          .recognises = [](const FileContent& file) { return file.first_line().find_first_of("[{") == 0; },
          .read = read_entries};
}

}  // namespace zeropoint
