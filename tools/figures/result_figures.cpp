#include "tools/figures/result_figures.hpp"

#include <algorithm>
#include <string_view>

#include "core/error.hpp"
#include "phonons/dispersion_file.hpp"
#include "phonons/harmonic_file.hpp"
#include "phonons/relaxation_file.hpp"
#include "sscha/hessian_file.hpp"
#include "sscha/solution_file.hpp"
#include "tools/commands/a2f_result.hpp"
#include "tools/commands/file_kind.hpp"
#include "tools/commands/model_report.hpp"
#include "tools/commands/tc_result.hpp"
#include "tools/figures/a2f_figures.hpp"
#include "tools/figures/dispersion_figures.hpp"
#include "tools/figures/hessian_figures.hpp"
#include "tools/figures/solution_figures.hpp"
#include "tools/figures/static_figures.hpp"
#include "tools/program/command.hpp"

namespace zeropoint {
namespace {

struct Drawer {
  std::string_view filetype;
  std::vector<figures::Figure> (*figures_of)(const std::string& path);
};
constexpr Drawer drawers[] = {
    {sscha::solution_filetype, figures_of_minimize},
    {sscha::hessian_filetype, figures_of_hessian},
    {phonons::relaxation_filetype, figures_of_relax},
    {phonons::harmonic_filetype, figures_of_phonons},
    {phonons::dispersion_filetype, figures_of_dispersion},
    {a2f_filetype, figures_of_a2f},
    {tc_filetype, figures_of_tc},
    {"zeropoint train", figures_of_model},
    {"zeropoint evaluate", figures_of_model},
};

}  // namespace

std::vector<figures::Figure> figures_of_result(const std::string& path) {
  const std::string type = filetype(path);
  const auto drawer = std::ranges::find(drawers, type, &Drawer::filetype);
  if (drawer == std::end(drawers))
    throw InputError{"{}: filetype '{}' has no figures; give the result.h5 of a run", path, type};
  return drawer->figures_of(path);
}

void draw_result(const std::string& folder, const Run& context) {
  if (context.shared.figures)
    figures::draw(figures_of_result(folder + "/result.h5"), folder + "/figures", context.console);
}

}  // namespace zeropoint
