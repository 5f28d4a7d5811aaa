#include "phonons/quantum_espresso/dyn_xml_write.hpp"

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "phonons/modes.hpp"
#include "phonons/quantum_espresso/dyn_write.hpp"
#include "phonons/quantum_espresso/xml.hpp"

namespace zeropoint::phonons {
namespace {

/// The text of one set of files.
class XmlWriter {
 public:
  XmlWriter(const DynamicalMatrices& matrices, const UnitSet& units)
      : matrices_(matrices),
        units_(units),
        all_modes_(diagonalise(matrices)),
        alat_(matrices.alat > 0 ? matrices.alat : matrices.crystal.cell.row(0).norm()) {}

  std::string star_file(int first, int count) {
    QeXmlText text;
    text.geometry(matrices_.crystal, alat_, count, units_);
    const int gamma = matrices_.grid.gamma();
    if (matrices_.polar && gamma >= first && gamma < first + count) text.polar(*matrices_.polar);
    for (int iq = first; iq < first + count; ++iq) matrix(text, iq, iq - first + 1);
    frequencies(text, first);
    return text.closed();
  }

 private:
  Eigen::Vector3d cartesian(int iq) const {
    return alat_ * matrices_.crystal.reciprocal().transpose() * matrices_.grid.points()[iq];
  }

  void matrix(QeXmlText& text, int iq, int number) {
    text.put("  <DYNAMICAL_MAT_.{}>\n", number);
    text.array("Q_POINT", cartesian(iq));
    const Eigen::MatrixXcd scaled = matrices_.blocks[iq] / units_.rydberg_per_bohr2();
    for (int a = 0; a < matrices_.crystal.n_atoms(); ++a) {
      for (int b = 0; b < matrices_.crystal.n_atoms(); ++b) {
        Eigen::Matrix<double, 2, 9> lines;
        for (int k = 0; k < 9; ++k) {
          const std::complex<double> value = scaled(3 * a + k % 3, 3 * b + k / 3);
          lines.col(k) << value.real(), value.imag();
        }
        text.array(fmt::format("PHI.{}.{}", a + 1, b + 1), lines);
      }
    }
    text.put("  </DYNAMICAL_MAT_.{}>\n", number);
  }

  void frequencies(QeXmlText& text, int iq) {
    const Modes& modes = all_modes_[iq];
    const Eigen::MatrixXcd patterns = displacement_patterns(modes, matrices_.crystal).colwise().normalized();
    text.put("  <FREQUENCIES_THZ_CMM1>\n");
    for (int mode = 0; mode < matrices_.n_modes(); ++mode) {
      const double frequency = units_.inverse_cm(modes.frequencies[mode]);
      text.array(fmt::format("OMEGA.{}", mode + 1), Eigen::Vector2d(frequency * units::thz_per_inverse_cm, frequency));
      Eigen::MatrixXd lines(2, matrices_.n_modes());
      lines.row(0) = patterns.col(mode).real().transpose();
      lines.row(1) = patterns.col(mode).imag().transpose();
      text.array(fmt::format("DISPLACEMENT.{}", mode + 1), lines);
    }
    text.put("  </FREQUENCIES_THZ_CMM1>\n");
  }

  const DynamicalMatrices& matrices_;
  const UnitSet& units_;
  std::vector<Modes> all_modes_;  // [n_q]
  double alat_;                   // angstrom
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
