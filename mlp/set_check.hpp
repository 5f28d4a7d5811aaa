#pragma once

#include <string>
#include <vector>

#include "files/labelled_structure.hpp"

namespace zeropoint::mlp {

/// What structures say about one another, each naming both by their sources, at most five of a kind and then a number:
///   the same atoms at the same places (to 1e-5 angstrom), with the same label: repeated; with energies more than 1
///   meV/atom apart: one of the labels is wrong;
///   atoms at the places of another structure's, with the elements exchanged for one another: a wrong order or
///   type_map.
/// Cost: n log n comparisons for n structures.
std::vector<std::string> contradictions(const std::vector<const LabelledStructure*>& structures);

}  // namespace zeropoint::mlp
