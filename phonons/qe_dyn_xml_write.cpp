#include <iterator>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "phonons/modes.hpp"
#include "phonons/qe_dyn.hpp"
#include "phonons/qe_dyn_xml.hpp"
#include "phonons/qe_header.hpp"

namespace zeropoint::phonons {
namespace {

/// The text of one set of files. Arrays begin on a line of their own, as the reader of Quantum ESPRESSO demands.
class XmlWriter {
 public:
  XmlWriter(const DynamicalMatrices& matrices, const UnitSet& units)
      : matrices_(matrices),
        units_(units),
        all_modes_(diagonalise(matrices)),
        alat_(matrices.alat > 0 ? matrices.alat : matrices.crystal.cell.row(0).norm()) {}

  std::string star_file(int first, int count) {
    text_ = "<?xml version=\"1.0\"?>\n<Root>\n";
    geometry(count);
    const int gamma = matrices_.grid.gamma();
    if (matrices_.polar && gamma >= first && gamma < first + count) polar();
    for (int iq = first; iq < first + count; ++iq) matrix(iq, iq - first + 1);
    frequencies(first);
    text_ += "</Root>\n";
    return std::move(text_);
  }

 private:
  template <class... Args>
  void put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
  }

  /// Columns of `values` are the lines.
  void array(const std::string& tag, const Eigen::Ref<const Eigen::MatrixXd>& values) {
    put("    <{}>\n", tag);
    for (Eigen::Index line = 0; line < values.cols(); ++line) {
      for (Eigen::Index i = 0; i < values.rows(); ++i) put("{}{:.15E}", i > 0 ? " " : "", values(i, line));
      text_ += '\n';
    }
    put("    </{}>\n", tag);
  }

  Eigen::Vector3d cartesian(int iq) const {
    return alat_ * matrices_.crystal.reciprocal().transpose() * matrices_.grid.points()[static_cast<std::size_t>(iq)];
  }

  void geometry(int n_q) {
    const Crystal& crystal = matrices_.crystal;
    const QeTypes types = qe_types(crystal);
    text_ += "  <GEOMETRY_INFO>\n";
    put("    <NUMBER_OF_TYPES>{}</NUMBER_OF_TYPES>\n", types.first_atom.size());
    put("    <NUMBER_OF_ATOMS>{}</NUMBER_OF_ATOMS>\n", crystal.n_atoms());
    text_ += "    <BRAVAIS_LATTICE_INDEX>0</BRAVAIS_LATTICE_INDEX>\n    <SPIN_COMPONENTS>1</SPIN_COMPONENTS>\n";
    Eigen::VectorXd celldm = Eigen::VectorXd::Zero(6);
    celldm[0] = alat_ / units_.bohr;
    array("CELL_DIMENSIONS", celldm);
    array("AT", crystal.cell.transpose() / alat_);
    array("BG", crystal.reciprocal().transpose() * alat_);
    put("    <UNIT_CELL_VOLUME_AU>{:.15E}</UNIT_CELL_VOLUME_AU>\n",
        crystal.volume() / (units_.bohr * units_.bohr * units_.bohr));
    for (std::size_t type = 0; type < types.first_atom.size(); ++type) {
      const int s = types.first_atom[type];
      put("    <TYPE_NAME.{0}>{1:<3s}</TYPE_NAME.{0}>\n", type + 1, crystal.species[static_cast<std::size_t>(s)]);
      put("    <MASS.{0}>{1:.15E}</MASS.{0}>\n", type + 1, crystal.masses[s]);
    }
    for (int s = 0; s < crystal.n_atoms(); ++s) {
      const auto i = static_cast<std::size_t>(s);
      const Eigen::RowVector3d x = crystal.positions.row(s) / alat_;
      put("    <ATOM.{} SPECIES=\"{:<3s}\" INDEX=\"{}\" TAU=\"{:.15E} {:.15E} {:.15E}\"/>\n", s + 1, crystal.species[i],
          types.type_of[i], x[0], x[1], x[2]);
    }
    put("    <NUMBER_OF_Q>{}</NUMBER_OF_Q>\n  </GEOMETRY_INFO>\n", n_q);
  }

  void polar() {
    text_ += "  <DIELECTRIC_PROPERTIES epsil=\"true\" zstar=\"true\" raman=\"false\">\n";
    array("EPSILON", matrices_.polar->dielectric);
    text_ += "    <ZSTAR>\n";
    for (std::size_t s = 0; s < matrices_.polar->born_charges.size(); ++s) {
      array(fmt::format("Z_AT_.{}", s + 1), matrices_.polar->born_charges[s]);
    }
    text_ += "    </ZSTAR>\n  </DIELECTRIC_PROPERTIES>\n";
  }

  void matrix(int iq, int number) {
    put("  <DYNAMICAL_MAT_.{}>\n", number);
    array("Q_POINT", cartesian(iq));
    const Eigen::MatrixXcd scaled = matrices_.blocks[static_cast<std::size_t>(iq)] / units_.rydberg_per_bohr2();
    for (int a = 0; a < matrices_.crystal.n_atoms(); ++a) {
      for (int b = 0; b < matrices_.crystal.n_atoms(); ++b) {
        Eigen::Matrix<double, 2, 9> lines;
        for (int k = 0; k < 9; ++k) {
          const std::complex<double> value = scaled(3 * a + k % 3, 3 * b + k / 3);
          lines.col(k) << value.real(), value.imag();
        }
        array(fmt::format("PHI.{}.{}", a + 1, b + 1), lines);
      }
    }
    put("  </DYNAMICAL_MAT_.{}>\n", number);
  }

  void frequencies(int iq) {
    const Modes& modes = all_modes_[static_cast<std::size_t>(iq)];
    const Eigen::MatrixXcd patterns = displacement_patterns(modes, matrices_.crystal).colwise().normalized();
    text_ += "  <FREQUENCIES_THZ_CMM1>\n";
    for (int mode = 0; mode < matrices_.n_modes(); ++mode) {
      const double frequency = units_.inverse_cm(modes.frequencies[mode]);
      array(fmt::format("OMEGA.{}", mode + 1), Eigen::Vector2d(frequency * units::thz_per_inverse_cm, frequency));
      Eigen::MatrixXd lines(2, matrices_.n_modes());
      lines.row(0) = patterns.col(mode).real().transpose();
      lines.row(1) = patterns.col(mode).imag().transpose();
      array(fmt::format("DISPLACEMENT.{}", mode + 1), lines);
    }
    text_ += "  </FREQUENCIES_THZ_CMM1>\n";
  }

  const DynamicalMatrices& matrices_;
  const UnitSet& units_;
  std::vector<Modes> all_modes_;  // [n_q]
  double alat_;                   // angstrom
  std::string text_;
};

}  // namespace

void write_qe_dyn_xml(const DynamicalMatrices& matrices, const std::string& prefix, const UnitSet& units) {
  refuse_unwritable(matrices, prefix);
  const std::string stem = prefix.ends_with(".xml") ? prefix.substr(0, prefix.size() - 4) : prefix;
  XmlWriter writer(matrices, units);
  const std::vector<int> firsts = matrices.grid.representatives();
  for (std::size_t star = 0; star < firsts.size(); ++star) {
    write_file(fmt::format("{}{}.xml", stem, star + 1), writer.star_file(firsts[star], matrices.grid.stars()[star]));
  }
  // Last, because they announce the others.
  for (const char* ending : {"0", "0.xml"}) write_file(stem + ending, qe_grid_text(matrices));
}

}  // namespace zeropoint::phonons
