#include "tools/figures/figures.hpp"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <sstream>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "tools/program/console.hpp"

namespace zeropoint::figures {
namespace {

namespace fs = std::filesystem;

// Okabe and Ito's colours: told apart with any kind of colour vision.
constexpr std::array colours{"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"};

// Of curves for comparison.
constexpr std::array greys{"#808080", "#b0b0b0", "#585858"};

/// Colour of curve `i`: those for comparison are grey and take none of the others' colours.
const char* colour(const Panel& panel, std::size_t i) {
  const bool dashed = panel.curves[i].dashed;
  const auto before = static_cast<std::size_t>(
      std::count_if(panel.curves.begin(), panel.curves.begin() + static_cast<std::ptrdiff_t>(i),
                    [&](const Curve& curve) { return curve.dashed == dashed; }));
  return dashed ? greys[before % greys.size()] : colours[before % colours.size()];
}

/// Text inside gnuplot's double quotes, where enhanced mode gives _, ^, {, }, @, & and ~ a meaning.
std::string plain(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '"') {
      result += "\\\"";
      continue;
    }
    if (c == '_' || c == '^' || c == '{' || c == '}' || c == '@' || c == '&' || c == '~' || c == '\\') result += "\\\\";
    result += c;
  }
  return result;
}

std::string data_text(const Figure& figure) {
  std::string text = fmt::format("# {}\n", figure.title);
  int block = 0;
  for (const Panel& panel : figure.panels) {
    for (const Curve& curve : panel.curves) {
      if (block > 0) text += "\n\n";
      text +=
          fmt::format("# index {}: {}\n# {:>18} {:>20}{}\n", block++, curve.label.empty() ? panel.y_label : curve.label,
                      panel.x_label.empty() ? "x" : panel.x_label, panel.y_label,
                      !curve.sizes.empty()  ? "                 size"
                      : curve.error.empty() ? ""
                                            : "       standard error");
      bool empty = true;
      auto next_break = curve.breaks.begin();
      for (std::size_t i = 0; i < curve.x.size(); ++i) {
        if (next_break != curve.breaks.end() && *next_break == i) {
          text += "\n";
          ++next_break;
        }
        if (!std::isfinite(curve.y.at(i)) || (panel.logarithmic && curve.y[i] <= 0)) continue;
        text += fmt::format("{:>20.12g} {:>20.12g}", curve.x[i], curve.y[i]);
        if (!curve.error.empty()) text += fmt::format(" {:>20.12g}", curve.error.at(i));
        if (!curve.sizes.empty()) text += fmt::format(" {:>20.12g}", curve.sizes.at(i));
        text += "\n";
        empty = false;
      }
      if (empty) text += "NaN NaN NaN\n";
    }
  }
  return text;
}

struct Extent {
  double low = std::numeric_limits<double>::max(), high = std::numeric_limits<double>::lowest();
  void include(double value) {
    if (std::isfinite(value)) low = std::min(low, value), high = std::max(high, value);
  }
};

Extent both_axes(const Panel& panel) {
  Extent extent;
  for (const Curve& curve : panel.curves) {
    for (const double x : curve.x) extent.include(x);
    for (const double y : curve.y) extent.include(y);
  }
  const double margin = 0.04 * std::max(extent.high - extent.low, 1e-12);
  return {extent.low - margin, extent.high + margin};
}

/// Of all curves with their errors.
Extent y_axis(const Panel& panel) {
  Extent extent;
  for (const Curve& curve : panel.curves) {
    for (std::size_t i = 0; i < curve.y.size(); ++i) {
      const double error = curve.error.empty() ? 0 : curve.error[i];
      extent.include(curve.y[i] - error);
      extent.include(curve.y[i] + error);
    }
  }
  return extent;
}

