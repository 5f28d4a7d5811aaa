#include "active_learning/pwx_code.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <set>

#include "active_learning/digest.hpp"
#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/number_text.hpp"
#include "files/text_scanner.hpp"

namespace zeropoint::active_learning {
namespace {

namespace fs = std::filesystem;

/// What changes no energy: where files lie, how a cycle is led to its end, what is printed.
const std::set<std::string> without_meaning = {"prefix",          "outdir",           "pseudo_dir",      "max_seconds",
                                               "verbosity",       "restart_mode",     "disk_io",         "wf_collect",
                                               "title",           "mixing_beta",      "mixing_mode",     "mixing_ndim",
                                               "diagonalization", "electron_maxstep", "wfcdir",          "startingpot",
                                               "startingwfc",     "diago_david_ndim", "diago_cg_maxiter"};

/// A number as Fortran writes it.
double number_of(const std::string& text, const std::string& what) {
  double value = 0;
  if (!parse_number(text.data(), text.data() + text.size(), value))
    throw InputError{"{} = {}: a number is expected", what, text};
  return value;
}

std::string unquoted(const std::string& value) {
  return value.size() >= 2 && (value.front() == '\'' || value.front() == '"') ? value.substr(1, value.size() - 2)
                                                                              : value;
}

}  // namespace

PwxCode::PwxCode(DftOptions options, const Supercell& supercell)
    : options_(std::move(options)), input_(options_.template_path), mesh_(input_.mesh_of(supercell)) {
  const std::string& path = options_.template_path;
  cutoff_ = number_of(*input_.value("ecutwfc"), path + ": ecutwfc");
  check_convergence_threshold(supercell.n_atoms());
  const std::optional<std::string> given = input_.value("pseudo_dir");
  if (!given) throw InputError{"{}: pseudo_dir is missing in &control: add pseudo_dir = './pseudo'", path};
  const fs::path folder = fs::absolute(fs::absolute(path).parent_path() / unquoted(*given)).lexically_normal();
  for (const auto& [species, name] : input_.pseudopotentials()) {
    const std::string file = (folder / name).string();
    if (!fs::exists(file))
      throw InputError{"{}: the pseudopotential {} of {} is not in pseudo_dir = {}", path, name, species,
                       folder.string()};
    pseudopotentials_.push_back(file);
    md5_.push_back(md5(read_file(file)));
  }
  input_ = input_.with("control", "pseudo_dir", fmt::format("'{}'", folder.string()))
               .with("control", "outdir", "'./scratch'")
               .with("control", "disk_io", "'none'");
  method_ = method_text();
  inputs(supercell.crystal(), "check", 1);  // complains now
}

void PwxCode::check_convergence_threshold(int n_atoms) const {
  constexpr double limit = 1e-8;
  const double wanted = std::min(1e-8, 1e-10 * n_atoms);
  const double threshold = number_of(input_.value("conv_thr").value_or("1e-6"), options_.template_path + ": conv_thr");
  if (threshold > limit * (1 + 1e-9)) {
    throw InputError{
        "{}: conv_thr = {:g}{}: forces would be noisy. Write conv_thr = {:.1e} in &electrons (1e-10 Ry an atom, at "
        "most "
        "1e-8)",
        options_.template_path, threshold, input_.value("conv_thr") ? "" : " (the default of pw.x)", wanted};
  }
}

std::string PwxCode::method_text() const {
  std::string text = fmt::format("pwx\n{}", input_.method(without_meaning, mesh_));
  for (std::size_t i = 0; i < pseudopotentials_.size(); ++i)
    text += fmt::format("{} {} sha256 {}\n", input_.species()[i], fs::path(pseudopotentials_[i]).filename().string(),
                        sha256_of_file(pseudopotentials_[i]));
  return text;
}

std::vector<InputFile> PwxCode::inputs(const Crystal& crystal, const std::string& name, int attempt) const {
  PwxInput input = input_;
  if (attempt > 1) {
    const double beta = number_of(input.value("mixing_beta").value_or("0.7"), "mixing_beta");
    input = input.with("electrons", "mixing_beta", fmt::format("{:g}", beta * std::pow(0.5, attempt - 1)));
  }
  if (attempt == 2)
    input = input.with("electrons", "diagonalization",
                       unquoted(input.value("diagonalization").value_or("david")) == "cg" ? "'david'" : "'cg'");
  if (attempt > 2) input = input.with("electrons", "mixing_mode", "'local-TF'");
  const double steps = number_of(input.value("electron_maxstep").value_or("100"), "electron_maxstep");
  input =
      input.with("electrons", "electron_maxstep", fmt::format("{:g}", std::max(200.0, steps) * (attempt > 2 ? 2 : 1)));
  return {{"pw.in", input.text(crystal, mesh_, name, ".")}};
}

std::string PwxCode::shell_command() const {
  return filled_command(options_.command.empty() ? "pw.x -in {input} > {output}" : options_.command, "pw.in", "out");
}

std::string PwxCode::other_method(const std::string& text, const Crystal& crystal) const {
  std::vector<std::string> sums;
  const std::size_t run = text.rfind("Program PWSCF");
  TextScanner scan("", text.substr(run == std::string::npos ? 0 : run));
  while (scan.next()) {
    const std::string_view line = trimmed(scan.line());
    const auto number_behind = [&line] {
      const std::string rest{trimmed(line.substr(line.find('=') + 1))};
      return number_of(rest.substr(0, rest.find(' ')), "output");
    };
    if (line.starts_with("kinetic-energy cutoff") && std::abs(number_behind() - cutoff_) > 1e-3) {
      return fmt::format("its cutoff is {:g} Ry, that of the input {:g} Ry", number_behind(), cutoff_);
    }
    const std::optional<KMesh>& mesh = mesh_ ? mesh_ : input_.k_mesh();
    if (line.starts_with("number of k points=") && mesh &&
        number_behind() > mesh->divisions[0] * mesh->divisions[1] * mesh->divisions[2] * 2) {
      return fmt::format("it has {:g} k points, more than the mesh of the input", number_behind());
    }
    if (line.starts_with("MD5 check sum:")) sums.emplace_back(trimmed(line.substr(line.find(':') + 1)));
  }
  const std::vector<std::string> species = crystal.species_order();
  for (const std::string& sum : sums) {
    if (std::find(md5_.begin(), md5_.end(), sum) == md5_.end())
      return fmt::format("a pseudopotential with MD5 {} is none of those of the input", sum);
  }
  if (sums.size() < species.size())
    return fmt::format("it tells the check sums of {} pseudopotentials, for {} species", sums.size(), species.size());
  return {};
}

}  // namespace zeropoint::active_learning
