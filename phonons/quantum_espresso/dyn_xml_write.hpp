#pragma once

#include <string>

#include "core/units.hpp"
#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::phonons {

/// Writes PREFIX1.xml, PREFIX2.xml, ..., one a star, and PREFIX0 and PREFIX0.xml, which ph.x and q2r.x look for; an
/// ending .xml of `prefix` does not count. Each file is written under a temporary name and renamed.
void write_qe_dyn_xml(const DynamicalMatrices& matrices, const std::string& prefix,
                      const UnitSet& units = units::codata2022);

}  // namespace zeropoint::phonons
