#pragma once

#include "files/labelled_format.hpp"

namespace zeropoint {

/// JSON of mlearn: a list of pymatgen structures with their outputs.
LabelledFormat mlearn_format();

}  // namespace zeropoint
