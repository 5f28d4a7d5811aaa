#include "files/pwx_input.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/number_text.hpp"
#include "files/text_scanner.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

/// `line` up to a comment outside quotes.
std::string_view without_comment(std::string_view line) {
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (quote) {
      if (line[i] == quote) quote = 0;
    } else if (line[i] == '\'' || line[i] == '"') {
      quote = line[i];
    } else if (line[i] == '!') {
      return line.substr(0, i);
    }
  }
  return line;
}

/// Parts of a namelist line between commas outside quotes.
std::vector<std::string_view> entries_of(std::string_view line) {
  std::vector<std::string_view> parts;
  char quote = 0;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= line.size(); ++i) {
    if (i < line.size()) {
      if (quote) {
        if (line[i] == quote) quote = 0;
        continue;
      }
      if (line[i] == '\'' || line[i] == '"') quote = line[i];
      if (line[i] == '(') ++depth;
      if (line[i] == ')') --depth;
      if (line[i] != ',' || depth > 0) continue;
    }
    if (const std::string_view part = trimmed(line.substr(begin, i - begin)); !part.empty()) parts.push_back(part);
    begin = i + 1;
  }
  return parts;
}

const std::set<std::string> card_names = {
    "ATOMIC_SPECIES", "ATOMIC_POSITIONS", "K_POINTS",          "CELL_PARAMETERS",     "OCCUPATIONS", "CONSTRAINTS",
    "ATOMIC_FORCES",  "HUBBARD",          "ATOMIC_VELOCITIES", "ADDITIONAL_K_POINTS", "SOLVENTS"};
/// What says where atoms and cell are, replaced by our own.
const std::set<std::string> structure_keys = {"ibrav",   "celldm",        "a",           "b",   "c",
                                              "cosab",   "cosac",         "cosbc",       "nat", "space_group",
                                              "uniqueb", "origin_choice", "rhombohedral"};

std::string card_name(std::string_view line) {
  const std::vector<std::string_view> words = split_words(line);
  if (words.empty()) return {};
  std::string name(words[0].substr(0, words[0].find_first_of("{(")));
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return card_names.count(name) ? name : std::string{};
}

bool is_true(const std::string& value) {
  const std::string text = lower(value);
  return text == ".true." || text == ".t." || text == "t" || text == "true";
}

std::string unquoted(const std::string& value) {
  if (value.size() >= 2 && (value.front() == '\'' || value.front() == '"') && value.back() == value.front()) {
    return value.substr(1, value.size() - 2);
  }
  return value;
}

/// "celldm(1)" is an entry of "celldm".
std::string base_name(const std::string& key) { return key.substr(0, key.find('(')); }

void append_vectors(std::string& text, const double* values, const std::string& label) {
  text += label;
  for (int k = 0; k < 3; ++k) text += fmt::format(" {:19.14f}", values[k]);
  text += '\n';
}

}  // namespace

PwxInput::PwxInput(const std::string& path) : path_(path) {
  read(read_file(path));
  read_species();
  read_k_mesh();
  check_run();
}

void PwxInput::read(const std::string& text) {
  int number = 0;
  bool inside = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = trimmed(without_comment(std::string_view(text).substr(at, end - at)));
    const std::string_view filled =
        !line.empty() && line.back() == '\r' ? trimmed(line.substr(0, line.size() - 1)) : line;
    at = end + 1;
    ++number;
    if (filled.empty()) continue;
    if (!inside && filled.front() == '&') {
      namelists_.push_back({lower(trimmed(filled.substr(1))), {}});
      inside = true;
    } else if (inside && filled == "/") {
      inside = false;
    } else if (inside) {
      const bool closes = filled.back() == '/' && filled.find('\'') == std::string_view::npos &&
                          filled.find('"') == std::string_view::npos;
      for (const std::string_view entry : entries_of(closes ? filled.substr(0, filled.size() - 1) : filled)) {
        const std::size_t equals = entry.find('=');
        if (equals == std::string_view::npos) {
          throw located({path_, number},
                        InputError{"'{}' is no 'name = value' of namelist &{}", entry, namelists_.back().name});
        }
        std::string key = lower(trimmed(entry.substr(0, equals)));
        std::erase(key, ' ');
        namelists_.back().entries.emplace_back(std::move(key), std::string(trimmed(entry.substr(equals + 1))));
      }
      if (closes) inside = false;
    } else if (!card_name(filled).empty()) {
      cards_.push_back({std::string(filled), {}});
    } else if (!cards_.empty()) {
      if (filled.front() != '#') cards_.back().lines.emplace_back(filled);
    } else {
      throw located({path_, number}, InputError{"'{}' is neither a namelist nor a card of pw.x: give a complete pw.x "
                                                "input as template",
                                                filled.substr(0, 60)});
    }
  }
  if (inside)
    throw InputError{"{}: namelist &{} does not end: its '/' is missing (truncated?)", path_, namelists_.back().name};
}

