#include "files/ensemble_text.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/number_text.hpp"
#include "core/parallel.hpp"
#include "files/ensemble_pieces.hpp"
#include "files/ensemble_reader.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

std::string energies_name(int population) { return fmt::format("energies_supercell_population{}.dat", population); }

/// A folder held open, so that the kernel does not walk the path for each of many thousand files.
class Folder {
 public:
  explicit Folder(const std::string& path)
      : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (descriptor_ < 0) throw IoError{"{}: cannot be opened: {}", path, std::strerror(errno)};
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { ::close(descriptor_); }

  std::string path(const std::string& name) const { return (fs::path(path_) / name).string(); }

  /// The whole of a small file into `buffer`, which keeps its length for the next one: one read().
  std::string_view read(const std::string& name, std::vector<char>& buffer) const {
    const int file = ::openat(descriptor_, name.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) throw IoError{"{}: cannot be opened: {}", path(name), std::strerror(errno)};
    std::size_t filled = 0;
    for (;;) {
      const std::size_t asked = buffer.size() - filled;
      const ssize_t n = ::read(file, buffer.data() + filled, asked);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) {
        const int reason = errno;
        ::close(file);
        throw IoError{"{}: cannot be read: {}", path(name), std::strerror(reason)};
      }
      filled += static_cast<std::size_t>(n);
      if (static_cast<std::size_t>(n) < asked) break;
      buffer.resize(2 * buffer.size());
    }
    ::close(file);
    return {buffer.data(), filled};
  }

 private:
  std::string path_;
  int descriptor_;
};

/// Which numbers I occur as START_I.dat.
class Numbers {
 public:
  explicit Numbers(std::string start) : start_(std::move(start)) {}

  void take(std::string_view name) {
    if (!name.starts_with(start_) || !name.ends_with(".dat")) return;
    const char* const first = name.data() + start_.size();
    const char* const last = name.data() + name.size() - 4;
    std::size_t number = 0;
    const auto [rest, error] = std::from_chars(first, last, number);
    if (error != std::errc{} || rest != last || number == 0 || number > 100'000'000) return;
    if (present_.size() <= number) present_.resize(std::max(number + 1, 2 * present_.size()), false);
    if (!present_[number]) ++count_;
    present_[number] = true;
    largest_ = std::max(largest_, static_cast<std::int64_t>(number));
  }

  bool has(std::int64_t number) const {
    return number < static_cast<std::int64_t>(present_.size()) && present_[number];
  }
  std::int64_t count() const { return count_; }
  std::int64_t largest() const { return largest_; }
  std::string name(std::int64_t number) const { return fmt::format("{}{}.dat", start_, number); }

  std::vector<std::int64_t> missing(std::int64_t n) const {
    std::vector<std::int64_t> all;
    for (std::int64_t i = 1; i <= n; ++i) {
      if (!has(i)) all.push_back(i);
    }
    return all;
  }

 private:
  std::string start_;
  std::vector<bool> present_;
  std::int64_t count_ = 0, largest_ = 0;
};

/// What to do about configuration `number`, the first that is not complete.
std::string advice(std::int64_t number) {
  if (number == 1) return "Repair the file.";
  return fmt::format("{} configurations before it are complete: repair the file, or set n_configurations = {}.",
                     number - 1, number - 1);
}

std::string list(const std::vector<std::int64_t>& numbers) {
  constexpr std::size_t shown = 8;
  if (numbers.size() <= shown) return fmt::format("{}", fmt::join(numbers, ", "));
  return fmt::format("{}, ... {}", fmt::join(numbers.begin(), numbers.begin() + shown, ", "), numbers.back());
}

class TextEnsemble : public FileEnsemble {
 public:
  TextEnsemble(const EnsembleSource& source, const Supercell& reference, const UnitSet& units)
      : FileEnsemble(source, reference, fmt::format("text, population {} in {}", source.population, source.path)),
        units_(units),
        folder_(source.path),
        displacements_(fmt::format("u_population{}_", source.population)),
        forces_(fmt::format("forces_population{}_", source.population)),
        pressures_(fmt::format("pressures_population{}_", source.population)) {
    for (const auto& file : names_in(source.path)) {
      displacements_.take(file);
      forces_.take(file);
      pressures_.take(file);
    }
    read_energies();
    check_counts();
    if (pressures_.count() == 0) return;
    const std::vector<std::int64_t> missing = pressures_.missing(size());
    if (static_cast<std::int64_t>(missing.size()) == size()) return;
    if (!missing.empty()) {
      throw InputError{"{}: missing, while other configurations have pressures ({} files: {}). {}",
                       folder_.path(pressures_.name(missing[0])), missing.size(), list(missing), advice(missing[0])};
    }
    find_stresses([this](std::int64_t begin, std::int64_t end, double* values) {
      std::vector<char> buffer(1 << 16);
      for (std::int64_t c = begin; c < end; ++c) read_table(pressures_, c, 3, buffer, values + 9 * (c - begin));
    });
  }

