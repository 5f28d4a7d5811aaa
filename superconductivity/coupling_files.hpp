#pragma once

#include <string>

#include "core/units.hpp"
#include "superconductivity/coupling.hpp"

namespace zeropoint::superconductivity {

/// Coupling of all kinds that hold matrices. `path`: a folder with a2Fq2r.* (taken first) or a2Fmatdyn.*; either with
/// that name behind it; or the prefix of PREFIXn.elph.d.mat.n. `dyn`: the prefix of the dyn files that ph.x wrote with
/// it, which say which crystal and which q.
/// @throws IoError, InputError: nothing there, files of some smearings missing, or only printed lambdas are there.
CouplingFiles read_coupling(const std::string& path, const std::string& dyn, const UnitSet& units = units::codata2022);

}  // namespace zeropoint::superconductivity
