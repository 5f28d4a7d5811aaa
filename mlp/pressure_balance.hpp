#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/estimate.hpp"
#include "files/labelled_structure.hpp"
#include "mlp/prediction.hpp"

namespace zeropoint::mlp {

/// Do the energies of cells of different volume ask for the pressures of the labels? With plane waves up to a fixed
/// energy they do not quite: the basis changes with the cell, and stresses do not know it (Pulay stress; P. G. Dacosta
/// et al., J. Phys. C 19, L615 (1986)). What a model makes of both, errors included, tells:
///   -dE/dV - P = slope of (E_model - E)/n against V/n + mean of P_model - P
class PressureBalance {
 public:
  void add(const Prediction& prediction, const LabelledStructure& label);

  /// The pressure that labels lack, eV/angstrom^3; nothing for fewer than 20 structures with stress, for several
  /// compositions, or when volumes differ by less than 1 % (standard deviation).
  std::optional<Estimate> lacking() const;

 private:
  struct Row {
    double volume, energy, pressure;  // of an atom; the others are model less label
  };
  std::vector<Row> rows_;
  std::map<std::string, double> composition_;
  bool one_composition_ = true;
};

}  // namespace zeropoint::mlp
