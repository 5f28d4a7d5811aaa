#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "files/labelled_structure.hpp"
#include "files/text_scanner.hpp"

namespace zeropoint {

constexpr double kbar_per_gpa = 10;  ///< stresses of VASP

/// The readers behind read_labelled_structures(), one a format. `text` is the whole file, without zero bytes; `path`
/// names it in complaints. @throws InputError with the reason to refuse it.
LabelledStructure read_pwx_output(const std::string& path, const std::string& text);
LabelledStructure read_pwx_xml(const std::string& text);
LabelledStructure read_vasp_xml(const std::string& text);
LabelledStructure read_vasp_outcar(const std::string& path, const std::string& text);
LabelledStructure read_xsf(const std::string& path, const std::string& text);
/// Frames are checked and refused one by one.
LabelledStructures read_extxyz_frames(const std::string& path, const std::string& text, const LabelLimits& limits);

LabelledStructures read_mlearn_json(const std::string& path, const std::string& text, const LabelLimits& limits);
/// Of write_structures_hdf5().
LabelledStructures read_structures_hdf5(const std::string& path, const LabelLimits& limits);
/// A folder with type.raw, type_map.raw and set.*/*.npy.
LabelledStructures read_deepmd(const std::string& path, const LabelLimits& limits);

/// What every label must fulfil: as many forces as atoms, finite numbers, a cell with a volume, no net force, no
/// enormous force, a symmetric stress. @throws InputError.
void check(const LabelledStructure& structure, const LabelLimits& limits);

/// The numbers in a piece of text, over several lines. @throws InputError that begins with `what` unless all are finite
/// and there are `count` of them.
std::vector<double> finite_numbers(std::string_view text, std::size_t count, std::string_view what);

/// Formats without an end mark: a last number may have lost digits when its line has no end. @throws InputError.
[[noreturn]] void fail_without_newline(const TextScanner& scan);

/// The reason in an InputError of a TextScanner: "path:12:5: ..." becomes "line 12, column 5: ...".
std::string reason_without_path(std::string_view message, const std::string& path);

}  // namespace zeropoint
