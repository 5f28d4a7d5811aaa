#include "active_learning/vasp_code.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

#include "active_learning/digest.hpp"
#include "core/atomic_file.hpp"
#include "core/elements.hpp"
#include "core/error.hpp"
#include "core/number_text.hpp"
#include "files/poscar.hpp"
#include "files/structure_file.hpp"
#include "files/text_scanner.hpp"

namespace zeropoint::active_learning {
namespace {

namespace fs = std::filesystem;

/// Tags that change no energy of a converged run.
const std::array<std::string, 22> tags_without_meaning{
    "ALGO",  "AMIX",   "BMIX",   "AMIX_MAG", "BMIX_MAG", "AMIN",   "NELM", "NELMIN", "NCORE",  "NPAR",   "KPAR",
    "LWAVE", "LCHARG", "ISTART", "ICHARG",   "SYSTEM",   "NWRITE", "NSIM", "LPLANE", "NELMDL", "MAXMIX", "LSCALAPACK"};

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return result;
}

double number_of(const std::string& text, double otherwise) {
  double value = otherwise;
  return parse_number(text.data(), text.data() + text.size(), value) ? value : otherwise;
}

bool is_true(const std::string& value) {
  const std::size_t first = value.find_first_not_of('.');
  return first != std::string::npos && std::toupper(static_cast<unsigned char>(value[first])) == 'T';
}

/// The elements of POSCAR in the order in which poscar_text() writes them.
std::vector<std::string> elements_of(const Crystal& crystal) {
  std::vector<std::string> elements;
  for (const std::string& label : crystal.species) {
    const std::string element = element_symbol(label);
    if (std::find(elements.begin(), elements.end(), element) == elements.end()) elements.push_back(element);
  }
  return elements;
}

std::string element_of_title(const std::string& title) {
  const auto words = split_words(title);
  return words.size() < 2 ? std::string{} : element_symbol(std::string(words[1]));
}

}  // namespace

VaspCode::VaspCode(DftOptions options, const Supercell& supercell) : options_(std::move(options)) {
  for (const char* name : {"INCAR", "KPOINTS", "POTCAR"}) {
    if (!fs::exists(path(name)))
      throw InputError{"{}: it has no {}: a folder with INCAR, KPOINTS and POTCAR is needed", options_.template_path,
                       name};
  }
  read_incar();
  check_incar();
  read_mesh(supercell);
  const std::string potentials = read_file(path("POTCAR"));
  TextScanner scan(path("POTCAR"), potentials);
  while (scan.next()) {
    const std::string_view line = trimmed(scan.line());
    if (line.starts_with("TITEL")) titles_.emplace_back(trimmed(line.substr(line.find('=') + 1)));
  }
  std::vector<std::string> have;
  for (const std::string& title : titles_) have.push_back(element_of_title(title));
  const std::vector<std::string> want = elements_of(supercell.unit_cell());
  if (have != want) {
    throw InputError{"{}: it is for {}, but the atoms of POSCAR are in the order {}: put the pieces into this order",
                     path("POTCAR"), fmt::join(have, " "), fmt::join(want, " ")};
  }
  method_ = "vasp\n";
  for (const auto& [tag, value] : incar_) {
    if (std::find(tags_without_meaning.begin(), tags_without_meaning.end(), tag) == tags_without_meaning.end())
      method_ += fmt::format("{} = {}\n", tag, value);
  }
  method_ += k_points_ + "POTCAR sha256 " + sha256(potentials) + "\n";
}

void VaspCode::read_incar() {
  const std::string text = read_file(path("INCAR"));
  TextScanner scan(path("INCAR"), text);
  while (scan.next()) {
    std::string line{scan.line()};
    line = line.substr(0, line.find_first_of("#!"));
    for (std::size_t at = 0; at < line.size();) {
      const std::size_t end = std::min(line.find(';', at), line.size());
      const std::string entry = line.substr(at, end - at);
      at = end + 1;
      const std::size_t equals = entry.find('=');
      if (equals != std::string::npos)
        incar_[upper(trimmed(std::string_view(entry).substr(0, equals)))] =
            std::string(trimmed(std::string_view(entry).substr(equals + 1)));
    }
  }
}

