#include "phonons/matrix_file.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "phonons/phonopy/calculation.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "phonons/quantum_espresso/force_constants.hpp"

namespace zeropoint::phonons {

const MatrixFormats& matrix_formats() {
  static const MatrixFormats formats{
      qe_dyn_format(), qe_dyn_xml_format(), qe_force_constants_format(), qe_force_constants_xml_format(),
      epw_format(),    phonopy_format(),
  };
  return formats;
}

std::vector<std::string> writable_matrix_formats(const MatrixFormats& formats) {
  std::vector<std::string> names;
  for (const MatrixFormat& format : formats) {
    if (format.write) names.push_back(format.name);
  }
  return names;
}

const MatrixFormat* matrix_format_of(const std::string& path, const MatrixFormats& formats) {
  const auto found =
      std::ranges::find_if(formats, [&](const MatrixFormat& f) { return f.recognises && f.recognises(path); });
  return found == formats.end() ? nullptr : &*found;
}

MatrixFile read_matrix_file(const std::string& path, const UnitSet& units, const MatrixFormats& formats) {
  const MatrixFormat* const format = matrix_format_of(path, formats);
  MatrixFile file = (format ? *format : formats.front()).read(path, units);
  file.path = path;
  return file;
}

std::string write_matrix_file(const DynamicalMatrices& matrices, const std::string& format, const std::string& output,
                              const UnitSet& units, const MatrixFormats& formats) {
  const auto found = std::ranges::find(formats, format, &MatrixFormat::name);
  if (found == formats.end() || !found->write) throw InternalError{"no format '{}' of matrices", format};
  return found->write(matrices, output, units);
}

}  // namespace zeropoint::phonons
