#pragma once

#include <set>
#include <string>

#include "core/hdf5_file.hpp"
#include "mlp/training_data.hpp"

namespace zeropoint::mlp {

/// Adds the group `split` to a file: source, part and group of every structure of `data`. A model keeps it, so that
/// its test is known later.
void write_split(Hdf5File& file, const TrainingData& data, const std::vector<Part>& split);

/// Sources of the structures that were `part` when the model of a file was trained.
/// @throws InputError for a model without a split, IoError.
std::set<std::string> sources_of(const std::string& model, Part part);

}  // namespace zeropoint::mlp