std::string axes_text(const Panel& panel, int panel_width) {
  std::string text = fmt::format("set xlabel \"{}\"\nset ylabel \"{}\"\n", plain(panel.x_label), plain(panel.y_label));
  text += panel.logarithmic ? "set logscale y\nset format y \"10^{%T}\"\n" : "unset logscale\nset format y \"%g\"\n";
  text +=
      "unset label\nunset arrow\nunset object\nset xrange [*:*]\nset yrange [*:*]\nset size noratio\nset xtics "
      "norotate autofreq\n";
  if (!panel.x_names.empty()) {
    // A name is about 90 pixels wide.
    text += panel_width > 110 * static_cast<int>(panel.x_names.size()) ? "set xtics norotate ("
                                                                       : "set xtics rotate by -45 (";
    for (std::size_t i = 0; i < panel.x_names.size(); ++i) {
      text += fmt::format("{}\"{}\" {}", i == 0 ? "" : ", ", plain(panel.x_names[i]), i);
    }
    text += fmt::format(")\nset xrange [-0.6:{}]\n", static_cast<double>(panel.x_names.size()) - 0.4);
  }
  if (!panel.x_ticks.empty()) {
    text += "set xtics norotate (";
    for (std::size_t i = 0; i < panel.x_ticks.size(); ++i) {
      text += fmt::format("{}\"{}\" {}", i == 0 ? "" : ", ", plain(panel.x_ticks[i].label), panel.x_ticks[i].x);
    }
    text += fmt::format(")\nset xrange [{}:{}]\nset offsets 0, 0, graph 0.03, graph 0.03\n", panel.x_ticks.front().x,
                        panel.x_ticks.back().x);
    for (const Tick& tick : panel.x_ticks) {
      text += fmt::format("set arrow from {0}, graph 0 to {0}, graph 1 nohead lc rgb \"#b0b0b0\" lw 1 back\n", tick.x);
    }
  } else if (panel.whole_x) {
    Extent extent;
    for (const Curve& curve : panel.curves) {
      for (const double x : curve.x) extent.include(x);
    }
    const double last = std::max(extent.high, extent.low + 1);
    text += fmt::format("set xrange [{}:{}]\nset offsets 0, 0, graph 0.03, graph 0.03\n", extent.low, last);
    if (last - extent.low < 10) text += "set xtics 1\n";
  } else {
    text += "set offsets graph 0.01, graph 0.01, graph 0.03, graph 0.03\n";
  }
  if (panel.from_zero) text += "set yrange [0:*]\nset offsets 0, 0, graph 0.03, 0\n";
  if (panel.diagonal) {
    const Extent extent = both_axes(panel);
    text += fmt::format("set xrange [{0}:{1}]\nset yrange [{0}:{1}]\nset size ratio 1\n", extent.low, extent.high);
  }
  if (const Extent extent = y_axis(panel); panel.imaginary_below_zero && extent.low < -1e-3 * extent.high) {
    text +=
        "set object 1 rectangle from graph 0, graph 0 to graph 1, first 0 fc rgb \"#f0f0f0\" fs solid noborder behind\n"
        "set arrow from graph 0, first 0 to graph 1, first 0 nohead lc rgb \"#909090\" lw 1 back\n"
        "set label 2 \"imaginary\" at graph 0.015, first 0 offset 0, -0.7 font \",10\" textcolor rgb \"#606060\" "
        "front\n";
  }
  if (!panel.note.empty()) {
    text += fmt::format("set label 1 \"{}\" at graph 0.04, graph 0.94 front\n", plain(panel.note));
  }
  return text;
}

