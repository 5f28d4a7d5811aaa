#include "files/ensemble_formats.hpp"

#include "core/error.hpp"
#include "files/ensemble_extxyz.hpp"
#include "files/ensemble_hdf5.hpp"
#include "files/ensemble_npy.hpp"
#include "files/ensemble_text.hpp"

namespace zeropoint {

const std::vector<EnsembleFormat>& ensemble_formats() {
  static const std::vector<EnsembleFormat> all{
      hdf5_ensemble_format(),         npy_ensemble_format(), text_ensemble_format(),
      unlabelled_population_format(),  // behind labels that lie beside it
      extxyz_ensemble_format(),
  };
  return all;
}

const EnsembleFormat& ensemble_format(const std::string& name) {
  for (const EnsembleFormat& format : ensemble_formats()) {
    if (format.write && format.name == name) return format;
  }
  throw ConfigError{"ensemble format '{}' is unknown: npy, text, extxyz or h5", name};
}

void write_ensemble(const Ensemble& ensemble, const Supercell& reference, const EnsembleFormat& format,
                    const std::string& path, const EnsembleMetadata& metadata, const UnitSet& units) {
  format.write(ensemble, reference, path, metadata, units);
}

}  // namespace zeropoint