void PwxInput::read_species() {
  if (const auto nat = value("nat")) n_atoms_ = std::atoi(nat->c_str());
  if (const Card* list = card("ATOMIC_SPECIES")) {
    for (const std::string& line : list->lines) {
      const auto words = split_words(line);
      if (words.size() != 3)
        throw InputError{"{}: ATOMIC_SPECIES: '{}' should be 'label mass pseudopotential'", path_, line};
      species_.emplace_back(words[0]);
    }
  }
}

void PwxInput::read_k_mesh() {
  const Card* points = card("K_POINTS");
  if (!points || lower(points->header).find("automatic") == std::string::npos) return;
  KMesh mesh{};
  const auto words = points->lines.empty() ? std::vector<std::string_view>{} : split_words(points->lines[0]);
  for (std::size_t i = 0; i < 6; ++i) {
    double number_read = 0;
    const bool good = words.size() == 6 &&
                      parse_number(words[i].data(), words[i].data() + words[i].size(), number_read) &&
                      number_read == static_cast<int>(number_read) &&
                      (i < 3 ? number_read >= 1 : number_read == 0 || number_read == 1);
    if (!good)
      throw InputError{"{}: K_POINTS automatic needs six integers, 'n1 n2 n3 s1 s2 s3' with shifts 0 or 1", path_};
    (i < 3 ? mesh.divisions[i] : mesh.shifts[i - 3]) = static_cast<int>(number_read);
  }
  k_mesh_ = mesh;
}

void PwxInput::check_run() const {
  const auto has = [&](const char* name) {
    return std::any_of(namelists_.begin(), namelists_.end(), [&](const Namelist& list) { return list.name == name; });
  };
  for (const char* name : {"control", "system", "electrons"}) {
    if (!has(name))
      throw InputError{"{}: namelist &{} is missing: give a complete pw.x input as template", path_, name};
  }
  const std::string calculation = unquoted(value("calculation").value_or("'scf'"));
  if (calculation != "scf") {
    throw InputError{"{}: calculation = '{}': displaced configurations need 'scf', a relaxation would move them", path_,
                     calculation};
  }
  for (const char* key : {"tprnfor", "tstress"}) {
    if (!is_true(value(key).value_or(".false."))) {
      throw InputError{"{}: {} = .true. is missing in &control: without it pw.x does not print {}", path_, key,
                       key == std::string_view{"tprnfor"} ? "forces" : "the stress"};
    }
  }
  if (!value("ecutwfc")) throw InputError{"{}: ecutwfc is missing in &system", path_};
  if (!is_true(value("scf_must_converge").value_or(".true."))) {
    throw InputError{"{}: scf_must_converge = .false. lets unconverged energies pass: take it out", path_};
  }
  for (const char* name : {"ATOMIC_SPECIES", "K_POINTS"}) {
    if (!card(name)) throw InputError{"{}: card {} is missing: give a complete pw.x input as template", path_, name};
  }
}

const PwxInput::Card* PwxInput::card(const std::string& name) const {
  const auto found =
      std::find_if(cards_.begin(), cards_.end(), [&](const Card& c) { return card_name(c.header) == name; });
  return found == cards_.end() ? nullptr : &*found;
}

std::optional<std::string> PwxInput::value(const std::string& key) const {
  for (const Namelist& list : namelists_) {
    for (const auto& [name, text] : list.entries) {
      if (name == key) return text;
    }
  }
  return {};
}

std::vector<std::pair<std::string, std::string>> PwxInput::pseudopotentials() const {
  std::vector<std::pair<std::string, std::string>> files;
  for (const std::string& line : card("ATOMIC_SPECIES")->lines) {
    const auto words = split_words(line);
    files.emplace_back(words[0], words[2]);
  }
  return files;
}

PwxInput PwxInput::with(const std::string& list, const std::string& key, const std::string& value) const {
  PwxInput changed = *this;
  for (Namelist& of : changed.namelists_) {
    if (of.name != list) continue;
    std::erase_if(of.entries, [&](const auto& entry) { return entry.first == key; });
    of.entries.emplace_back(key, value);
  }
  return changed;
}

std::string PwxInput::method(const std::set<std::string>& ignored, const std::optional<KMesh>& k_mesh) const {
  std::string text;
  for (const Namelist& list : namelists_) {
    std::set<std::string> lines;
    for (const auto& [key, given] : list.entries) {
      if (!structure_keys.count(base_name(key)) && !ignored.count(base_name(key)))
        lines.insert(fmt::format("{}.{} = {}", list.name, key, unquoted(given)));
    }
    text += fmt::format("{}\n", fmt::join(lines, "\n"));
  }
  for (const Card& c : cards_) {
    const std::string kind = card_name(c.header);
    if (kind == "CELL_PARAMETERS" || kind == "ATOMIC_POSITIONS" || (kind == "K_POINTS" && k_mesh)) continue;
    text += lower(c.header) + "\n";
    for (const std::string& line : c.lines) text += fmt::format("{}\n", fmt::join(split_words(line), " "));
  }
  if (k_mesh) text += fmt::format("mesh {} {}\n", fmt::join(k_mesh->divisions, " "), fmt::join(k_mesh->shifts, " "));
  return text;
}

