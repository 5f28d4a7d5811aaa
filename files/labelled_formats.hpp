#pragma once

#include <string>
#include <vector>

#include "files/labelled_format.hpp"

namespace zeropoint {

/// Every format that labelled structures are read from; the first that recognises a file reads it.
const std::vector<LabelledFormat>& labelled_formats();

/// Reads the output of one calculation, or a file or folder of many labelled structures. The format is known by
/// content. A label that is not complete, finite and converged is refused, and so are forces beyond `limits` and
/// stresses that are not symmetric (see check()). A file of no known format is refused, too.
/// @throws IoError when the file cannot be read; never for what stands in it.
LabelledStructures read_labelled_structures(const std::string& path, const LabelLimits& limits = {},
                                            const std::vector<LabelledFormat>& formats = labelled_formats());

/// The formats that can be written. @throws ConfigError for a word that is the name of none.
const LabelledFormat& writable_labelled_format(const std::string& name);

}  // namespace zeropoint