/// The elements of gnuplot's `plot` command for one curve.
std::vector<std::string> curve_text(const Panel& panel, std::size_t i, int block) {
  const Curve& curve = panel.curves[i];
  const std::string data = fmt::format("data index {}", block);
  const std::string title = curve.label.empty() ? "notitle" : fmt::format("title \"{}\"", plain(curve.label));
  const bool errors = !curve.error.empty();
  std::vector<std::string> parts;
  switch (panel.style) {
    case Style::band:
      if (!curve.sizes.empty()) {
        parts.push_back(fmt::format("{} using 1:2:3 with points lc rgb \"#80{}\" pt 7 ps variable {}", data,
                                    std::string{colour(panel, i)}.substr(1), title));
        break;
      }
      if (errors) {
        // A band reaches down to a tenth of the line on logarithmic axes, not to negative values.
        const char* low = panel.logarithmic ? "($2-$3 > 0.1*$2 ? $2-$3 : 0.1*$2)" : "($2-$3)";
        parts.push_back(fmt::format(
            "{} using 1:{}:($2+$3) with filledcurves fc rgb \"{}\" fs transparent solid 0.20 noborder notitle", data,
            low, colour(panel, i)));
      }
      if (curve.filled) {
        parts.push_back(
            fmt::format("{} using 1:2 with filledcurves {}=0 fc rgb \"{}\" fs transparent solid 0.25 noborder {}", data,
                        panel.y_label.empty() ? "x1" : "y1", colour(panel, i), title));
        parts.push_back(fmt::format("{} using 1:2 with lines lc rgb \"{}\" lw 1 notitle", data, colour(panel, i)));
        break;
      }
      if (curve.dashed) {
        parts.push_back(
            fmt::format("{} using 1:2 with lines lc rgb \"{}\" lw 1 dt 2 {}", data, colour(panel, i), title));
        break;
      }
      parts.push_back(fmt::format("{} using 1:2 with {} lc rgb \"{}\" lw 2 pt 7 ps 0.35 {}", data,
                                  curve.x.size() <= 60 ? "linespoints" : "lines", colour(panel, i), title));
      break;
    case Style::points:
      parts.push_back(fmt::format("{} using 1:2{} with {} lc rgb \"{}\" lw 1.5 pt 7 ps 0.6 {}", data,
                                  errors ? ":3" : "", errors ? "yerrorbars" : "points", colour(panel, i), title));
      break;
    case Style::dots:
      parts.push_back(fmt::format("{} using 1:2 with points lc rgb \"#60{}\" pt 7 ps 0.35 {}", data,
                                  std::string{colour(panel, i)}.substr(1), title));
      break;
    case Style::levels: {
      const auto n = static_cast<double>(panel.curves.size());
      const double width = 0.8 / n, left = -0.4 + static_cast<double>(i) * width;
      if (errors) {
        parts.push_back(fmt::format("{} using ($1+{:.4f}):2:3 with yerrorbars lc rgb \"{}\" lw 1 pt 0 ps 0 notitle",
                                    data, left + 0.46 * width, colour(panel, i)));
      }
      parts.push_back(fmt::format("{} using ($1+{:.4f}):2:({:.4f}):(0) with vectors nohead lc rgb \"{}\" lw 2 {}", data,
                                  left, 0.92 * width, colour(panel, i), title));
      break;
    }
  }
  return parts;
}

/// A round distance of numbers on an axis from zero to `highest` that leaves two or three.
double step_of_numbers(double highest) {
  const double decade = std::pow(10, std::floor(std::log10(std::max(highest, 1e-300) / 2)));
  for (const double factor : {5, 2}) {
    if (2 * factor * decade <= highest) return factor * decade;
  }
  return decade;
}

/// Places panel `i` in a row of panels with one y axis.
std::string shared_text(const Figure& figure, std::size_t i) {
  constexpr double left = 76, right = 16, between = 12, top = 34, bottom = 56;  // pixels
  Extent extent;
  double before = 0, total = 0;
  for (std::size_t k = 0; k < figure.panels.size(); ++k) {
    const Extent own = y_axis(figure.panels[k]);
    extent.include(own.low);
    extent.include(own.high);
    if (k < i) before += figure.panels[k].width;
    total += figure.panels[k].width;
  }
  const double n = static_cast<double>(figure.panels.size()), pixels = total * figure.panel_width;
  const double free = pixels - left - right - (n - 1) * between, height = figure.panel_height;
  const double begin = left + static_cast<double>(i) * between + before / total * free,
               end = begin + figure.panels[i].width / total * free;
  const double margin = 0.03 * std::max(extent.high - extent.low, 1e-12);
  std::string text = fmt::format(
      "set lmargin at screen {:.5f}\nset rmargin at screen {:.5f}\nset tmargin at screen {:.5f}\nset bmargin at screen "
      "{:.5f}\n",
      begin / pixels, end / pixels, 1 - top / height, bottom / height);
  text += fmt::format("set offsets 0, 0, 0, 0\nset yrange [{:.10g}:{:.10g}]\n",
                      extent.low - (extent.low < 0 ? margin : 0), extent.high + margin);
  // A quantity beside the axis that counts: from zero, few numbers.
  Extent across;
  for (const Curve& curve : figure.panels[i].curves) {
    for (const double x : curve.x) across.include(x);
  }
  const bool counted = figure.panels[i].x_ticks.empty();
  text += counted ? fmt::format("set xrange [0:{0:.6g}]\nset format x \"%g\"\nset xtics norotate {1:.6g}, {1:.6g}\n",
                                1.05 * across.high, step_of_numbers(across.high))
                  : "set format x \"%g\"\n";
  text += "set xlabel offset 0, 0.4\n";
  if (i > 0) text += "set ylabel \"\"\nset format y \"\"\n";
  return text;
}

