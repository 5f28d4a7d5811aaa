#include "files/vasp_outcar.hpp"

#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "core/units.hpp"
#include "files/text_scanner.hpp"

namespace zeropoint {
namespace {

constexpr double position_agreement = 2e-5;  // angstrom; the table of forces has 5 decimals

class Outcar {
 public:
  explicit Outcar(TextScanner scan) : scan_(std::move(scan)) {
    while (scan_.next()) read_section();
  }

  LabelledStructure structure() const;

 private:
  void read_section();
  void read_iteration();
  void read_cell();
  void read_fractional();
  void read_stress();
  void read_forces();
  /// The number behind `mark` in this line.
  double number_behind(std::string_view mark) const;
  /// A count below the number of bytes of the file.
  int count(double number) const;
  void require_one_converged_step() const;
  std::vector<std::string> species() const;

  TextScanner scan_;
  std::vector<std::string> types_;
  std::vector<int> counts_;
  int n_atoms_ = 0, max_iterations_ = 0, last_iteration_ = 0, ionic_steps_ = 0;
  int n_energies_ = 0, n_force_tables_ = 0, n_stresses_ = 0;
  bool converged_ = false, not_converged_ = false, finished_ = false;
  double energy_ = 0;
  std::optional<Eigen::Matrix3d> cell_, stress_;
  Vectors fractional_, positions_, forces_;
};

double Outcar::number_behind(std::string_view mark) const {
  const std::string_view line = scan_.line();
  const std::size_t found = line.find(mark);
  const auto words =
      split_words(found == std::string_view::npos ? std::string_view{} : line.substr(found + mark.size()));
  if (words.empty()) scan_.fail("no number behind '{}': the line is cut", mark);
  std::string_view word = words[0];
  if (word.ends_with(';')) word.remove_suffix(1);
  const auto numbers = scan_.numbers_in(word);
  if (numbers.size() != 1) scan_.fail("no number behind '{}': the line is damaged", mark);
  return numbers[0];
}

void Outcar::read_section() {
  const std::string_view line = trimmed(scan_.line());
  const auto has = [&](std::string_view text) { return line.find(text) != std::string_view::npos; };
  if (line.starts_with("TITEL")) {
    scan_.require_words(4, "TITEL = PAW_PBE element");
    types_.emplace_back(scan_.words()[3].substr(0, scan_.words()[3].find('_')));
  } else if (line.starts_with("ions per type")) {
    for (std::size_t k = 4; k < scan_.words().size(); ++k) counts_.push_back(count(scan_.integer(k)));
  } else if (has("NIONS =")) {
    n_atoms_ = count(number_behind("NIONS ="));
  } else if (line.starts_with("NELM ")) {
    max_iterations_ = count(number_behind("="));
  } else if (line.starts_with("direct lattice vectors")) {
    read_cell();
  } else if (line.starts_with("position of ions in fractional coordinates")) {
    read_fractional();
  } else if (line.starts_with("---") && has(" Iteration ")) {
    read_iteration();
  } else if (has("aborting loop")) {
    (has("not reached") ? not_converged_ : converged_) = true;
  } else if (line.starts_with("free  energy   TOTEN")) {
    ++n_energies_;
    energy_ = number_behind("=");
    if (scan_.words().back() != "eV") scan_.fail("the line is cut: run it again");
  } else if (line.starts_with("FORCE on cell =-STRESS")) {
    read_stress();
  } else if (line.starts_with("POSITION") && has("TOTAL-FORCE (eV/Angst)")) {
    read_forces();
  } else if (line.starts_with("General timing and accounting")) {
    finished_ = true;
  }
}

int Outcar::count(double number) const {
  if (!(number >= 0 && number <= static_cast<double>(scan_.n_bytes())))
    scan_.fail("{} is no count: the line is damaged", number);
  return static_cast<int>(number);
}

/// "---- Iteration      1(  17)  ----"
void Outcar::read_iteration() {
  const std::string_view line = scan_.line();
  const std::size_t begin = line.find("Iteration") + 9, open = line.find('(', begin), close = line.find(')', begin);
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) scan_.fail("the line is cut");
  const auto ionic = scan_.numbers_in(line.substr(begin, open - begin));
  const auto electronic = scan_.numbers_in(line.substr(open + 1, close - open - 1));
  if (ionic.size() != 1 || electronic.size() != 1) scan_.fail("'Iteration  1(  17)' is expected");
  ionic_steps_ = count(ionic[0]);
  last_iteration_ = count(electronic[0]);
}

void Outcar::read_cell() {
  Eigen::Matrix3d cell;
  for (int i = 0; i < 3; ++i) {
    scan_.require_next("3 lattice vectors");
    scan_.require_words(6, "3 numbers of the direct, 3 of the reciprocal lattice");
    for (int k = 0; k < 3; ++k) cell(i, k) = scan_.number(static_cast<std::size_t>(k));
  }
  cell_ = cell;
}

void Outcar::read_fractional() {
  if (fractional_.rows() > 0) return;
  fractional_.resize(n_atoms_, 3);
  for (int atom = 0; atom < n_atoms_; ++atom) {
    scan_.require_next("fractional coordinates");
    scan_.require_words(3, "fractional coordinates");
    for (int k = 0; k < 3; ++k) fractional_(atom, k) = scan_.number(static_cast<std::size_t>(k));
  }
}

void Outcar::read_stress() {
  while (true) {
    scan_.require_next("the stress");
    if (trimmed(scan_.line()).starts_with("in kB")) break;
    if (trimmed(scan_.line()).starts_with("POSITION")) scan_.fail("no line 'in kB' in the stress: the file is damaged");
  }
  scan_.require_words(8, "in kB  xx yy zz xy yz zx");
  double v[6];
  for (std::size_t k = 0; k < 6; ++k) v[k] = scan_.number(2 + k);
  Eigen::Matrix3d kbar;
  kbar << v[0], v[3], v[5], v[3], v[1], v[4], v[5], v[4], v[2];
  stress_ = kbar;
  ++n_stresses_;
}

void Outcar::read_forces() {
  ++n_force_tables_;
  positions_.resize(n_atoms_, 3);
  forces_.resize(n_atoms_, 3);
  scan_.require_next("the table of forces");
  for (int atom = 0; atom < n_atoms_; ++atom) {
    scan_.require_next("the table of forces");
    if (trimmed(scan_.line()).starts_with("---"))
      scan_.fail("{} of {} rows in the table of forces: the file is damaged", atom, n_atoms_);
    scan_.require_words(6, "position and force");
    for (int k = 0; k < 3; ++k) {
      positions_(atom, k) = scan_.number(static_cast<std::size_t>(k));
      forces_(atom, k) = scan_.number(static_cast<std::size_t>(k + 3));
    }
  }
  scan_.require_next("the end of the table of forces");
  if (!trimmed(scan_.line()).starts_with("---")) scan_.fail("more than {} rows in the table of forces", n_atoms_);
}

std::vector<std::string> Outcar::species() const {
  if (types_.empty() || n_atoms_ < 1)
    throw InputError{"the species or the number of ions are not told: the beginning of the run is missing"};
  // Old versions cut the line 'ions per type' when there are many types.
  const std::int64_t sum = std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0});
  if (counts_.size() != types_.size() || sum != n_atoms_) {
    throw InputError{
        "'ions per type' tells {} ions of {} types, but there are {} ions and {} potentials (TITEL): the line is cut; "
        "give "
        "vasprun.xml of this run",
        sum, counts_.size(), n_atoms_, types_.size()};
  }
  std::vector<std::string> all;
  for (std::size_t type = 0; type < types_.size(); ++type)
    all.insert(all.end(), static_cast<std::size_t>(counts_[type]), types_[type]);
  return all;
}

