#include "mlp/errors.hpp"

#include <algorithm>

namespace zeropoint::mlp {

void Errors::add(const Prediction& prediction, const LabelledStructure& label, const std::vector<int>& species) {
  ++n_structures;
  energy.add((prediction.energy - label.energy) / label.n_atoms());
  for (Eigen::Index i = 0; i < label.n_atoms(); ++i) {
    for (int k = 0; k < 3; ++k) {
      const double error = prediction.forces(i, k) - label.forces(i, k);
      force.add(error);
      force_of_species[species[static_cast<std::size_t>(i)]].add(error);
    }
  }
  for (int a = 0; label.stress && a < 3; ++a) {
    for (int b = a; b < 3; ++b) stress.add(prediction.stress(a, b) - (*label.stress)(a, b));
  }
}

void Errors::add(const Errors& other) {
  n_structures += other.n_structures;
  energy.add(other.energy);
  force.add(other.force);
  stress.add(other.stress);
  force_of_species.resize(std::max(force_of_species.size(), other.force_of_species.size()));
  for (std::size_t z = 0; z < other.force_of_species.size(); ++z) force_of_species[z].add(other.force_of_species[z]);
}

std::vector<Errors> errors_of(const Predictor& predict, const TrainingData& data, const std::vector<std::size_t>& of) {
  std::vector<Errors> errors(data.set_names().size(), Errors{data.species().size()});
  predict_each(
      predict, of.size(), [&](std::size_t k) { return data.geometry(of[k]); },
      [&](std::size_t k, const Prediction& prediction) {
        errors[data.set_of(of[k])].add(prediction, data.structure(of[k]), data.species_of(of[k]));
      });
  return errors;
}

std::vector<Errors> errors_of_members(const Model& model, const TrainingData& data,
                                      const std::vector<std::size_t>& of) {
  std::vector<Errors> result;
  Model alone = model;
  for (const Member& member : model.members) {
    alone.members = {member};
    result.push_back(total(errors_of(Predictor(alone), data, of)));
  }
  return result;
}

Errors total(const std::vector<Errors>& errors) {
  Errors sum;
  for (const Errors& one : errors) sum.add(one);
  return sum;
}

}  // namespace zeropoint::mlp
