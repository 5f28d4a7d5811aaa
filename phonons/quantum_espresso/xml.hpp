#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <optional>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/crystal.hpp"
#include "core/error.hpp"
#include "core/units.hpp"
#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::phonons {

/// A parsed XML file of Quantum ESPRESSO whose complaints name file and line. A Gamma file that version 6.7 closes with
/// </root> is accepted.
class QeXmlFile {
 public:
  /// @throws IoError, InputError when it is no XML or its root is not <Root>.
  explicit QeXmlFile(const std::string& path);

  pugi::xml_node root() const { return root_; }
  const std::string& path() const { return path_; }

  /// "path:line".
  std::string where(const pugi::xml_node& node) const;

  template <class... Args>
  [[noreturn]] void fail(const pugi::xml_node& node, fmt::format_string<Args...> format, Args&&... args) const {
    throw InputError{"{}: {}", where(node), fmt::format(format, std::forward<Args>(args)...)};
  }

  /// @throws InputError when there is none.
  pugi::xml_node child(const pugi::xml_node& parent, const std::string& name) const;

  /// Exactly `count` finite numbers of `text`, which belongs to `node`. @throws InputError.
  std::vector<double> parsed(const pugi::xml_node& node, std::string_view text, std::size_t count) const;
  /// Those of the child `name`.
  std::vector<double> numbers(const pugi::xml_node& parent, const std::string& name, std::size_t count) const;
  int integer(const pugi::xml_node& parent, const std::string& name, int lowest, int highest) const;

 private:
  void parse();

  std::string path_, text_;
  pugi::xml_document document_;
  pugi::xml_node root_;
};

/// 3 x 3 numbers that are stored column by column.
Eigen::Matrix3d qe_xml_tensor(const std::vector<double>& values);

/// What dyn files and force constants in XML begin with.
struct QeXmlHeader {
  Crystal crystal;
  double alat;                   ///< angstrom
  Eigen::Matrix3d cell_in_alat;  ///< rows
  std::optional<Polar> polar;
};

/// GEOMETRY_INFO and, where they are, EPSILON and ZSTAR; masses are in amu. @throws InputError with file and line.
QeXmlHeader read_qe_xml_header(const QeXmlFile& file, const UnitSet& units);

/// Text of such a file. Arrays begin on a line of their own, as the reader of Quantum ESPRESSO demands.
class QeXmlText {
 public:
  QeXmlText();  ///< opens <Root>

  template <class... Args>
  void put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
  }
  /// Columns of `values` are the lines.
  void array(const std::string& tag, const Eigen::Ref<const Eigen::MatrixXd>& values);
  /// GEOMETRY_INFO with ibrav = 0; `alat` in angstrom.
  void geometry(const Crystal& crystal, double alat, int n_q, const UnitSet& units);
  void polar(const Polar& polar);
  std::string closed();  ///< closes <Root>; nothing is left

 private:
  std::string text_;
};

}  // namespace zeropoint::phonons
