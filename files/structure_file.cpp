#include "files/structure_file.hpp"

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "files/cif_file.hpp"
#include "files/extxyz_structures.hpp"
#include "files/labelled_formats.hpp"
#include "files/poscar.hpp"

namespace zeropoint {
namespace {

/// What labelled structures say about their crystals.
std::vector<FoundStructure> without_labels(const std::string& path) {
  const LabelledStructures labelled = read_labelled_structures(path);
  if (!labelled.refused.empty()) {
    const RefusedOutput& refused = labelled.refused.front();
    throw InputError{"{}: {}. Structures are also read from POSCAR and extended XYZ without labels", refused.source,
                     refused.reason};
  }
  std::vector<FoundStructure> all;
  for (const LabelledStructure& structure : labelled.accepted) {
    all.push_back({with_standard_masses(structure.cell, structure.positions, structure.species), structure.source});
  }
  return all;
}

std::vector<FoundStructure> found_in(const std::string& path) {
  const FileContent file(path);
  for (const StructureFormat& format : structure_formats()) {
    if (format.recognises(file)) return format.read(file);
  }
  return without_labels(path);
}

}  // namespace

const std::vector<StructureFormat>& structure_formats() {
  static const std::vector<StructureFormat> all{cif_format(), extxyz_structures_format(), poscar_format()};
  return all;
}

std::vector<Crystal> read_structures(const std::string& path) {
  std::vector<Crystal> all;
  for (FoundStructure& found : found_in(path)) {
    check(found.crystal, found.source);
    all.push_back(std::move(found.crystal));
  }
  return all;
}

Crystal read_structure(const std::string& path) {
  std::vector<Crystal> all = read_structures(path);
  if (all.size() != 1)
    throw InputError{"{}: {} structures where one is needed: keep the one that you want", path, all.size()};
  return std::move(all.front());
}

void write_structure(const Crystal& crystal, const std::string& path, const std::string& comment,
                     const std::vector<Eigen::Matrix3d>& displacements) {
  if (!displacements.empty() && displacements.size() != crystal.species.size()) {
    throw InputError{"{}: {} displacement tensors for {} atoms: give one for each atom", path, displacements.size(),
                     crystal.n_atoms()};
  }
  for (const StructureFormat& format : structure_formats()) {
    if (format.text && path.ends_with(format.ending))
      return write_file(path, format.text(crystal, comment, displacements));
  }
  throw InputError{"{}: structures are written as .cif or .extxyz; choose one of these endings", path};
}

}  // namespace zeropoint