 private:
  static std::vector<std::string> names_in(const std::string& path) {
    std::vector<std::string> names;
    DIR* const stream = ::opendir(path.c_str());
    if (!stream) throw IoError{"{}: cannot be read: {}", path, std::strerror(errno)};
    while (const dirent* entry = ::readdir(stream)) names.emplace_back(entry->d_name);
    ::closedir(stream);
    return names;
  }

  void read_energies() {
    const std::string name = energies_name(source_.population), path = folder_.path(name);
    if (!fs::exists(path)) {
      throw InputError{
          "{}: missing; {} displacement and {} force files of this population are there. Write one energy a line, "
          "Ry per supercell",
          path, displacements_.count(), forces_.count()};
    }
    const std::string text = read_file(path);
    const std::int64_t n_lines = count_numbers_lines(text);
    if (n_lines == 0) throw InputError{"{}: no energies in it: one a line expected, Ry per supercell", path};
    energies_.resize(static_cast<std::size_t>(n_lines));
    if (const auto problem = parse_table(text, n_lines, 1, energies_.data()))
      throw InputError{"{}: {}", path, *problem};
  }

  static std::int64_t count_numbers_lines(std::string_view text) {
    std::int64_t n = 0;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t line_end = std::min(text.find('\n', at), text.size());
      const std::size_t first = text.find_first_not_of(" \t\r", at);
      if (first < line_end && text[first] != '#') ++n;
      at = line_end + 1;
    }
    return n;
  }

  void check_counts() {
    const std::int64_t n = static_cast<std::int64_t>(energies_.size());
    set_size(n);
    for (const Numbers* files : {&displacements_, &forces_}) {
      const std::vector<std::int64_t> missing = files->missing(size());
      if (missing.empty()) continue;
      throw InputError{"{}: missing ({} files of {}: {}; {} holds {} energies). {}",
                       folder_.path(files->name(missing[0])),
                       missing.size(),
                       size(),
                       list(missing),
                       energies_name(source_.population),
                       n,
                       advice(missing[0])};
    }
    const std::int64_t beyond = std::max(displacements_.largest(), forces_.largest());
    if (source_.n_configurations == 0 && beyond > n) {
      throw InputError{
          "{}: {} energies, but there are {} displacement and {} force files, up to number {}. {} configurations "
          "are complete: repair the file, or set n_configurations = {}.",
          folder_.path(energies_name(source_.population)),
          n,
          displacements_.count(),
          forces_.count(),
          beyond,
          n,
          n};
    }
  }

  void read_table(const Numbers& files, std::int64_t c, std::int64_t rows, std::vector<char>& buffer,
                  double* values) const {
    const std::string name = files.name(c + 1);
    if (const auto problem = parse_table(folder_.read(name, buffer), rows, 3, values)) {
      throw InputError{"{}: {}{} {}", folder_.path(name), *problem, problem->ends_with('.') ? "" : ".", advice(c + 1)};
    }
  }

  void load(std::int64_t begin, std::int64_t end, const Labels& labels) const override {
    std::vector<char> buffer(1 << 16);
    const std::int64_t n = end - begin, n_numbers = 3 * n_atoms();
    for (std::int64_t c = 0; c < n; ++c) {
      labels.energies[c] = energies_[begin + c] * units_.rydberg;
      read_table(displacements_, begin + c, n_atoms(), buffer, labels.displacements + c * n_numbers);
      read_table(forces_, begin + c, n_atoms(), buffer, labels.forces + c * n_numbers);
      if (labels.stresses) read_table(pressures_, begin + c, 3, buffer, labels.stresses + 9 * c);
    }
    for (std::int64_t i = 0; i < n * n_numbers; ++i) labels.displacements[i] *= units_.bohr;
    for (std::int64_t i = 0; i < n * n_numbers; ++i) labels.forces[i] *= units_.rydberg_per_bohr();
    if (!labels.stresses) return;
    for (std::int64_t i = 0; i < 9 * n; ++i) labels.stresses[i] *= -units_.rydberg_per_bohr3();  // stored: pressure
  }

  UnitSet units_;
  Folder folder_;
  Numbers displacements_, forces_, pressures_;
  std::vector<double> energies_;  // Ry
};

