#include "phonons/matrix_file.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/phonons/dyn_text.hpp"
#include "tests/phonons/phonopy/run.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::phonons {
namespace {

DynamicalMatrices hexagonal() { return test::model_matrices(test::hexagonal_crystal(), {2, 2, 1}, 7); }

TEST(MatrixFile, OfEveryFormatIsReadFromWhereItWasWritten) {
  const DynamicalMatrices matrices = hexagonal();
  EXPECT_EQ(writable_matrix_formats(), (std::vector<std::string>{"qe", "qe-xml", "q2r", "q2r-xml", "epw", "phonopy"}));
  for (const MatrixFormat& format : matrix_formats()) {
    SCOPED_TRACE(format.name);
    const test::TemporaryFolder folder;
    format.write(matrices, folder / format.usual_name, units::codata2022);
    std::string path = folder / format.usual_name;
    if (format.name == "epw") path = folder / "ifc.q2r";
    if (format.name == "q2r-xml") path += ".xml";
    const MatrixFormat* const found = matrix_format_of(path);
    ASSERT_TRUE(found);
    // Dyn files in XML are read by the reader of those in text, ifc.q2r by that of q2r.x.
    const bool shared = format.name == "qe-xml" || format.name == "epw";
    EXPECT_EQ(found->name, shared ? matrix_formats()[format.name == "epw" ? 2 : 0].name : format.name);
    const MatrixFile file = read_matrix_file(path);
    EXPECT_LT(test::difference(file.matrices, matrices), 1e-9);
    EXPECT_EQ(file.path, path);
  }
}

TEST(MatrixFile, OfNoFormatIsAskedForAsDynFiles) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(matrix_format_of(folder / "nothing"), nullptr);
  EXPECT_THROW(read_matrix_file(folder / "nothing"), IoError);
  test::put_text(folder / "POSCAR", "Al\n1.0\n");
  EXPECT_EQ(matrix_format_of(folder / "POSCAR"), nullptr);
  test::put_text(folder / "POSCAR1", "Al\n1.0\n");
  EXPECT_EQ(matrix_format_of(folder / "POSCAR"), nullptr);
}

/// A format needs nothing but its own functions: the atoms of a cube, held by springs to their sites.
MatrixFormat einstein_format() {
  return {.name = "einstein",
          .description = "one spring constant",
          .recognises = [](const std::string& path) { return path.ends_with(".einstein"); },
          .read = [](const std::string& path, const UnitSet&) -> MatrixFile {
            DynamicalMatrices matrices{test::cubic_crystal(), QGrid(Eigen::Vector3i::Ones()), {}, {}, 0, ""};
            const int n = matrices.n_modes();
            matrices.blocks = {std::stod(test::text_of(path)) * Eigen::MatrixXcd::Identity(n, n)};
            return {matrices, "an Einstein crystal"};
          },
          .write =
              [](const DynamicalMatrices& matrices, const std::string& output, const UnitSet&) {
                const std::string path = output + ".einstein";
                test::put_text(path, fmt::format("{}\n", matrices.blocks[0](0, 0).real()));
                return path;
              },
          .usual_name = "spring"};
}

TEST(MatrixFile, OfANewFormatNeedsOneLineInTheTable) {
  MatrixFormats formats = matrix_formats();
  formats.push_back(einstein_format());
  const test::TemporaryFolder folder;
  test::put_text(folder / "al.einstein", "2.5\n");
  EXPECT_EQ(matrix_format_of(folder / "al.einstein"), nullptr);
  const MatrixFile file = read_matrix_file(folder / "al.einstein", units::codata2022, formats);
  EXPECT_EQ(file.kind, "an Einstein crystal");
  EXPECT_EQ(file.matrices.blocks[0](2, 2), 2.5);
  EXPECT_EQ(writable_matrix_formats(formats).back(), "einstein");
  EXPECT_THROW(write_matrix_file(file.matrices, "einstein", folder / "out"), InternalError);
  EXPECT_EQ(write_matrix_file(file.matrices, "einstein", folder / "out", units::codata2022, formats),
            folder / "out.einstein");
  EXPECT_EQ(read_matrix_file(folder / "out.einstein", units::codata2022, formats).matrices.blocks[0](0, 0), 2.5);
}

}  // namespace
}  // namespace zeropoint::phonons
