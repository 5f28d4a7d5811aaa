#include "sscha/loop_state_file.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <map>
#include <type_traits>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "phonons/hdf5_matrices.hpp"

namespace zeropoint::sscha {
namespace {

constexpr const char* filetype = "zeropoint sscha state";
constexpr int version = 2;
constexpr std::array reasons{"converged", "kong_liu", "max_steps", "stalled"};  // in the order of StopReason

// The lists that writer and reader share: visit(name, units, number or array).

template <class Visit>
void visit_step(StepReport& step, Visit visit) {
  visit("step", "", step.step);
  visit("n_gradients", "", step.n_gradients);
  visit("free_energy", "eV", step.free_energy.value);
  visit("free_energy_error", "eV", step.free_energy.standard_error);
  visit("free_energy_error_by_configuration", "eV", step.free_energy_error_by_configuration);
  visit("gradient", "eV/angstrom^2", step.gradient);
  visit("gradient_error", "eV/angstrom^2", step.gradient_error);
  visit("centroid_gradient", "angstrom", step.centroid_gradient);
  visit("centroid_error", "angstrom", step.centroid_error);
  visit("effective_size", "", step.effective_size);
  visit("kong_liu_ratio", "", step.kong_liu_ratio);
  visit("step_length", "", step.step_length);
  visit("frequencies", "cm^-1", step.frequencies);
}

template <class Visit>
void visit_stress(Stress& stress, Visit visit) {
  visit("value", "eV/angstrom^3", stress.value);
  visit("standard_error", "eV/angstrom^3", stress.standard_error);
  visit("error_by_configuration", "eV/angstrom^3", stress.error_by_configuration);
  visit("static_part", "eV/angstrom^3", stress.static_part);
  visit("pressure", "eV/angstrom^3", stress.pressure.value);
  visit("pressure_error", "eV/angstrom^3", stress.pressure.standard_error);
}

template <class Visit>
void visit_extrapolation(Extrapolation& extrapolation, Visit visit) {
  visit("n", "", extrapolation.n);
  visit("weight", "", extrapolation.weight);
  visit("largest", "eV/angstrom", extrapolation.largest);
}

/// What is neither a step nor optional.
template <class Visit>
void visit_rest(PopulationReport& report, Visit visit) {
  visit("number", "", report.number);
  visit("is_final", "", report.is_final);
  visit("size", "", report.size);
  visit("volume", "angstrom^3", report.volume);
  visit("cell_deviation", "", report.cell_deviation);
  visit("needs_no_step", "", report.needs_no_step);
}

/// Arrays [n_populations, ...] that grow by a row for each report.
class HistoryWriter {
 public:
  /// Those of `group`; `there`: false for a report that has no such thing, a row of NaN.
  auto in(const std::string& group, bool there = true) {
    return [this, group, there](const char* name, const char* units, const auto& field) {
      Column& column = columns_[group + "/" + name];
      column.units = units;
      column.shape.clear();
      const std::size_t before = column.numbers.size();
      append(field, column);
      if (!there) std::fill(column.numbers.begin() + before, column.numbers.end(), std::nan(""));
      ++column.n_rows;
    };
  }
  void write(Hdf5File& file) {
    for (auto& [name, column] : columns_) {
      column.shape.insert(column.shape.begin(), column.n_rows);
      at::Tensor values = at::empty(column.shape, at::kDouble);
      if (values.numel() != std::ssize(column.numbers))
        throw InternalError{"{} of the populations differs in size", name};
      std::copy(column.numbers.begin(), column.numbers.end(), values.mutable_data_ptr<double>());
      file.write(name, values, column.units, column.axes);
    }
  }

 private:
  struct Column {
    std::string units, axes = "population";
    std::vector<std::int64_t> shape;  // of a row
    std::vector<double> numbers;
    std::int64_t n_rows = 0;
  };
  template <class Number>
  static void append(const Number& number, Column& column) {
    column.numbers.push_back(static_cast<double>(number));
  }
  static void append(const Eigen::Matrix3d& matrix, Column& column) {
    column.shape = {3, 3};
    column.axes = "population,xyz,xyz";
    for (int i = 0; i < 3; ++i) column.numbers.insert(column.numbers.end(), matrix.row(i).begin(), matrix.row(i).end());
  }
  static void append(const std::vector<std::vector<double>>& rows, Column& column) {
    column.shape = {std::ssize(rows), std::ssize(rows.at(0))};
    column.axes = "population,q,mode";
    for (const auto& row : rows) column.numbers.insert(column.numbers.end(), row.begin(), row.end());
  }

  std::map<std::string, Column> columns_;
};

/// The same arrays, one row after another.
class HistoryReader {
 public:
  explicit HistoryReader(const Hdf5File& file) : file_(file) {}

  std::int64_t n_rows() const { return file_.shape("history/number").at(0); }
  void go_to(std::int64_t row) { row_ = row; }
  auto in(const std::string& group) {
    return [this, group](const char* name, const char*, auto& field) { take(row_of(group + "/" + name), field); };
  }