void VaspCode::check_incar() const {
  const auto value = [this](const char* tag, const char* otherwise) {
    const auto found = incar_.find(tag);
    return found == incar_.end() ? std::string(otherwise) : found->second;
  };
  const auto refuse = [this](const std::string& what, const std::string& write) {
    throw InputError{"{}: {}. Write {}", path("INCAR"), what, write};
  };
  if (number_of(value("NSW", "0"), 0) > 0) refuse("NSW = " + value("NSW", "") + " moves atoms", "NSW = 0");
  if (number_of(value("IBRION", "-1"), -1) >= 0)
    refuse("IBRION = " + value("IBRION", "") + " moves atoms", "IBRION = -1");
  if (number_of(value("EDIFF", "1e-4"), 1) > 1e-7 * 1.0001)
    refuse("EDIFF = " + value("EDIFF", "1e-4 (the default)") + " leaves forces noisy", "EDIFF = 1e-7");
  if (!incar_.contains("LREAL") || (value("LREAL", "F") != "F" && upper(value("LREAL", "F")) != ".FALSE."))
    refuse("LREAL is not .FALSE.: projection in real space spoils forces", "LREAL = .FALSE.");
  if (!incar_.contains("ENCUT")) refuse("ENCUT is missing: its default depends on the POTCAR", "ENCUT = 500");
  if (number_of(value("ISIF", "2"), 2) < 2)
    refuse("ISIF = " + value("ISIF", "") + ": no whole stress is computed", "ISIF = 2");
  if (number_of(value("PSTRESS", "0"), 0) != 0) refuse("PSTRESS is added to the stress", "no PSTRESS");
  if (number_of(value("ISMEAR", "1"), 1) == -5)
    refuse("ISMEAR = -5: forces of metals are wrong with tetrahedra", "ISMEAR = 0 with SIGMA = 0.05");
  if (is_true(value("LWAVE", "T")) || is_true(value("LCHARG", "T")))
    refuse("LWAVE or LCHARG is not .FALSE.: large files would be left", "LWAVE = .FALSE. and LCHARG = .FALSE.");
  if (number_of(value("ISYM", "99"), 99) > 0)
    refuse("ISYM is not 0 or -1: displaced structures have no symmetry", "ISYM = 0");
}

void VaspCode::read_mesh(const Supercell& supercell) {
  k_points_ = read_file(path("KPOINTS"));
  if (supercell.n_cells() == 1 || !fs::exists(path("POSCAR"))) return;
  if (read_structure(path("POSCAR")).n_atoms() != supercell.unit_cell().n_atoms()) return;
  TextScanner scan(path("KPOINTS"), k_points_);
  std::vector<std::string> lines;
  while (scan.next()) lines.emplace_back(scan.line());
  const bool automatic = lines.size() >= 4 && number_of(std::string(trimmed(lines[1])), -1) == 0;
  std::vector<int> mesh;
  if (automatic) {
    for (const std::string_view word : split_words(lines[3]))
      mesh.push_back(static_cast<int>(number_of(std::string(word), 0)));
  }
  if (mesh.size() < 3)
    throw InputError{"{}: it is no mesh of the unit cell: give one, or the k points of the supercell and no POSCAR",
                     path("KPOINTS")};
  for (int i = 0; i < 3; ++i) {
    const int n = supercell.divisions()[i];
    if (mesh[static_cast<std::size_t>(i)] % n != 0)
      throw InputError{"{}: {} points along axis {} are not a multiple of the {} cells of the supercell",
                       path("KPOINTS"), mesh[static_cast<std::size_t>(i)], i + 1, n};
    mesh[static_cast<std::size_t>(i)] /= n;
  }
  lines[3] = fmt::format("{} {} {}", mesh[0], mesh[1], mesh[2]);
  k_points_ = fmt::format("{}\n", fmt::join(lines, "\n"));
}

std::vector<InputFile> VaspCode::inputs(const Crystal& crystal, const std::string& name, int attempt) const {
  std::map<std::string, std::string> tags = incar_;
  tags["NELM"] = fmt::format("{}", attempt > 2 ? 400 : 200);
  if (attempt > 1) tags["ALGO"] = attempt == 2 ? "All" : "Damped";
  if (attempt > 2) tags["TIME"] = "0.2";
  std::string incar;
  for (const auto& [tag, value] : tags) incar += fmt::format("{} = {}\n", tag, value);
  std::string order = "# line i: the atom of structure.extxyz (from 1) that is atom i of POSCAR\n";
  for (const std::string& element : elements_of(crystal)) {
    for (int s = 0; s < crystal.n_atoms(); ++s) {
      if (element_symbol(crystal.species[static_cast<std::size_t>(s)]) == element) order += fmt::format("{}\n", s + 1);
    }
  }
  return {{"INCAR", incar},
          {"KPOINTS", k_points_},
          {"POSCAR", poscar_text(crystal, name)},
          {"perm.txt", order},
          {"POTCAR", "", path("POTCAR")}};
}

std::string VaspCode::shell_command() const {
  return options_.command.empty() ? "vasp_std > out" : filled_command(options_.command + " ", "/dev/null", "out");
}

std::string VaspCode::other_method(const std::string& text, const Crystal&) const {
  for (const std::string& title : titles_) {
    if (text.find(title) == std::string::npos) return fmt::format("its POTCAR has no '{}'", title);
  }
  const auto cutoff = incar_.find("ENCUT");
  const double wanted = number_of(cutoff->second, 0);
  for (const std::string mark : {"<i name=\"ENMAX\">", "ENCUT  =", "<i name=\"ENCUT\">"}) {
    const std::size_t at = text.find(mark);
    if (at == std::string::npos) continue;
    const std::string rest{trimmed(std::string_view(text).substr(at + mark.size(), 40))};
    const double found = number_of(rest.substr(0, rest.find_first_of(" <")), wanted);
    if (std::abs(found - wanted) > 1e-2)
      return fmt::format("its ENCUT is {:g} eV, that of the input {:g} eV", found, wanted);
  }
  return {};
}

}  // namespace zeropoint::active_learning
