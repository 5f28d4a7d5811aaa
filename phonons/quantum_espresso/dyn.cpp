#include "phonons/quantum_espresso/dyn.hpp"

#include <fmt/format.h>

#include "phonons/quantum_espresso/dyn_xml_write.hpp"

namespace zeropoint::phonons {
namespace {

bool is_xml_set(const std::string& prefix) { return qe_dyn_paths(prefix).front().ends_with(".xml"); }

/// Either, found by the content of each file.
MatrixFile read_dyn(const std::string& prefix, const UnitSet& units) {
  return {read_qe_dyn(prefix, units),
          is_xml_set(prefix) ? "dynamical matrices, Quantum ESPRESSO, XML" : "dynamical matrices, Quantum ESPRESSO"};
}

std::string write_text(const DynamicalMatrices& matrices, const std::string& prefix, const UnitSet& units) {
  write_qe_dyn(matrices, prefix, units);
  return fmt::format("{}0 to {}{}", prefix, prefix, matrices.grid.stars().size());
}

std::string write_xml(const DynamicalMatrices& matrices, const std::string& prefix, const UnitSet& units) {
  write_qe_dyn_xml(matrices, prefix, units);
  const std::string stem = prefix.ends_with(".xml") ? prefix.substr(0, prefix.size() - 4) : prefix;
  return fmt::format("{}0.xml to {}{}.xml", stem, stem, matrices.grid.stars().size());
}

}  // namespace

MatrixFormat qe_dyn_format() {
  return {.name = "qe",
          .description = "dyn files of ph.x, text",
          .recognises = is_qe_dyn,
          .read = read_dyn,
          .write = write_text,
          .usual_name = "dyn"};
}

MatrixFormat qe_dyn_xml_format() {
  return {.name = "qe-xml",
          .description = "dyn files of ph.x, XML",
          .recognises = [](const std::string& path) { return is_qe_dyn(path) && is_xml_set(path); },
          .read = read_dyn,
          .write = write_xml,
          .usual_name = "dyn"};
}

}  // namespace zeropoint::phonons
