#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "mlp/errors.hpp"
#include "mlp/pressure_balance.hpp"
#include "mlp/split.hpp"

namespace zeropoint::mlp {

/// Labels and predictions side by side: energies (eV per atom), force components (eV/angstrom), six stress components
/// of each structure that has a stress (eV/angstrom^3), each with the part (mlp::Part) that its structure belongs to.
struct Parity {
  struct Column {
    std::vector<double> label, prediction, part;
    void add(double is, double predicted, Part in);
  };
  Column energy, force, stress;

  void add(const LabelledStructure& label, const Prediction& prediction, Part part);
};

/// A model against its labels.
struct Judgement {
  static constexpr std::size_t n_parts = 3;  ///< training, validation, test: Part as a number

  std::array<Errors, n_parts> of_part;               ///< all sets together
  std::array<std::vector<Errors>, n_parts> of_sets;  ///< [part][set]
  std::vector<std::string> set_names, species;       ///< of the data
  Parity parity;
  PressureBalance balance;  ///< of the structures of the training

  /// Whose errors speak for the model: those of the test, without one those of the validation, else of the training.
  Part decisive() const;
  const Errors& errors(Part part) const { return of_part[static_cast<int>(part)]; }
};

struct JudgementOptions {
  /// An atom without a neighbour within the angular cutoff is an InputError that names the structure: right for data
  /// that the model was not trained on.
  bool refuse_holes = false;
  /// Is called for each structure that is judged, in the order of the data.
  std::function<void(std::size_t structure, const Prediction&)> take = {};
  /// Is called with the number of structures done, and may throw to stop.
  std::function<void(std::size_t)> observe = {};
};

/// Predicts all structures of `data` but those left out, each once. `split`: the part of each structure.
Judgement judge(const Predictor& predict, const TrainingData& data, const std::vector<Part>& split,
                const JudgementOptions& options = {});

}  // namespace zeropoint::mlp
