#include "phonons/harmonic_file.hpp"

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "phonons/hdf5_matrices.hpp"

namespace zeropoint::phonons {

void write_harmonic(const std::string& path, const DynamicalMatrices& matrices,
                    const std::vector<std::vector<double>>& frequencies, const std::string& configuration) {
  Hdf5File file = Hdf5File::create(path, {.filetype = harmonic_filetype, .configuration = configuration});
  write_matrices(matrices, file, "final");
  Eigen::MatrixXd table(static_cast<Eigen::Index>(frequencies.size()), matrices.n_modes());
  for (Eigen::Index i = 0; i < table.rows(); ++i) {
    table.row(i) = Eigen::Map<const Eigen::RowVectorXd>(frequencies[static_cast<std::size_t>(i)].data(), table.cols());
  }
  file.write("final/frequencies", table, "cm^-1", "q,mode");
  file.close();
}

StoredHarmonic read_harmonic(const std::string& path) {
  const Hdf5File file = Hdf5File::open(path, harmonic_filetype);
  StoredHarmonic stored{read_matrices(file, "final"), {}};
  const Eigen::MatrixXd table = file.read_matrix("final/frequencies");
  if (table.rows() != stored.matrices.grid.size() || table.cols() != stored.matrices.n_modes()) {
    throw InputError{"{}: final/frequencies is {} x {}, the matrices have {} q points and {} modes",
                     path,
                     table.rows(),
                     table.cols(),
                     stored.matrices.grid.size(),
                     stored.matrices.n_modes()};
  }
  for (const auto& row : table.rowwise()) stored.frequencies.emplace_back(row.begin(), row.end());
  return stored;
}

}  // namespace zeropoint::phonons
