#include "mlp/model_card.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/duration_text.hpp"
#include "core/units.hpp"

namespace zeropoint::mlp {
namespace {

std::string network_text(const Model& model) {
  const NodeNetwork network = model.node_network();
  return fmt::format("{} weights, {} invariants, channels mixed {}, {} hidden, {} attention layers, {} four-body terms",
                     network.n_parameters(), network.n_invariants(),
                     model.network.mixing_by_degree ? "for each l" : "alike for all l", model.network.hidden,
                     model.network.attention_layers, model.network.four_body);
}

std::string seeds_text(const Model& model) {
  std::vector<std::uint64_t> seeds;
  for (const Member& member : model.members) seeds.push_back(member.seed);
  return fmt::format("{}", fmt::join(seeds, ", "));
}

}  // namespace

std::string split_text(const std::vector<Part>& split) {
  const auto count = [&](Part part) { return members_of(split, part).size(); };
  const std::size_t left_out = count(Part::left_out);
  return fmt::format("{} for training, {} for validation, {} for the test{}", count(Part::training),
                     count(Part::validation), count(Part::test),
                     left_out > 0 ? fmt::format(", {} left out", left_out) : "");
}

std::string errors_text(const Errors& errors) {
  const auto number = [](double value) { return std::isfinite(value) ? fmt::format("{:.4g}", value) : "-"; };
  std::string text = fmt::format("energy {} meV/atom, force {} meV/A", number(1e3 * errors.energy.root_mean_square()),
                                 number(1e3 * errors.force.root_mean_square()));
  if (errors.stress.count() > 0)
    text += fmt::format(", stress {} GPa", number(units::gpa_per_ev_angstrom3 * errors.stress.root_mean_square()));
  return text + " (RMSE)";
}

Card model_card(const Model& model, const TrainingData& data, const std::vector<Part>& split, const Trainer& trainer,
                const Judgement& judgement, const Card& notes) {
  Card card{{"species", fmt::format("{}", fmt::join(model.species, ", "))},
            {"cutoffs", fmt::format("{:g} angstrom radial, {:g} angstrom angular", model.descriptor.radial_cutoff,
                                    model.descriptor.angular_cutoff)},
            {"network", network_text(model)},
            {"members", fmt::format("{}, seeds {}", model.members.size(), seeds_text(model))},
            {"data",
             fmt::format("{} structures of {}, hash {}", data.size(), fmt::join(data.set_names(), ", "), data.hash())},
            {"split", split_text(split)},
            {"training", fmt::format("{} epochs in {}, ended because {}", trainer.history().size(),
                                     format_duration(trainer.history().back().seconds), trainer.stop_reason())}};
  card.insert(card.end(), notes.begin(), notes.end());
  for (const auto& [name, part] : {std::pair{"training errors", Part::training},
                                   {"validation errors", Part::validation},
                                   {"test errors", Part::test}}) {
    if (judgement.errors(part).n_structures > 0) card.emplace_back(name, errors_text(judgement.errors(part)));
  }
  return card;
}

}  // namespace zeropoint::mlp
