#include "files/ensemble_extxyz.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/number_text.hpp"
#include "core/parallel.hpp"
#include "files/ensemble_pieces.hpp"
#include "files/ensemble_reader.hpp"
#include "files/extxyz_line.hpp"
#include "files/text_scanner.hpp"

namespace zeropoint {
namespace {

constexpr double lattice_tolerance = 1e-3;  // angstrom; files with few decimals pass, other cells do not

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/// A file read at any place, from several threads.
class RandomAccess {
 public:
  explicit RandomAccess(std::string path)
      : path_(std::move(path)), descriptor_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0) throw IoError{"{}: cannot be opened: {}", path_, std::strerror(errno)};
  }
  RandomAccess(const RandomAccess&) = delete;
  RandomAccess& operator=(const RandomAccess&) = delete;
  ~RandomAccess() { ::close(descriptor_); }

  /// Up to `size` bytes; fewer at the end of the file.
  std::size_t read(std::int64_t offset, char* to, std::size_t size) const {
    std::size_t filled = 0;
    while (filled < size) {
      const ssize_t n = ::pread(descriptor_, to + filled, size - filled, offset + static_cast<std::int64_t>(filled));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) throw IoError{"{}: cannot be read: {}", path_, std::strerror(errno)};
      if (n == 0) break;
      filled += static_cast<std::size_t>(n);
    }
    return filled;
  }

 private:
  std::string path_;
  int descriptor_;
};

class ExtxyzEnsemble : public FileEnsemble {
 public:
  ExtxyzEnsemble(const EnsembleSource& source, const Supercell& reference)
      : FileEnsemble(source, reference, fmt::format("extxyz {}", source.path)),
        file_(source.path),
        cell_(reference.crystal().cell) {
    species_ = reference.crystal().species;
    find_frames();
    set_size(static_cast<std::int64_t>(offsets_.size()) - 1);
    if (stress_in(0)) {
      find_stresses([this](std::int64_t begin, std::int64_t end, double* values) {
        for (std::int64_t c = begin; c < end; ++c) {
          const auto stress = stress_in(c);
          if (!stress)
            throw InputError{"{}: neither stress nor virial, which earlier configurations have", where(c, 1)};
          std::copy(stress->begin(), stress->end(), values + 9 * (c - begin));
        }
      });
    }
  }

 private:
  std::int64_t lines_per_frame() const { return n_atoms() + 2; }

  /// "file.extxyz: configuration 3, line 27": line 0 of a frame is the number of atoms, 1 the comment.
  std::string where(std::int64_t c, std::int64_t line) const {
    return fmt::format("{}: configuration {}, line {}", source_.path, c + 1, c * lines_per_frame() + line + 1);
  }

  /// Finds where each frame begins; all have the same number of lines.
  void find_frames() {
    std::vector<char> buffer(std::size_t{1} << 20);
    std::string first_line;  // of the frame, as far as it has been seen
    std::int64_t offset = 0, line = 0, line_begin = 0;
    std::int64_t content_end = 0;  // behind the last byte that is not white space
    offsets_.push_back(0);
    for (std::size_t n; (n = file_.read(offset, buffer.data(), buffer.size())) > 0;
         offset += static_cast<std::int64_t>(n)) {
      const char* p = buffer.data();
      const char* const end = p + n;
      while (p < end) {
        const void* newline = std::memchr(p, '\n', static_cast<std::size_t>(end - p));
        const char* const stop = newline ? static_cast<const char*>(newline) : end;
        if (line == 0) first_line.append(p, stop);
        if (!std::all_of(p, stop, is_blank)) content_end = offset + (stop - buffer.data());
        p = stop + (newline ? 1 : 0);
        if (!newline) break;
        end_line(first_line, line, line_begin, offset + (p - buffer.data()));
        if (source_.n_configurations > 0 && static_cast<std::int64_t>(offsets_.size()) > source_.n_configurations)
          return;
      }
    }
    if (offset > line_begin) end_line(first_line, line, line_begin, offset);  // a last line without its newline
    if (offset == 0) throw InputError{"{}: the file is empty", source_.path};
    const std::int64_t complete = static_cast<std::int64_t>(offsets_.size()) - 1;
    const bool enough = source_.n_configurations > 0 && source_.n_configurations <= complete;
    if (content_end <= offsets_.back() || enough) return;
    const std::string remedy = complete > 0 ? fmt::format(", or set n_configurations = {}.", complete) : ".";
    throw InputError{
        "{}: configuration {} ends after {} of {} lines, at line {} (truncated?). {} configurations before it are "
        "complete: repair the file{}",
        source_.path,
        complete + 1,
        line,
        lines_per_frame(),
        complete * lines_per_frame() + line,
        complete,
        remedy};
  }

