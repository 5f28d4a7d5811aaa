#include "files/labelled_formats.hpp"

#include <algorithm>

#include "files/deepmd_npy.hpp"
#include "files/extxyz_frames.hpp"
#include "files/mlearn_json.hpp"
#include "files/pwx_output.hpp"
#include "files/pwx_xml.hpp"
#include "files/structures_hdf5.hpp"
#include "files/vasp_outcar.hpp"
#include "files/vasp_xml.hpp"
#include "files/xsf_file.hpp"

namespace zeropoint {
namespace {

std::string names_of(const std::vector<LabelledFormat>& formats) {
  std::string text;
  for (std::size_t i = 0; i < formats.size(); ++i) {
    text += (i == 0 ? "" : i + 1 < formats.size() ? ", " : " and ") + formats[i].description;
  }
  return text;
}

[[noreturn]] void fail_unknown(const FileContent& file, const std::vector<LabelledFormat>& formats) {
  if (file.is_folder()) throw IoError{"{} is a folder without labelled structures in it", file.path()};
  if (file.zero_byte() > 0) {
    throw InputError{
        "zero byte at position {}: a binary file, or one that was damaged on its disk. Give the text output of the "
        "run",
        file.zero_byte()};
  }
  const std::string_view first = file.first_line();
  if (first.empty()) {
    throw InputError{"the file is empty: the run was killed before it wrote, or the disk was full. Run it again"};
  }
  if (first.starts_with("<")) {
    throw InputError{"an XML file that is neither of pw.x nor of VASP (<modeling>), or cut at its beginning"};
  }
  throw InputError{"no known format; it begins with '{}'. Readable are {}, with energy and forces", first.substr(0, 60),
                   names_of(formats)};
}

}  // namespace

const std::vector<LabelledFormat>& labelled_formats() {
  static const std::vector<LabelledFormat> all{
      deepmd_format(),  structures_hdf5_format(), vasp_xml_format(),
      pwx_xml_format(), pwx_output_format(),      outcar_format(),
      xsf_format(),     mlearn_format(),          extxyz_frames_format(),
  };
  return all;
}

LabelledStructures read_labelled_structures(const std::string& path, const LabelLimits& limits,
                                            const std::vector<LabelledFormat>& formats) {
  const FileContent file(path);
  try {
    const auto found = std::ranges::find_if(formats, [&](const LabelledFormat& f) { return f.recognises(file); });
    if (found == formats.end()) fail_unknown(file, formats);
    LabelledStructures all = judged(found->read(file), limits);
    for (RefusedOutput& refused : all.refused) {  // a set may name where its structures came from, not itself
      if (!refused.source.starts_with(path)) refused.source = path + ", " + refused.source;
    }
    return all;
  } catch (const InputError& error) {
    return {.accepted = {}, .refused = {{path, reason_of(error, path)}}};
  }
}

const LabelledFormat& writable_labelled_format(const std::string& name) {
  for (const LabelledFormat& format : labelled_formats()) {
    if (format.write && format.name == name) return format;
  }
  throw ConfigError{"labelled structures are not written as '{}'", name};
}

}  // namespace zeropoint