void Outcar::require_one_converged_step() const {
  if (not_converged_) {
    throw InputError{
        "the electronic cycle did not converge ('EDIFF was not reached'): run it again with a larger NELM or another "
        "ALGO"};
  }
  if (!finished_) {
    throw InputError{
        "no 'General timing and accounting informations' up to the end (line {}): the run was killed, is still "
        "running, or the "
        "file is truncated. Run it again",
        scan_.line_number()};
  }
  if (ionic_steps_ > 1 || n_energies_ > 1 || n_force_tables_ > 1 || n_stresses_ > 1) {
    throw InputError{
        "{} ionic steps: a relaxation or a trajectory has a label for each of them. Run this structure with NSW = 0",
        std::max({ionic_steps_, n_energies_, n_force_tables_})};
  }
  if (!converged_) {
    throw InputError{
        "no 'aborting loop because EDIFF is reached': the electronic cycle did not converge in {} steps (NELM = {}). "
        "Run it again "
        "with a larger NELM or another ALGO",
        last_iteration_, max_iterations_};
  }
  if (max_iterations_ < 1) throw InputError{"NELM is not told: the beginning of the run is missing"};
  if (last_iteration_ >= max_iterations_) {
    throw InputError{"{} electronic steps, as many as NELM allows: run it again with a larger NELM", last_iteration_};
  }
  if (n_energies_ == 0 || n_force_tables_ == 0 || !cell_) {
    throw InputError{"no {} in it: the file is damaged, run it again", n_energies_ == 0 ? "free energy TOTEN"
                                                                       : n_force_tables_ == 0
                                                                           ? "TOTAL-FORCE"
                                                                           : "direct lattice vectors"};
  }
}

LabelledStructure Outcar::structure() const {
  LabelledStructure found;
  require_one_converged_step();
  found.species = species();
  found.cell = *cell_;
  found.energy = energy_;
  found.positions = positions_;
  found.forces = forces_;
  if (fractional_.rows() == n_atoms_) {  // 8 decimals, the table of forces has 5
    const Vectors precise = fractional_ * found.cell;
    Vectors moved = (positions_ - precise) * found.cell.inverse();
    moved = (moved.array() - moved.array().round()).matrix() * found.cell;
    if (const double off = moved.cwiseAbs().maxCoeff(); off > position_agreement) {
      throw InputError{
          "the positions beside the forces differ by {:.2g} angstrom from the fractional coordinates at the beginning: "
          "the file is "
          "damaged, or the atoms moved",
          off};
    }
    found.positions = precise;
  }
  if (stress_) found.stress = *stress_ / (-kbar_per_gpa * units::gpa_per_ev_angstrom3);
  return found;
}

}  // namespace

LabelledStructure read_vasp_outcar(const FileContent& file) {
  return Outcar{TextScanner{file.path(), file.text()}}.structure();
}

LabelledFormat outcar_format() {
  return {.name = "outcar",
          .description = "OUTCAR",
          .recognises =
              [](const FileContent& file) {
                return file.first_line().starts_with("vasp.") || (file.has_line("POTCAR:") && file.has_line("INCAR:"));
              },
          .read = one_structure(read_vasp_outcar)};
}

}  // namespace zeropoint
