#include <filesystem>

#include "core/error.hpp"
#include "core/nearest_name.hpp"
#include "sscha/result_folder.hpp"
#include "tools/figures/result_figures.hpp"
#include "tools/program/command.hpp"
#include "tools/program/exit_code.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

/// A file as it is; of a folder its result.h5.
std::string result_of(const std::string& path) {
  const sscha::ResultFolder found = sscha::find_result(path);
  if (fs::exists(path) && !fs::is_directory(path)) return path;
  require_one_condition(found);
  return fs::is_directory(path) ? found.result() : path;
}

int plot(const Arguments& arguments, Console& console) {
  if (arguments.files.empty() || arguments.files.size() > 2) {
    throw ConfigError{"plot: a result.h5 is needed and perhaps the name of one figure"};
  }
  const fs::path file = result_of(arguments.files[0]);
  std::vector<figures::Figure> all = figures_of_result(file.string());
  if (arguments.files.size() == 2) {
    std::vector<std::string> names;
    for (const figures::Figure& figure : all) names.push_back(figure.name);
    const std::string& wanted = arguments.files[1];
    std::erase_if(all, [&](const figures::Figure& figure) { return figure.name != wanted; });
    if (all.empty()) {
      throw ConfigError{"plot: there is no figure '{}'{} Figures: {}", wanted, suggestion(wanted, names),
                        fmt::join(names, ", ")};
    }
  }
  const std::string output = arguments.option("output");
  const std::string folder = !output.empty() ? output : (file.parent_path() / "figures").string();
  for (const figures::Figure& figure : all) {
    const bool drawn = figures::draw(figure, folder);
    console.say("{}/{}.{}", folder, figure.name, drawn ? "svg" : "gp");
  }
  if (!figures::can_draw()) console.warn("gnuplot is not installed: there are data and scripts, but no drawings");
  return exit_code::done;
}

}  // namespace

Command plot_command() {
  return {
      .name = "plot",
      .summary = "draws the figures of a result again",
      .arguments = "RESULT.h5 [FIGURE]",
      .description =
          "Writes FIGURE.dat, FIGURE.gp and, where gnuplot is installed, FIGURE.svg: edit the script and run it again.",
      .example = "  zeropoint plot minimize/result.h5 convergence",
      .options = {{"output", "DIR", "folder of the figures; default: figures beside the result"}},
      .prepare = {},
      .run = plot,
  };
}

}  // namespace zeropoint
