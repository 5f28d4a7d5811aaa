#include "potentials/command.hpp"

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "files/ensemble_extxyz.hpp"
#include "files/extxyz_frames.hpp"
#include "files/site_match.hpp"

namespace zeropoint::potentials {
namespace {

constexpr int most_deaths = 3;       // in a row, without one answer
constexpr double same_place = 1e-3;  // angstrom: programs print positions with few digits
constexpr LabelLimits any_force{.force = 1e6,
                                .net_force_per_atom = 0.05};  // of a model, not of a DFT that has to be converged

std::size_t count_lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// The first `n` lines of `text` are taken off.
void drop_lines(std::string& text, std::size_t n) {
  std::size_t at = 0;
  for (; n > 0; --n) at = text.find('\n', at) + 1;
  text.erase(0, at);
}

/// The frames of an answer. One that cannot be read is the program's fault, numbers that are not finite may be that of
/// the configuration.
std::vector<LabelledStructure> frames_in(std::vector<LabelledEntry> entries) {
  std::vector<LabelledStructure> frames;
  for (LabelledEntry& entry : entries) {
    if (const auto* refused = std::get_if<RefusedOutput>(&entry)) {
      throw CalculatorError{"{}: {}. Standard output must hold nothing but frames: messages belong to standard error",
                            refused->source, refused->reason};
    }
    frames.push_back(std::move(std::get<LabelledStructure>(entry)));
    try {
      check(frames.back(), any_force);
    } catch (const InputError& error) {
      throw ConfigurationError{"{}: {}", frames.back().source, error.what()};
    }
  }
  return frames;
}

}  // namespace

std::unique_ptr<ChildProcess> CommandPotential::take() const {
  std::unique_lock lock(mutex_);
  free_.wait(lock, [&] { return n_taken_ < options_.n_processes; });
  ++n_taken_;
  if (resting_.empty()) return nullptr;
  std::unique_ptr<ChildProcess> process = std::move(resting_.back());
  resting_.pop_back();
  return process;
}

void CommandPotential::give_back(std::unique_ptr<ChildProcess> process) const {
  {
    const std::lock_guard lock(mutex_);
    --n_taken_;
    if (process && process->is_running()) resting_.push_back(std::move(process));
  }
  free_.notify_one();
}

Evaluation CommandPotential::evaluate(const Supercell& reference, const at::Tensor& displacements) const {
  check_displacements(displacements, reference);
  const at::Tensor u = displacements.cpu().contiguous();
  const std::int64_t n = u.size(0), n_atoms = reference.n_atoms();
  const auto lines_of_frame = static_cast<std::size_t>(n_atoms) + 2;
  const std::string name = fmt::format("command '{}'", options_.command);

  std::string answers, question = extxyz_configurations(u, 0, reference);
  const std::size_t n_lines = static_cast<std::size_t>(n) * lines_of_frame;
  std::unique_ptr<ChildProcess> process = take();
  try {
    for (int deaths = 0; count_lines(answers) < n_lines;) {
      if (!process || !process->is_running()) process = std::make_unique<ChildProcess>(options_.command);
      std::string more = process->ask(question, n_lines - count_lines(answers), options_.patience, options_.idle);
      const std::size_t whole = count_lines(more) / lines_of_frame * lines_of_frame;
      std::string rest = more;
      drop_lines(rest, whole);
      more.resize(more.size() - rest.size());
      drop_lines(question, whole);
      answers += more;
      if (count_lines(answers) == n_lines) break;
      deaths = whole > 0 ? 1 : deaths + 1;
      if (deaths >= most_deaths) {
        throw CalculatorError{
            "{} {} (started {} times, it answered no configuration{}). Try it by hand: it gets extended XYZ on its "
            "standard input and answers each frame at once with a frame that has energy and forces",
            name, process->last_words(), most_deaths, rest.empty() ? "" : "; the last lines are no whole frame"};
      }
    }
  } catch (...) {
    give_back(nullptr);  // what it would still say belongs to nobody
    throw;
  }
  give_back(std::move(process));

  const std::vector<LabelledStructure> frames = frames_in(read_extxyz_frames({name, std::move(answers)}));
  if (static_cast<std::int64_t>(frames.size()) != n) {
    throw CalculatorError{
        "{}: {} frames for {} configurations. Standard output must hold nothing but one frame for each", name,
        frames.size(), n};
  }
  Evaluation result{at::empty({n}, at::kDouble), at::empty({n, n_atoms, 3}, at::kDouble), {}, {}};
  if (frames.front().stress) result.stresses = at::empty({n, 3, 3}, at::kDouble);
  for (std::int64_t c = 0; c < n; ++c) {
    const LabelledStructure& frame = frames[c];
    const SiteMatch match = match_to_sites(frame, reference);
    const Eigen::Map<const Vectors> asked(u.const_data_ptr<double>() + c * n_atoms * 3, n_atoms, 3);
    if (match.displacements.rows() != n_atoms || (match.displacements - asked).cwiseAbs().maxCoeff() > same_place) {
      throw CalculatorError{
          "{}: {}", frame.source,
          match.displacements.rows() == n_atoms
              ? std::string("atoms are not where they were asked for: answer the frames in their order")
              : match.reason};
    }
    if (frame.stress.has_value() != result.stresses.defined())
      throw CalculatorError{"{}: some frames have a stress, others have none", frame.source};
    result.energies.data_ptr<double>()[c] = frame.energy;
    Eigen::Map<Vectors> forces(result.forces.data_ptr<double>() + c * n_atoms * 3, n_atoms, 3);
    for (std::int64_t i = 0; i < n_atoms; ++i) forces.row(i) = frame.forces.row(match.order[i]);
    if (frame.stress)
      Eigen::Map<Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(result.stresses.data_ptr<double>() + 9 * c) =
          *frame.stress;
  }
  result.energies = result.energies.to(displacements.device());
  result.forces = result.forces.to(displacements.device());
  if (result.stresses.defined()) result.stresses = result.stresses.to(displacements.device());
  return result;
}

PotentialKind command_kind() {
  struct Keys {
    std::string command;
    int processes = 1;
    double patience = 600;  // s
  };
  return {
      "command", "a program of yours", [](Section& section, PotentialSettings&) -> PotentialKind::Open {
        const auto keys = std::make_shared<Keys>();
        section
            .key("command", &keys->command,
                 "of your program, for a shell: it answers each frame of extended XYZ on its standard input with "
                 "one that has energy and forces")
            .example("\"python3 ase_potential.py\"");
        section.key("processes", &keys->processes, "copies of the command that work side by side").at_least(1);
        section.quantity("patience", &keys->patience, "s", "a command that is silent for longer is started again")
            .above(0);
        return [keys](const PotentialSettings&, const PotentialOpening& opening) {
          if (keys->command.empty())
            throw ConfigError{"potential.command is missing: write the command that starts your program"};
          const auto patience = std::chrono::seconds(static_cast<long>(std::ceil(keys->patience)));
          return std::make_unique<CommandPotential>(CommandOptions{
              .command = keys->command, .n_processes = keys->processes, .patience = patience, .idle = opening.idle});
        };
      }};
}

}  // namespace zeropoint::potentials