  void end_line(std::string& first_line, std::int64_t& line, std::int64_t& line_begin, std::int64_t next) {
    if (line == 0) {
      const auto counts = split_words(first_line);
      if (counts.empty()) {  // blank lines may only follow the last frame
        line_begin = next;
        return;
      }
      const auto c = static_cast<std::int64_t>(offsets_.size()) - 1;
      if (line_begin != offsets_.back())
        throw InputError{"{}: a blank line instead of the number of atoms", where(c, 0)};
      std::int64_t count = -1;
      const auto [rest, error] = std::from_chars(counts[0].data(), counts[0].data() + counts[0].size(), count);
      if (counts.size() != 1 || error != std::errc{} || rest != counts[0].data() + counts[0].size()) {
        throw InputError{"{}: '{}' instead of the number of atoms", where(c, 0), first_line.substr(0, 60)};
      }
      if (count != n_atoms()) {
        throw InputError{"{}: {} atoms, the supercell has {}: check the matrices (dyn files) and their grid",
                         where(c, 0), count, n_atoms()};
      }
    }
    first_line.clear();
    line_begin = next;
    if (++line < lines_per_frame()) return;
    line = 0;
    offsets_.push_back(next);
  }

  std::string frame(std::int64_t c, std::int64_t end) const {
    const std::int64_t begin = offsets_[c];
    std::string text(static_cast<std::size_t>(offsets_[end] - begin), '\0');
    if (file_.read(begin, text.data(), text.size()) != text.size()) {
      throw IoError{"{}: has become shorter while it was read", source_.path};
    }
    return text;
  }

  static std::string_view next_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
  }

  std::optional<std::array<double, 9>> stress_in(std::int64_t c) const {
    const std::string text = frame(c, c + 1);
    std::string_view rest = text;
    next_line(rest);
    return extxyz::stress_of(next_line(rest), reference_.volume(), {where(c, 1)});
  }

  void check_lattice(std::string_view comment, std::int64_t c) const {
    const auto lattice = extxyz::lattice_of(comment, {where(c, 1)});
    if (!lattice) return;
    if (const double off = (*lattice - cell_).cwiseAbs().maxCoeff(); !(off <= lattice_tolerance)) {
      throw InputError{
          "{}: Lattice differs by {:.4f} angstrom from the supercell of the matrices: they belong to another volume, "
          "grid or choice of cell vectors",
          where(c, 1), off};
    }
  }

  void read_atom(std::string_view line, const extxyz::Columns& columns, std::int64_t c, std::int64_t atom,
                 const Labels& labels) const {
    const auto fields = split_words(line);
    if (fields.size() != columns.count) {
      throw InputError{"{} (atom {}): {} columns, {} expected from Properties{}",
                       where(c, atom + 2),
                       atom + 1,
                       fields.size(),
                       columns.count,
                       fields.size() < columns.count ? " (truncated?)" : ""};
    }
    const std::string& expected = species_[atom];
    if (const std::string_view found = fields[columns.species]; found != expected) {
      throw InputError{
          "{}: atom {} is {}, the supercell has {} there: the atoms must be in the order of the supercell (i1 slowest, "
          "i3, then the unit-cell atom fastest)",
          where(c, atom + 2), atom + 1, found, expected};
    }
    const auto number = [&](std::size_t column) {
      double value;
      const std::string_view field = fields[column];
      if (parse_number(field.data(), field.data() + field.size(), value) != field.data() + field.size()) {
        throw InputError{"{}: '{}' is not a number", where(c, atom + 2), field};
      }
      return value;
    };
    for (std::size_t k = 0; k < 3; ++k) {
      const auto at = static_cast<std::size_t>(3 * atom) + k;
      labels.displacements[at] = number(columns.positions + k) - positions_[at];
      labels.forces[at] = number(columns.forces + k);
    }
  }

  void load(std::int64_t begin, std::int64_t end, const Labels& labels) const override {
    const std::string text = frame(begin, end);
    std::string_view rest = text;
    const std::int64_t n_numbers = 3 * n_atoms();
    for (std::int64_t c = begin; c < end; ++c) {
      const std::int64_t k = c - begin;
      next_line(rest);
      const std::string_view comment = next_line(rest);
      const extxyz::Columns columns = extxyz::columns_of(comment, {where(c, 1)});
      check_lattice(comment, c);
      const auto energy = extxyz::value_of(comment, "energy");
      const auto value = energy ? extxyz::numbers_in(*energy) : std::nullopt;
      if (!value || value->size() != 1) throw InputError{"{}: no energy=... (eV) in it", where(c, 1)};
      labels.energies[k] = value->front();
      const Labels here{labels.displacements + k * n_numbers, nullptr, labels.forces + k * n_numbers, nullptr};
      for (std::int64_t atom = 0; atom < n_atoms(); ++atom) read_atom(next_line(rest), columns, c, atom, here);
      if (!labels.stresses) continue;
      const auto stress = extxyz::stress_of(comment, reference_.volume(), {where(c, 1)});
      if (!stress) throw InputError{"{}: neither stress nor virial, which the first configuration has", where(c, 1)};
      std::copy(stress->begin(), stress->end(), labels.stresses + 9 * k);
    }
  }

  RandomAccess file_;
  Eigen::Matrix3d cell_;  // of the supercell
  std::vector<std::string> species_;
  std::vector<std::int64_t> offsets_;  // where each frame begins, and where the last ends
};