KMesh PwxInput::divided_mesh(const Eigen::Vector3i& supercell) const {
  if (!k_mesh_) {
    throw InputError{
        "{}: K_POINTS is not 'automatic': the mesh of the supercell cannot be made from it. "
        "Give k_points = [n1, n2, n3, s1, s2, s3], or a template of the supercell",
        path_};
  }
  KMesh mesh = *k_mesh_;
  for (std::size_t i = 0; i < 3; ++i) {
    const int n = supercell[static_cast<Eigen::Index>(i)];
    if (mesh.divisions[i] % n != 0) {
      throw InputError{
          "{}: {} k points along axis {} are not a multiple of the {} cells of the supercell: the same points do not "
          "exist there. Take a multiple, or give k_points of the supercell",
          path_, mesh.divisions[i], i + 1, n};
    }
    mesh.divisions[i] /= n;
  }
  return mesh;
}

std::optional<KMesh> PwxInput::mesh_of(const Supercell& supercell) const {
  if (n_atoms_ == supercell.n_atoms() && supercell.n_cells() > 1) return {};
  if (n_atoms_ != supercell.unit_cell().n_atoms()) {
    throw InputError{
        "{}: nat = {}, but the unit cell has {} atoms and the supercell {}: give a template of one of them", path_,
        n_atoms_, supercell.unit_cell().n_atoms(), supercell.n_atoms()};
  }
  if (supercell.n_cells() == 1) return {};
  for (const char* key : {"nbnd", "tot_charge", "nelec", "tot_magnetization"}) {
    if (value(key)) {
      throw InputError{
          "{}: {} counts for the unit cell, the supercell needs another value: give a template of the supercell "
          "(nat = {}), or take it out",
          path_, key, supercell.n_atoms()};
    }
  }
  return divided_mesh(supercell.divisions());
}

/// The namelists as they stand, but for what says where atoms and cell are.
std::string PwxInput::namelists_text(int n_atoms, const std::string& name, const std::string& folder) const {
  std::string out;
  for (const Namelist& list : namelists_) {
    out += fmt::format("&{}\n", list.name);
    if (list.name == "system") out += fmt::format("  ibrav = 0\n  nat = {}\n", n_atoms);
    bool named = false;
    for (const auto& [key, given] : list.entries) {
      if (list.name == "system" && structure_keys.count(base_name(key))) continue;
      std::string written = given;
      if (key == "prefix") {
        written = fmt::format("'{}_{}'", unquoted(given), name);
        named = true;
      }
      if (key == "pseudo_dir" && fs::path(unquoted(given)).is_relative()) {
        const fs::path beside = fs::absolute(fs::absolute(path_).parent_path() / unquoted(given)).lexically_normal();
        written =
            fmt::format("'{}'", beside.lexically_relative(fs::absolute(folder).lexically_normal()).generic_string());
      }
      out += fmt::format("  {} = {}\n", key, written);
    }
    if (list.name == "control" && !named) out += fmt::format("  prefix = '{}'\n", name);
    out += "/\n";
  }
  return out;
}

std::string PwxInput::text(const Crystal& crystal, const std::optional<KMesh>& k_mesh, const std::string& name,
                           const std::string& folder) const {
  for (const std::string& label : crystal.species_order()) {
    if (std::find(species_.begin(), species_.end(), label) == species_.end()) {
      throw InputError{"{}: ATOMIC_SPECIES has no '{}' (it has {}): labels must be those of the dynamical matrices",
                       path_, label, fmt::join(species_, ", ")};
    }
  }
  std::string out = namelists_text(crystal.n_atoms(), name, folder);
  for (const Card& c : cards_) {
    const std::string kind = card_name(c.header);
    if (kind == "CELL_PARAMETERS" || kind == "ATOMIC_POSITIONS" || (kind == "K_POINTS" && k_mesh)) continue;
    out += c.header + '\n';
    for (const std::string& line : c.lines) out += line + '\n';
  }
  if (k_mesh)
    out +=
        fmt::format("K_POINTS automatic\n{} {}\n", fmt::join(k_mesh->divisions, " "), fmt::join(k_mesh->shifts, " "));
  out += "CELL_PARAMETERS angstrom\n";
  for (int i = 0; i < 3; ++i) {
    const Eigen::Vector3d vector = crystal.cell.row(i);
    append_vectors(out, vector.data(), "");
  }
  out += "ATOMIC_POSITIONS angstrom\n";
  for (int i = 0; i < crystal.n_atoms(); ++i) {
    append_vectors(out, crystal.positions.data() + 3 * i, fmt::format("{:<4}", crystal.species[i]));
  }
  return out;
}

}  // namespace zeropoint