std::string script_text(const Figure& figure) {
  const auto n = static_cast<int>(figure.panels.size());
  const int columns = figure.shared_y ? n : std::max(1, std::min(figure.columns, n)),
            rows = (n + columns - 1) / columns;
  const bool has_title = !figure.title.empty();
  double width = columns * figure.panel_width;
  if (figure.shared_y) {
    width = 0;
    for (const Panel& panel : figure.panels) width += panel.width * figure.panel_width;
  }
  std::string text = fmt::format(
      "# Draw again with: gnuplot {0}.gp\n"
      "set terminal svg size {1:.0f},{2} enhanced font \"DejaVu Sans,12\" background rgb \"white\"\n"
      "set output \"{0}.svg\"\n"
      "set encoding utf8\n"
      "data = \"{0}.dat\"\n"
      "set border 3 lc rgb \"#404040\"\n"
      "set tics nomirror out scale 0.6 textcolor rgb \"#404040\"\n"
      "set grid y lc rgb \"#e4e4e4\" lw 1\n"
      "set key above horizontal samplen 1.2 spacing 1.1 font \",10\"\n"
      "set multiplot layout {3},{4}{5}\n",
      figure.name, width, rows * figure.panel_height + (has_title ? 30 : 0), rows, columns,
      has_title ? fmt::format(" title \"{}\" font \",14\"", plain(figure.title)) : "");
  int block = 0;
  for (std::size_t p = 0; p < figure.panels.size(); ++p) {
    const Panel& panel = figure.panels[p];
    std::vector<std::string> parts;
    if (panel.diagonal) parts.emplace_back("x with lines lc rgb \"#909090\" dt 2 notitle");
    for (std::size_t i = 0; i < panel.curves.size(); ++i) {
      for (std::string& part : curve_text(panel, i, block)) parts.push_back(std::move(part));
      ++block;
    }
    if (panel.reference) {
      parts.push_back(fmt::format("{} with lines lc rgb \"#606060\" dt 2 title \"{}\"", *panel.reference,
                                  plain(panel.reference_label)));
    }
    text += fmt::format("\n{}{}plot {}\n", axes_text(panel, figure.panel_width),
                        figure.shared_y ? shared_text(figure, p) : "", fmt::join(parts, ", \\\n     "));
  }
  return text + "\nunset multiplot\n";
}

std::string program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders{path ? path : ""};
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string file = folder + "/" + name;
    if (access(file.c_str(), X_OK) == 0) return file;
  }
  return "";
}

}  // namespace

bool can_draw() { return !program("gnuplot").empty(); }

bool draw(const Figure& figure, const std::string& folder) {
  const fs::path base = fs::path{folder} / figure.name;
  write_file(base.string() + ".dat", data_text(figure));
  write_file(base.string() + ".gp", script_text(figure));
  const std::string gnuplot = program("gnuplot");
  if (gnuplot.empty()) return false;

  // The script names its files without folder, so that the user can run it there, too.
  const std::string command = "cd \"$1\" && exec \"$2\" \"$3\" 2> \"$3.log\"";
  const std::string script = figure.name + ".gp";
  std::array<char*, 8> arguments{const_cast<char*>("sh"),
                                 const_cast<char*>("-c"),
                                 const_cast<char*>(command.c_str()),
                                 const_cast<char*>("sh"),
                                 const_cast<char*>(folder.c_str()),
                                 const_cast<char*>(gnuplot.c_str()),
                                 const_cast<char*>(script.c_str()),
                                 nullptr};
  pid_t child = 0;
  int status = 0;
  if (posix_spawn(&child, "/bin/sh", nullptr, nullptr, arguments.data(), environ) != 0 ||
      waitpid(child, &status, 0) < 0) {
    throw IoError{"gnuplot cannot be started from {}", gnuplot};
  }
  const std::string log = base.string() + ".gp.log";
  if (status != 0) throw IoError{"gnuplot failed on {}.gp: {}", base.string(), read_file(log)};
  fs::remove(log);
  return true;
}

void draw(const std::vector<Figure>& figures, const std::string& folder, Console& console) {
  if (!can_draw()) console.warn("gnuplot is not installed: figures/ holds data and scripts without drawings");
  for (const Figure& figure : figures) draw(figure, folder);
}

}  // namespace zeropoint::figures
