#include "mlp/judgement.hpp"

#include "core/error.hpp"

namespace zeropoint::mlp {

void Parity::Column::add(double is, double predicted, Part in) {
  label.push_back(is);
  prediction.push_back(predicted);
  part.push_back(static_cast<int>(in));
}

void Parity::add(const LabelledStructure& label, const Prediction& prediction, Part part) {
  energy.add(label.energy / label.n_atoms(), prediction.energy / label.n_atoms(), part);
  for (Eigen::Index i = 0; i < label.n_atoms(); ++i) {
    for (int k = 0; k < 3; ++k) force.add(label.forces(i, k), prediction.forces(i, k), part);
  }
  for (int a = 0; label.stress && a < 3; ++a) {
    for (int b = a; b < 3; ++b) stress.add((*label.stress)(a, b), prediction.stress(a, b), part);
  }
}

Part Judgement::decisive() const {
  for (const Part part : {Part::test, Part::validation}) {
    if (errors(part).n_structures > 0) return part;
  }
  return Part::training;
}

Judgement judge(const Predictor& predict, const TrainingData& data, const std::vector<Part>& split,
                const JudgementOptions& options) {
  Judgement result;
  result.set_names = data.set_names();
  result.species = data.species();
  result.of_sets.fill(std::vector<Errors>(data.set_names().size(), Errors{data.species().size()}));
  std::vector<std::size_t> judged;
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (split[i] != Part::left_out) judged.push_back(i);
  }
  const auto geometry = [&](std::size_t k) {
    auto made = data.geometry(judged[k]);
    const LabelledStructure& structure = data.structure(judged[k]);
    try {
      if (options.refuse_holes) predict.refuse_holes(*made, structure.species);
    } catch (const InputError& error) {
      throw InputError{"{}: {}", structure.source, error.what()};
    }
    return made;
  };
  const auto take = [&](std::size_t k, const Prediction& prediction) {
    const std::size_t i = judged[k];
    const LabelledStructure& label = data.structure(i);
    result.of_sets[static_cast<int>(split[i])][data.set_of(i)].add(prediction, label, data.species_of(i));
    result.parity.add(label, prediction, split[i]);
    if (split[i] == Part::training) result.balance.add(prediction, label);
    if (options.take) options.take(i, prediction);
  };
  predict_each(predict, judged.size(), geometry, take, options.observe);
  for (std::size_t part = 0; part < Judgement::n_parts; ++part) result.of_part[part] = total(result.of_sets[part]);
  return result;
}

}  // namespace zeropoint::mlp
