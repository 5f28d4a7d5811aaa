#include "phonons/quantum_espresso/dyn_xml_read.hpp"

#include "core/error.hpp"
#include "phonons/quantum_espresso/xml.hpp"

namespace zeropoint::phonons {

QeDynFile read_qe_dyn_xml_file(const std::string& path, const UnitSet& units) {
  const QeXmlFile file(path);
  if (const pugi::xml_node constants = file.root().child("INTERATOMIC_FORCE_CONSTANTS")) {
    file.fail(constants,
              "force constants of q2r.x stand among dyn files: name that file alone, or the prefix of the dyn files");
  }
  QeXmlHeader header = read_qe_xml_header(file, units);
  const int n_atoms = header.crystal.n_atoms();
  QeDynFile result;
  result.path = path;
  result.alat = header.alat;
  const int n_q = file.integer(file.child(file.root(), "GEOMETRY_INFO"), "NUMBER_OF_Q", 1, 100000);
  for (int i = 1; i <= n_q; ++i) {
    const pugi::xml_node node = file.child(file.root(), fmt::format("DYNAMICAL_MAT_.{}", i));
    const std::vector<double> q = file.numbers(node, "Q_POINT", 3);
    QeDynBlock block{header.cell_in_alat * Eigen::Vector3d(q[0], q[1], q[2]),
                     Eigen::MatrixXcd(3 * n_atoms, 3 * n_atoms), file.where(node)};
    for (int a = 0; a < n_atoms; ++a) {
      for (int b = 0; b < n_atoms; ++b) {
        const std::vector<double> values = file.numbers(node, fmt::format("PHI.{}.{}", a + 1, b + 1), 18);
        for (int k = 0; k < 9; ++k) {
          const auto at_k = static_cast<std::size_t>(2 * k);
          block.matrix(3 * a + k % 3, 3 * b + k / 3) = {values[at_k], values[at_k + 1]};
        }
      }
    }
    block.matrix *= units.rydberg_per_bohr2();
    result.blocks.push_back(std::move(block));
  }
  result.crystal = std::move(header.crystal);
  result.polar = std::move(header.polar);
  return result;
}

}  // namespace zeropoint::phonons
