#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "mlp/prediction.hpp"
#include "mlp/training_data.hpp"

namespace zeropoint::mlp {

/// Mean absolute and root mean square error of one quantity.
class ErrorSum {
 public:
  void add(double error) {
    absolute_ += std::abs(error);
    squares_ += error * error;
    ++n_;
  }
  void add(const ErrorSum& other) {
    absolute_ += other.absolute_;
    squares_ += other.squares_;
    n_ += other.n_;
  }
  std::int64_t count() const { return n_; }
  double mean_absolute() const { return n_ > 0 ? absolute_ / static_cast<double>(n_) : std::nan(""); }
  double root_mean_square() const { return n_ > 0 ? std::sqrt(squares_ / static_cast<double>(n_)) : std::nan(""); }

 private:
  double absolute_ = 0, squares_ = 0;
  std::int64_t n_ = 0;
};

/// Errors of predictions against labels: energies in eV per atom, forces (components) in eV/angstrom, stresses (six
/// components of each structure) in eV/angstrom^3.
struct Errors {
  explicit Errors(std::size_t n_species = 0) : force_of_species(n_species) {}
  ErrorSum energy, force, stress;
  std::vector<ErrorSum> force_of_species;  ///< by species of the model
  std::int64_t n_structures = 0;

  void add(const Prediction& prediction, const LabelledStructure& label, const std::vector<int>& species);
  void add(const Errors& other);
};

/// Errors of a model on structures `of`, one entry for each set of the data.
std::vector<Errors> errors_of(const Predictor& predict, const TrainingData& data, const std::vector<std::size_t>& of);

/// Errors of each network of a committee by itself, all sets together.
std::vector<Errors> errors_of_members(const Model& model, const TrainingData& data, const std::vector<std::size_t>& of);

/// All entries together.
Errors total(const std::vector<Errors>& errors);

}  // namespace zeropoint::mlp