 private:
  at::Tensor row_of(const std::string& name) {
    at::Tensor& array = arrays_[name];
    if (!array.defined()) array = file_.read(name).to(at::kDouble);
    if (array.dim() < 1 || array.size(0) != n_rows())
      throw InputError{"{}: {} does not tell of {} populations", file_.path(), name, n_rows()};
    return array[row_];
  }
  template <class Number>
  static void take(const at::Tensor& row, Number& number) {
    const double value = row.item<double>();
    if constexpr (std::is_same_v<Number, double>) {
      number = value;
    } else {
      number = std::isfinite(value) ? static_cast<Number>(value) : Number{};
    }
  }
  static void take(const at::Tensor& row, Eigen::Matrix3d& matrix) {
    matrix =
        Eigen::Map<const Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(row.reshape({3, 3}).const_data_ptr<double>());
  }
  static void take(const at::Tensor& row, std::vector<std::vector<double>>& rows) {
    for (std::int64_t i = 0; i < row.size(0); ++i) {
      const double* first = row[i].const_data_ptr<double>();
      rows.emplace_back(first, first + row.size(1));
    }
  }

  const Hdf5File& file_;
  std::int64_t row_ = 0;
  std::map<std::string, at::Tensor> arrays_;
};

Stress no_stress() {
  const Eigen::Matrix3d zero = Eigen::Matrix3d::Zero();
  return {zero, zero, zero, zero, {}};
}

void write_history(std::vector<PopulationReport> history, Hdf5File& file) {
  if (history.empty()) return;
  HistoryWriter writer;
  std::vector<std::string> stopped;
  const auto some = [&](auto member) {
    return std::ranges::any_of(history, [&](const PopulationReport& report) { return (report.*member).has_value(); });
  };
  const bool stresses = some(&PopulationReport::stress), extrapolations = some(&PopulationReport::extrapolation);
  for (PopulationReport& report : history) {
    visit_rest(report, writer.in("history"));
    visit_step(report.start, writer.in("history/start"));
    visit_step(report.end, writer.in("history/end"));
    Stress stress = report.stress.value_or(no_stress());
    if (stresses) visit_stress(stress, writer.in("history/stress", report.stress.has_value()));
    Extrapolation extrapolation = report.extrapolation.value_or(Extrapolation{});
    if (extrapolations)
      visit_extrapolation(extrapolation, writer.in("history/extrapolation", report.extrapolation.has_value()));
    stopped.emplace_back(reasons.at(static_cast<std::size_t>(report.stop_reason)));
  }
  writer.write(file);
  file.write("history/stop_reason", stopped, "population");
}

std::vector<PopulationReport> read_history(const Hdf5File& file) {
  if (!file.has("history")) return {};
  HistoryReader reader(file);
  const std::vector<std::string> stopped = file.read_strings("history/stop_reason");
  if (std::ssize(stopped) != reader.n_rows())
    throw InputError{"{}: history/stop_reason does not tell of {} populations", file.path(), reader.n_rows()};
  std::vector<PopulationReport> history;
  for (std::int64_t i = 0; i < reader.n_rows(); ++i) {
    reader.go_to(i);
    PopulationReport& report = history.emplace_back();
    visit_rest(report, reader.in("history"));
    visit_step(report.start, reader.in("history/start"));
    visit_step(report.end, reader.in("history/end"));
    const auto reason = std::ranges::find(reasons, stopped[i]);
    if (reason == reasons.end())
      throw InputError{"{}: population {} stopped for an unknown reason: {}", file.path(), i + 1, stopped[i]};
    report.stop_reason = static_cast<StopReason>(reason - reasons.begin());
    if (file.has("history/stress")) {
      Stress stress = no_stress();
      visit_stress(stress, reader.in("history/stress"));
      if (std::isfinite(stress.pressure.value)) report.stress = stress;
    }
    if (file.has("history/extrapolation")) {
      Extrapolation extrapolation;
      visit_extrapolation(extrapolation, reader.in("history/extrapolation"));
      if (std::isfinite(extrapolation.weight)) report.extrapolation = extrapolation;
    }
  }
  return history;
}

}  // namespace

void write_loop_state(const std::string& path, const LoopState& state) {
  Hdf5File file = Hdf5File::create(path, {.filetype = filetype, .version = version});
  phonons::write_matrices(state.matrices, file, "next");
  file.write_attribute("/", "settled", std::int64_t{state.settled});
  if (!state.cell_memory.empty()) {
    file.write("cell_memory",
               Eigen::Map<const Eigen::VectorXd>(state.cell_memory.data(), std::ssize(state.cell_memory)),
               "1/(eV/angstrom^3), then eV/angstrom^3 and 1", "number");
  }
  write_history(state.history, file);
  file.close();
}

std::optional<LoopState> read_loop_state(const std::string& path) {
  if (!std::filesystem::exists(path)) return {};
  const Hdf5File file = Hdf5File::open(path, filetype);
  if (const double found = file.number_attribute("/", "version").value_or(0); found != version) {
    throw advised(InputError{"{}: the state of an interrupted loop in layout {}, this program reads layout {}", path,
                             found, version},
                  "go on with the program that wrote it, or remove the file and begin anew");
  }
  LoopState state{.matrices = phonons::read_matrices(file, "next"),
                  .history = read_history(file),
                  .settled = file.number_attribute("/", "settled").value_or(0) != 0};
  if (file.has("cell_memory")) {
    const Eigen::VectorXd memory = file.read_vector("cell_memory");
    state.cell_memory.assign(memory.begin(), memory.end());
  }
  return state;
}

}  // namespace zeropoint::sscha