void write_text_ensemble(const Ensemble& ensemble, const Supercell& reference, const std::string& path, int population,
                         const UnitSet& units) {
  const std::string energies_path =
      (fs::path(path) / fmt::format("energies_supercell_population{}.dat", population)).string();
  make_parent_folder(energies_path);
  const std::string mark = fmt::format("_population{}_", population);
  for (const auto& file : fs::directory_iterator(path)) {
    const std::string name = file.path().filename().string();
    if (name.ends_with(".dat") && name.find(mark) != std::string::npos)
      refuse_existing_population(path, name, population);
  }
  if (fs::exists(energies_path)) refuse_existing_population(path, energies_path, population);
  std::string energies;
  const std::int64_t n_atoms = reference.n_atoms();
  for_pieces(ensemble, reference, [&](const EnsemblePiece& piece, const Configurations&) {
    parallel_for(piece.size, [&](std::int64_t c) {
      const auto write = [&](const char* what, const double* values, std::int64_t rows, double unit) {
        std::string text;
        append_rows(text, values, rows, unit);
        AtomicFile file{(fs::path(path) / fmt::format("{}{}{}.dat", what, mark, piece.begin + c + 1)).string()};
        file.write(text);
        file.commit(false);
      };
      write("u", piece.displacements + c * n_atoms * 3, n_atoms, units.bohr);
      write("forces", piece.forces + c * n_atoms * 3, n_atoms, units.rydberg_per_bohr());
      if (piece.stresses) write("pressures", piece.stresses + c * 9, 3, -units.rydberg_per_bohr3());
    });
    for (std::int64_t c = 0; c < piece.size; ++c) {
      append_number(energies, piece.energies[c] / units.rydberg);
      energies += '\n';
    }
  });
  sync_folder(path);
  write_file(energies_path, energies);
}

bool is_text_ensemble(const EnsembleSource& source) {
  const fs::path folder = source.path;
  return fs::exists(folder / energies_name(source.population)) ||
         fs::exists(folder / fmt::format("u_population{}_1.dat", source.population)) ||
         fs::exists(folder / fmt::format("forces_population{}_1.dat", source.population));
}

std::unique_ptr<Ensemble> open_text_ensemble(const EnsembleSource& source, const Supercell& reference,
                                             const UnitSet& units) {
  return std::make_unique<TextEnsemble>(source, reference, units);
}

}  // namespace

void write_text_configurations(const at::Tensor& displacements, std::int64_t first, const Supercell& reference,
                               const std::string& path, int population, const UnitSet& units) {
  const Crystal crystal = reference.crystal();
  const std::int64_t n_atoms = reference.n_atoms();
  const at::Tensor u = displacements.contiguous();
  std::string cell = "CELL_PARAMETERS angstrom\n";
  append_rows(cell, Eigen::Matrix<double, 3, 3, Eigen::RowMajor>(crystal.cell).data(), 3, 1);
  parallel_for(u.size(0), [&](std::int64_t c) {
    const double* const values = u.const_data_ptr<double>() + c * n_atoms * 3;
    const auto write = [&](const char* what, const std::string& text) {
      AtomicFile file{
          (fs::path(path) / fmt::format("{}_population{}_{}.dat", what, population, first + c + 1)).string()};
      file.write(text);
      file.commit(false);
    };
    std::string rows;
    append_rows(rows, values, n_atoms, units.bohr);
    write("u", rows);
    std::string structure = cell + "\nATOMIC_POSITIONS angstrom\n";
    for (std::int64_t atom = 0; atom < n_atoms; ++atom) {
      structure += crystal.species[atom];
      for (int k = 0; k < 3; ++k) append_number(structure += ' ', values[3 * atom + k] + crystal.positions(atom, k));
      structure += '\n';
    }
    write("scf", structure);
  });
}

EnsembleFormat text_ensemble_format() {
  return {.name = "text",
          .looked_for = "energies_supercell_population{}.dat (text)",
          .recognises = is_text_ensemble,
          .open = open_text_ensemble,
          .write = [](const Ensemble& ensemble, const Supercell& reference, const std::string& path,
                      const EnsembleMetadata& metadata, const UnitSet& units) {
            write_text_ensemble(ensemble, reference, path, metadata.population, units);
          }};
}

}  // namespace zeropoint
