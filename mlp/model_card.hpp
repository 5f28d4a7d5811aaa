#pragma once

#include <string>
#include <utility>
#include <vector>

#include "mlp/judgement.hpp"
#include "mlp/model.hpp"
#include "mlp/trainer.hpp"

namespace zeropoint::mlp {

using Card = std::vector<std::pair<std::string, std::string>>;

/// What people should know about a model that was trained on `data`: its network, data, split, training and errors.
/// `notes`: further lines, which stand before the errors.
Card model_card(const Model& model, const TrainingData& data, const std::vector<Part>& split, const Trainer& trainer,
                const Judgement& judgement, const Card& notes = {});

/// "35 for training, 5 for validation, 10 for the test", and how many were left out.
std::string split_text(const std::vector<Part>& split);

/// "energy 0.35 meV/atom, force 14.2 meV/A, stress 0.011 GPa (RMSE)".
std::string errors_text(const Errors& errors);

}  // namespace zeropoint::mlp
