#include "files/labelled_structure.hpp"

#include <algorithm>
#include <filesystem>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "files/dft_output.hpp"
#include "files/text_scanner.hpp"

namespace zeropoint {
namespace {

enum class Format { empty, binary, pwx_text, pwx_xml, vasp_xml, other_xml, outcar, xsf, extxyz, json, unknown };

/// First line that holds more than blanks.
std::string_view first_filled_line(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (const std::string_view line = trimmed(text.substr(0, end)); !line.empty()) return line;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

/// Whether a line, blanks aside, begins with `mark`.
bool has_line(std::string_view text, std::string_view mark) {
  for (std::size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1)) {
    const std::size_t begin = at == 0 ? 0 : text.find_last_of('\n', at - 1) + 1;  // npos + 1 = 0
    if (trimmed(text.substr(begin, at - begin)).empty()) return true;
  }
  return false;
}

Format format_of(std::string_view text) {
  const std::string_view first = first_filled_line(text);
  const auto has = [&](std::string_view mark) { return text.find(mark) != std::string_view::npos; };
  if (text.find('\0') != std::string_view::npos) return Format::binary;
  if (first.empty()) return Format::empty;
  if (first.starts_with("<")) {
    return has("<modeling") ? Format::vasp_xml : has("espresso") ? Format::pwx_xml : Format::other_xml;
  }
  if (has_line(text, "Program PWSCF")) return Format::pwx_text;
  if (first.starts_with("vasp.") || (has_line(text, "POTCAR:") && has_line(text, "INCAR:"))) return Format::outcar;
  if (has_line(text, "PRIMVEC") || has_line(text, "PRIMCOORD") || has_line(text, "# total energy")) return Format::xsf;
  if (first.starts_with('[') || first.starts_with('{')) return Format::json;
  const bool is_count = first.find_first_not_of("0123456789") == std::string_view::npos;
  if (is_count || has("Properties=") || has("Lattice=")) return Format::extxyz;
  return Format::unknown;
}

LabelledStructure read_one(Format format, const std::string& path, const std::string& text) {
  switch (format) {
    case Format::pwx_text:
      return read_pwx_output(path, text);
    case Format::pwx_xml:
      return read_pwx_xml(text);
    case Format::vasp_xml:
      return read_vasp_xml(text);
    case Format::outcar:
      return read_vasp_outcar(path, text);
    case Format::xsf:
      return read_xsf(path, text);
    case Format::empty:
      throw InputError{"the file is empty: the run was killed before it wrote, or the disk was full. Run it again"};
    case Format::binary:
      throw InputError{
          "zero byte at position {}: a binary file, or one that was damaged on its disk. Give the text output of the "
          "run",
          text.find('\0') + 1};
    case Format::other_xml:
      throw InputError{"an XML file that is neither of pw.x nor of VASP (<modeling>), or cut at its beginning"};
    case Format::extxyz:
    case Format::json:
    case Format::unknown:
      break;
  }
  throw InputError{
      "no known format; it begins with '{}'. Readable are outputs of pw.x (text or XML), vasprun.xml, OUTCAR, extended "
      "XYZ, XSF, mlearn's JSON and folders of DeePMD "
      "with energy and forces",
      first_filled_line(text).substr(0, 60)};
}

}  // namespace

LabelledStructures read_labelled_structures(const std::string& path, const LabelLimits& limits) {
  const auto read_many = [&](const auto& reader) -> LabelledStructures {
    try {
      return reader(path, limits);
    } catch (const InputError& error) {
      return {.accepted = {}, .refused = {{path, error.what()}}};
    }
  };
  if (std::filesystem::exists(std::filesystem::path{path} / "type.raw")) return read_many(read_deepmd);
  std::string text = read_file(path);
  if (text.starts_with("\x89HDF\r\n\x1a\n")) return read_many(read_structures_hdf5);
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);  // byte-order mark
  const Format format = format_of(text);
  LabelledStructures all;
  try {
    if (format == Format::extxyz) return read_extxyz_frames(path, text, limits);
    if (format == Format::json) return read_mlearn_json(path, text, limits);
    LabelledStructure structure = read_one(format, path, text);
    check(structure, limits);
    structure.source = path;
    all.accepted.push_back(std::move(structure));
  } catch (const InputError& error) {
    all.refused.push_back({path, reason_without_path(error.what(), path)});
  }
  return all;
}

}  // namespace zeropoint
