#include "files/pwx_output.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "core/error.hpp"
#include "core/units.hpp"
#include "files/text_scanner.hpp"

// The text that pw.x prints. A run that failed often looks like a good one: "JOB DONE" stands under unconverged runs, a
// killed run leaves complete energies, and the exit status of new versions is always 0. So the sections of a run are
// counted first, and only a run with exactly one of each is read.

namespace zeropoint {
namespace {

const UnitSet& unit_set = units::codata2022;

constexpr double printed_force_noise = 1e-3;  // eV/angstrom times sqrt(n_atoms): an SCF correction below it is harmless
constexpr double relative_force_noise = 0.01;  // of the total force

/// What is in the last run of the file.
struct Sections {
  int first_line = 0;  // "Program PWSCF"
  int n_runs = 0, n_done = 0, n_energies = 0, n_force_tables = 0, n_stresses = 0;
  bool converged = false, user_stop = false, out_of_time = false, hybrid = false, fixed_potential = false;
  std::string not_converged;  // the line that says so
  std::string error;          // text of the error box
  int last_line = 0;
};

bool is_run_header(std::string_view line) { return trimmed(line).starts_with("Program PWSCF"); }

Sections count_sections(TextScanner scan) {
  Sections found;
  bool in_box = false;
  while (scan.next()) {
    const std::string_view line = trimmed(scan.line());
    const auto has = [&](std::string_view text) { return line.find(text) != std::string_view::npos; };
    found.last_line = scan.line_number();
    if (is_run_header(line)) {
      const int n_runs = found.n_runs + 1;
      found = Sections{};
      found.first_line = found.last_line = scan.line_number();
      found.n_runs = n_runs;
      in_box = false;
    }
    if (line.starts_with("%%%%")) {
      in_box = !in_box;
      if (found.error.empty()) found.error = "pw.x gives no text";
    } else if (in_box && !line.empty()) {
      if (found.error == "pw.x gives no text") found.error.clear();
      found.error += fmt::format("{}{}", found.error.empty() ? "" : " ", line);
    }
    found.n_done += line == "JOB DONE.";
    found.n_energies += line.starts_with("!");
    found.n_force_tables += line.starts_with("Forces acting on atoms");
    found.n_stresses += line.starts_with("total   stress");
    found.converged |= line.starts_with("convergence has been achieved");
    if (line.starts_with("convergence NOT achieved")) found.not_converged = line;
    found.out_of_time |= has("Maximum CPU time exceeded");
    found.user_stop |= has("Program stopped by user request");
    found.hybrid |= line.starts_with("EXX");
    found.fixed_potential |= line.starts_with("Band Structure Calculation");
  }
  return found;
}

/// @throws InputError unless the run has one of each section that a label needs.
void require_one_complete_run(const Sections& s) {
  const std::string which =
      s.n_runs > 1 ? fmt::format("the last of {} runs in the file (line {}): ", s.n_runs, s.first_line) : "";
  if (!s.error.empty())
    throw InputError{"{}pw.x stopped with an error: {}. Repair the input and run it again", which, s.error};
  if (s.out_of_time) throw InputError{"{}stopped at max_seconds, before the end: run it again with more time", which};
  if (s.user_stop) throw InputError{"{}stopped by an EXIT file, before the end: run it again", which};
  if (!s.not_converged.empty()) {
    throw InputError{
        "{}the SCF cycle did not converge ('{}'): run it again with a smaller mixing_beta or a larger electron_maxstep",
        which, s.not_converged};
  }
  if (s.hybrid && s.n_energies != 1) {
    throw InputError{
        "{}a hybrid functional prints several total energies in {} lines that start with '!': give the XML file of "
        "this run",
        which, s.n_energies};
  }
  if (s.n_energies > 1 || s.n_force_tables > 1 || s.n_stresses > 1) {
    throw InputError{
        "{}{} total energies and {} force tables: a relax or md run has a label for each of its steps. Run calculation "
        "= "
        "'scf' for this structure",
        which, s.n_energies, s.n_force_tables};
  }
  if (s.n_done == 0) {
    throw InputError{
        "{}no 'JOB DONE.' up to the end (line {}): the run was killed, is still running, or the file is truncated. Run "
        "it again",
        which, s.last_line};
  }
  if (s.n_done > 1)
    throw InputError{"{}'JOB DONE.' stands {} times in one run: two runs wrote into one file. Run it again", which,
                     s.n_done};
  if (s.n_energies == 0) {
    throw InputError{"{}no final total energy (no line starts with '!'): {}", which,
                     s.fixed_potential ? "a run with a fixed potential. Run calculation = 'scf'"
                                       : "the SCF cycle did not end. Run it again"};
  }
  if (!s.converged)
    throw InputError{"{}'convergence has been achieved' is missing: the SCF cycle did not end. Run it again", which};
  if (s.n_force_tables == 0) throw InputError{"{}no forces: set tprnfor = .true. and run it again", which};
}

/// Reads the run between "Program PWSCF" and the end of the file.
class Run {
 public:
  Run(TextScanner scan, int first_line) : scan_(std::move(scan)) {
    while (scan_.line_number() < first_line) scan_.next();
    while (scan_.next()) read_section();
  }