/// The first lines of a frame, up to the properties.
std::string extxyz_start(const Crystal& crystal) {
  std::string start = fmt::format("{}\nLattice=\"", crystal.n_atoms());
  for (int i = 0; i < 9; ++i) {
    append_number(start, crystal.cell(i / 3, i % 3));
    start += i < 8 ? " " : "\" pbc=\"T T T\" ";
  }
  return start;
}

void write_extxyz_ensemble(const Ensemble& ensemble, const Supercell& reference, const std::string& path) {
  const Crystal crystal = reference.crystal();
  const std::int64_t n_atoms = reference.n_atoms();
  const std::string start = extxyz_start(crystal) + "Properties=species:S:1:pos:R:3:forces:R:3 energy=";
  AtomicFile file{path};
  for_pieces(ensemble, reference, [&](const EnsemblePiece& piece, const Configurations&) {
    std::vector<std::string> frames(static_cast<std::size_t>(piece.size));
    parallel_for(piece.size, [&](std::int64_t c) {
      std::string& text = frames[c];
      text = start;
      append_number(text, piece.energies[c]);
      if (piece.stresses) {
        text += " stress=\"";
        for (int i = 0; i < 9; ++i) {
          append_number(text, piece.stresses[9 * c + i]);
          text += i < 8 ? ' ' : '"';
        }
      }
      text += '\n';
      for (std::int64_t atom = 0; atom < n_atoms; ++atom) {
        const double* const u = piece.displacements + 3 * (c * n_atoms + atom);
        text += crystal.species[atom];
        for (int k = 0; k < 3; ++k) append_number(text += ' ', u[k] + crystal.positions(atom, k));
        for (int k = 0; k < 3; ++k) append_number(text += ' ', piece.forces[3 * (c * n_atoms + atom) + k]);
        text += '\n';
      }
    });
    for (const std::string& text : frames) file.write(text);
  });
  file.commit();
}

}  // namespace

std::string extxyz_configurations(const at::Tensor& displacements, std::int64_t first, const Supercell& reference) {
  const Crystal crystal = reference.crystal();
  const std::int64_t n_atoms = reference.n_atoms();
  const at::Tensor u = displacements.contiguous();
  std::string text;
  for (std::int64_t c = 0; c < u.size(0); ++c) {
    text += extxyz_start(crystal) + fmt::format("Properties=species:S:1:pos:R:3 configuration={}\n", first + c + 1);
    const double* const values = u.const_data_ptr<double>() + c * n_atoms * 3;
    for (std::int64_t atom = 0; atom < n_atoms; ++atom) {
      text += crystal.species[atom];
      for (int k = 0; k < 3; ++k) append_number(text += ' ', values[3 * atom + k] + crystal.positions(atom, k));
      text += '\n';
    }
  }
  return text;
}

EnsembleFormat extxyz_ensemble_format() {
  return {.name = "extxyz",
          .looked_for = "",
          .recognises =
              [](const EnsembleSource& source) {
                return source.path.ends_with(".xyz") || source.path.ends_with(".extxyz");
              },
          .open = [](const EnsembleSource& source, const Supercell& reference,
                     const UnitSet&) { return std::make_unique<ExtxyzEnsemble>(source, reference); },
          .write = [](const Ensemble& ensemble, const Supercell& reference, const std::string& path,
                      const EnsembleMetadata&, const UnitSet&) { write_extxyz_ensemble(ensemble, reference, path); }};
}

}  // namespace zeropoint
