#pragma once

#include <optional>
#include <string>
#include <vector>

namespace zeropoint {
class Console;
}

namespace zeropoint::figures {

/// Points of one curve; `error` is empty or one standard error a point. Points that are not finite are left out.
struct Curve {
  std::string label;  ///< in the key; empty: none
  std::vector<double> x, y, error;
  std::vector<std::size_t> breaks{};  ///< ascending places before which the line is interrupted
  bool dashed = false;                ///< thin, dashed and grey: for comparison
  std::vector<double> sizes{};        ///< points only, of these sizes (1: as in the key) and transparent
  bool filled = false;                ///< the area to the axis of zeros is shaded, below a thin line
};

/// A named place on the x axis, with a thin vertical line.
struct Tick {
  double x;
  std::string label;
};

enum class Style {
  band,    ///< a line with its errors as a band
  points,  ///< points with error bars
  dots,    ///< many points, transparent
  levels,  ///< horizontal bars, one level each, side by side for the curves of a panel
};

struct Panel {
  std::string x_label, y_label;  ///< plain text with units: "free energy (meV per cell)", "frequency (cm⁻¹)"
  Style style = Style::band;
  std::vector<Curve> curves{};
  bool logarithmic = false;           ///< the y axis
  std::optional<double> reference{};  ///< a dashed horizontal line
  std::string reference_label{};
  std::vector<std::string> x_names{};  ///< instead of the numbers 0, 1, 2 ... on the x axis
  std::vector<Tick> x_ticks{};         ///< instead of numbers on the x axis, which ends at the first and last of them
  bool whole_x = false;                ///< x counts something or begins at a bound: no ticks between, no space beside
  bool from_zero = false;              ///< the y axis begins at 0
  bool diagonal = false;               ///< equal axes and the line y = x
  std::string note{};                  ///< in the upper left corner
  bool imaginary_below_zero = false;   ///< a grey floor below zero that says so, where curves go there
  double width = 1;                    ///< in units of panel_width, where panels share their y axis
};

/// Panels of one figure, side by side in rows of `columns`; with a shared y axis in one row, close together.
struct Figure {
  std::string name;  ///< of the files
  std::string title;
  std::vector<Panel> panels{};
  int columns = 1;
  int panel_width = 420, panel_height = 300;  ///< pixels
  bool shared_y = false;  ///< one y axis, that of the first panel; x without ticks begins at 0, with few numbers
};

/// True when the program gnuplot is there.
bool can_draw();

/// Writes name.dat (curves behind one another, two empty lines between, as gnuplot's `index` wants) and name.gp in
/// `folder`, and runs gnuplot there to make name.svg when it is installed. Returns true when there is a drawing.
/// @throws IoError when files cannot be written or gnuplot fails.
bool draw(const Figure& figure, const std::string& folder);
/// Draws all of them; says so where gnuplot is missing.
void draw(const std::vector<Figure>& figures, const std::string& folder, Console& console);

}  // namespace zeropoint::figures