  LabelledStructure structure() const;

 private:
  void read_section();
  void read_axes();
  void read_sites();
  void read_energy();
  void read_forces();
  void read_force_noise();
  void read_stress();
  void check_convergence() const;

  /// The numbers behind the first `mark` of the line, up to `stop`.
  std::vector<double> numbers_behind(std::string_view mark, std::size_t count, std::string_view stop = {}) const;
  double number_behind(std::string_view mark, std::string_view stop = {}) const {
    return numbers_behind(mark, 1, stop)[0];
  }
  int n_atoms() const {
    if (!n_atoms_) scan_.fail("the number of atoms is not told above: the beginning of the run is missing");
    return *n_atoms_;
  }

  TextScanner scan_;
  std::optional<double> rough_alat_, alat_, volume_, threshold_, energy_, accuracy_, total_force_, force_noise_;
  double accuracy_rounding_ = 0;
  std::optional<int> n_atoms_;
  std::optional<Eigen::Matrix3d> axes_;  // alat
  Vectors positions_;                    // alat
  std::vector<std::string> species_;
  Vectors forces_;                         // Ry/bohr
  std::optional<Eigen::Matrix3d> stress_;  // Ry/bohr^3, positive = compressive
};

std::vector<double> Run::numbers_behind(std::string_view mark, std::size_t count, std::string_view stop) const {
  const std::string_view line = scan_.line();
  const std::size_t found = line.find(mark);
  if (found == std::string_view::npos)
    scan_.fail("'{}' is missing in this line: it is cut or of another version", mark);
  const std::size_t begin = found + mark.size();
  const std::size_t end = stop.empty() ? line.size() : line.find(stop, begin);
  if (end == std::string_view::npos) scan_.fail("'{}' is missing in this line: it is cut or of another version", stop);
  const auto numbers = scan_.numbers_in(line.substr(begin, end - begin));
  if (numbers.size() != count)
    scan_.fail("{} numbers behind '{}', {} expected: the line is cut or damaged", numbers.size(), mark, count);
  return numbers;
}

void Run::read_section() {
  const std::string_view line = trimmed(scan_.line());
  if (line.starts_with("lattice parameter (a")) {
    rough_alat_ = number_behind("=", "a.u.");
  } else if (line.starts_with("celldm(1)=")) {
    alat_ = number_behind("celldm(1)=", "celldm(2)=");
  } else if (line.starts_with("unit-cell volume") && !volume_) {
    volume_ = number_behind("=", "(");
  } else if (line.starts_with("number of atoms/cell")) {
    scan_.require_words(5, "number of atoms/cell = N");
    n_atoms_ = scan_.integer(4);
    // Each atom has a line of its own in two tables.
    if (*n_atoms_ < 1 || static_cast<std::size_t>(*n_atoms_) > scan_.n_bytes())
      scan_.fail("{} atoms: the line is damaged", *n_atoms_);
  } else if (line.starts_with("scf convergence threshold") || line.starts_with("convergence threshold")) {
    threshold_ = number_behind("=");
  } else if (line.starts_with("crystal axes:")) {
    read_axes();
  } else if (line.starts_with("site n.") && line.find("cryst") == std::string_view::npos) {
    read_sites();
  } else if (line.starts_with("!")) {
    read_energy();
  } else if (line.starts_with("estimated scf accuracy") && energy_) {
    accuracy_ = number_behind("<", "Ry");
    // 0.00000002 and 3.8E-09: half of the last digit that is printed.
    const std::string_view line_end = line.substr(line.find('<') + 1);
    const std::string_view digits = trimmed(line_end.substr(0, line_end.find("Ry")));
    const std::size_t exponent = digits.find_first_of("Ee");
    accuracy_rounding_ = exponent == std::string_view::npos
                             ? 0.5 * std::pow(10.0, -static_cast<double>(digits.size() - digits.find('.') - 1))
                             : 0.05 * *accuracy_;
  } else if (line.starts_with("Forces acting on atoms")) {
    read_forces();
  } else if (line.starts_with("Total force")) {
    read_force_noise();
  } else if (line.starts_with("total   stress")) {
    read_stress();
  }
}

void Run::read_axes() {
  Eigen::Matrix3d axes;
  for (int i = 0; i < 3; ++i) {
    scan_.require_next("3 crystal axes");
    const auto row = numbers_behind("= (", 3, ")");
    axes.row(i) = Eigen::RowVector3d{row[0], row[1], row[2]};
  }
  if (!axes_) axes_ = axes;
}

void Run::read_sites() {
  if (positions_.rows() > 0) return;
  positions_.resize(n_atoms(), 3);
  for (int atom = 0; atom < n_atoms(); ++atom) {
    scan_.require_next("the table of sites");
    if (scan_.line().find("tau(") == std::string_view::npos) {
      scan_.fail("{} of {} rows in the table of sites: the file is damaged, run it again", atom, n_atoms());
    }
    scan_.require_words(3, "site, species, tau");
    species_.emplace_back(scan_.words()[1]);
    const auto row = numbers_behind("= (", 3, ")");
    positions_.row(atom) = Eigen::RowVector3d{row[0], row[1], row[2]};
  }
  if (scan_.peek().find("tau(") != std::string_view::npos)
    scan_.fail("more than {} rows in the table of sites", n_atoms());
}

void Run::read_energy() { energy_ = number_behind("=", "Ry"); }

void Run::read_forces() {
  if (scan_.line().find("Ry/au") == std::string_view::npos)
    scan_.fail("forces in another unit than Ry/au: this version is not known");
  forces_.resize(n_atoms(), 3);
  for (int atom = 0; atom < n_atoms();) {
    scan_.require_next("the table of forces");
    const std::string_view line = trimmed(scan_.line());
    if (line.starts_with("Total force") || line.starts_with("The ") || line.starts_with("Computing stress")) {
      scan_.fail("{} of {} rows in the table of forces: the file is damaged, run it again", atom, n_atoms());
    }
    if (!line.starts_with("atom")) continue;  // blank, or what another part of the program prints in between
    if (scan_.integer(1) != atom + 1)
      scan_.fail("the force on atom {} where that on atom {} is expected", scan_.integer(1), atom + 1);
    const auto row = numbers_behind("force =", 3);
    forces_.row(atom++) = Eigen::RowVector3d{row[0], row[1], row[2]};
  }
  if (trimmed(scan_.peek()).starts_with("atom")) scan_.fail("more than {} rows in the table of forces", n_atoms());
}

void Run::read_force_noise() {
  total_force_ = number_behind("Total force =", "Total SCF");
  force_noise_ = number_behind("Total SCF correction =");
}

void Run::read_stress() {
  Eigen::Matrix3d stress;
  for (int i = 0; i < 3;) {
    scan_.require_next("3 rows of the stress");
    const auto& words = scan_.words();
    if (trimmed(scan_.line()).starts_with("JOB DONE"))
      scan_.fail("{} of 3 rows of the stress: the file is damaged, run it again", i);
    // Builds for GPUs print lines of their own between the rows.
    const bool is_row =
        words.size() == 6 && words[0].find_first_not_of("+-.*0123456789EeDdNnAaIiFf") == std::string_view::npos;
    if (!is_row) continue;
    for (std::size_t j = 0; j < 3; ++j) {
      stress(i, static_cast<int>(j)) = scan_.number(j);
      const double kbar = scan_.number(j) * unit_set.rydberg_per_bohr3() * units::gpa_per_ev_angstrom3 * kbar_per_gpa;
      // 8 decimals in Ry/bohr^3 are 0.0007 kbar, and kbar have 2 decimals.
      if (const double printed = scan_.number(j + 3); !(std::abs(printed - kbar) < 0.01 + 1e-6 * std::abs(kbar))) {
        scan_.fail("a stress of {} Ry/bohr^3 is {:.2f} kbar, but {} stands beside it: the file is damaged",
                   scan_.number(j), kbar, printed);
      }
    }
    ++i;
  }
  stress_ = stress;
}

void Run::check_convergence() const {
  if (!threshold_) throw InputError{"the convergence threshold is not told: the beginning of the run is missing"};
  if (!accuracy_)
    throw InputError{"no 'estimated scf accuracy' below the total energy: the run is damaged, run it again"};
  const double rounding = accuracy_rounding_ + 0.05 * *threshold_;
  if (*accuracy_ > *threshold_ + rounding) {
    throw InputError{
        "the SCF cycle ended with an accuracy of {:.2g} Ry, above the conv_thr of {:.2g} Ry (scf_must_converge = "
        ".false.?): run "
        "it again with a larger electron_maxstep",
        *accuracy_, *threshold_};
  }
  if (!total_force_ || !force_noise_)
    throw InputError{"no line 'Total force = ... Total SCF correction = ...': the run is damaged, run it again"};
  const double unit = unit_set.rydberg_per_bohr();
  const double limit =
      std::max(printed_force_noise * std::sqrt(*n_atoms_), relative_force_noise * *total_force_ * unit);
  if (const double noise = *force_noise_ * unit; !(noise < limit)) {
    throw InputError{
        "the forces are not converged: 'Total SCF correction' is {:.2g} eV/angstrom (at most {:.2g} here): run it "
        "again with a "
        "smaller conv_thr, 1e-10 Ry an atom",
        noise, limit};
  }
}

LabelledStructure Run::structure() const {
  if (!alat_ || !axes_ || positions_.rows() == 0) {
    throw InputError{"no {}: the beginning of the run is missing, run it again", !alat_ ? "lattice parameter celldm(1)"
                                                                                 : !axes_
                                                                                     ? "crystal axes"
                                                                                     : "table of sites (alat units)"};
  }
  if (rough_alat_ && !(std::abs(*alat_ - *rough_alat_) < 1e-4)) {
    throw InputError{"the lattice parameter is {} and {} bohr in two places: the file is damaged", *rough_alat_,
                     *alat_};
  }
  if (!energy_ || forces_.rows() == 0)
    throw InputError{"no complete energy and forces in it: the file is damaged, run it again"};
  check_convergence();

  const double length = *alat_ * unit_set.bohr;
  LabelledStructure found;
  found.cell = length * *axes_;
  found.positions = length * positions_;
  found.species = species_;
  found.energy = *energy_ * unit_set.rydberg;
  found.forces = forces_ * unit_set.rydberg_per_bohr();
  if (stress_) found.stress = -*stress_ * unit_set.rydberg_per_bohr3();
  found.force_noise = *force_noise_ * unit_set.rydberg_per_bohr();
  const double volume = std::abs(axes_->determinant()) * std::pow(*alat_, 3);
  if (volume_ && !(std::abs(volume - *volume_) < 1e-4 * volume + 1e-3)) {
    throw InputError{"the crystal axes span {:.4f} bohr^3, but a volume of {:.4f} is told: the file is damaged", volume,
                     *volume_};
  }
  return found;
}

}  // namespace

LabelledStructure read_pwx_output(const FileContent& file) {
  const Sections sections = count_sections(TextScanner{file.path(), file.text()});
  require_one_complete_run(sections);
  return Run{TextScanner{file.path(), file.text()}, sections.first_line}.structure();
}

LabelledFormat pwx_output_format() {
  return {.name = "pwx",
          .description = "outputs of pw.x",
          .recognises = [](const FileContent& file) { return file.has_line("Program PWSCF"); },
          .read = one_structure(read_pwx_output)};
}

}  // namespace zeropoint
