#include "tools/commands/dispersion_settings.hpp"

#include <map>
#include <sstream>

#include "core/error.hpp"
#include "phonons/matrix_file.hpp"
#include "tools/commands/shared_keys.hpp"

namespace zeropoint {
namespace {

std::map<std::string, Eigen::Vector3d> own_points(const std::vector<std::string>& texts) {
  std::map<std::string, Eigen::Vector3d> points;
  for (const std::string& text : texts) {
    const std::size_t equal = text.find('=');
    std::istringstream name(text.substr(0, equal)), numbers(equal == std::string::npos ? "" : text.substr(equal + 1));
    std::string label, more;
    Eigen::Vector3d q;
    if (!(name >> label) || !(numbers >> q[0] >> q[1] >> q[2]) || numbers >> more) {
      throw ConfigError{"dispersion.points: '{}' is no point: write it as \"Q = 0.1 0.2 0.3\"", text};
    }
    points[label] = q;
  }
  return points;
}

void declare_matrices(Schema& schema, DispersionSettings& settings) {
  Section& dyn = schema.section("dyn", "the matrices");
  dyn.key("path", &settings.dyn,
          "prefix of dyn files, force constants of q2r.x, phonopy.yaml or its folder; or the folder or result.h5 of a "
          "`minimize` or `hessian` run")
      .required("\"harmonic/dyn\"")
      .paths();
  dyn.key("compare", &settings.compare, "others of the same kinds, drawn dashed and grey").paths();
  dyn.key("overlay", &settings.overlay, "others of the same kinds, drawn as lines with their errors").paths();
  dyn.key("labels", &settings.labels,
          "in figures: of path, then compare, then overlay, \"SSCHA at 300 K\"; from file names")
      .check([&settings]() -> std::string {
        const std::size_t n = 1 + settings.compare.size() + settings.overlay.size();
        if (settings.labels.empty() || settings.labels.size() == n) return "";
        return fmt::format("{} labels for {} sets of bands: one each is needed, of path, compare and overlay",
                           settings.labels.size(), n);
      });
  Section& support = schema.section("dyn.support", "interpolate the difference to these matrices of the same crystal");
  support.key("coarse", &settings.coarse, "on the grid of dyn.path").paths();
  support.key("fine", &settings.fine, "on a finer grid").paths();
  schema.rule({"dyn.support.coarse", "dyn.support.fine"}, [&settings]() -> std::string {
    if (settings.coarse.empty() == settings.fine.empty()) return "";
    return fmt::format("dyn.support: {} is missing: the support is needed on both grids",
                       settings.coarse.empty() ? "coarse" : "fine");
  });
}

}  // namespace

void declare(Schema& schema, DispersionSettings& settings) {
  declare_matrices(schema, settings);
  Section& dispersion = schema.section("dispersion", "");
  dispersion.key("grid", &settings.grid, "matrices are written on this one").at_least(1).check([&settings] {
    return problem_of_divisions(settings.grid);
  });
  dispersion.key("path", &settings.path, "or \"G-X-W-G | X-L\", labels after Hinuma et al. 2017 or of points");
  dispersion.key("points", &settings.points, "own points of the path, \"Q = 0.1 0.2 0.3\" (crystal coordinates)");
  dispersion.key("spacing", &settings.spacing, "1/angstrom, between points of the path").above(0);
  dispersion.choice("unit", &settings.unit, {"cm-1", "THz", "meV"}, "of frequencies in figures");
  using phonons::SumRule;
  dispersion.choice("sum_rule", settings.sum_rule,
                    {{"crystal", SumRule::crystal},
                     {"simple", SumRule::simple},
                     {"rotations", SumRule::rotations},
                     {"all", SumRule::all},
                     {"none", SumRule::none}},
                    "acoustic; rotations: also of the whole crystal; all: and no stress (Huang), for sheets and wires");
  dispersion.key(
      "qe_skip_unit_direction", &settings.skip_unit_direction,
      "no dipole sum along axes with one division, as matdyn.x does; wrong for a bulk crystal, to compare with it");
  schema.section("symmetry", "")
      .quantity("tolerance", &settings.symmetry.tolerance, "angstrom", "to find the zone")
      .above(0);

  Section& dos = schema.section("dos", "density of states by tetrahedra, and thermodynamics");
  dos.key("grid", &settings.mesh, "through Gamma, where no direction is taken").at_least(1).check([&settings] {
    return problem_of_divisions(settings.mesh);
  });
  dos.quantity("step", &settings.step, "cm-1", "between frequencies").above(0);
  dos.quantity("smearing", &settings.smearing, "cm-1",
               "standard deviation of Gaussians instead of tetrahedra; 0: tetrahedra")
      .at_least(0);

  for (int t = 0; t <= 1000; t += 50) settings.temperatures.push_back(t);
  Section& thermodynamics = schema.section("thermodynamics", "harmonic, from the same mesh");
  thermodynamics.quantity("temperature", &settings.temperatures, "K", "").at_least(0);
  thermodynamics.key("skip_imaginary", &settings.skip_imaginary, "go on without modes that have no positive frequency");
  thermodynamics.quantity("structure_temperature", &settings.structure_temperature, "K",
                          "of U_ij in structure.cif; default: that of the SSCHA run, or 300 K");

  schema.section("export", "")
      .choice("formats", &settings.formats, phonons::writable_matrix_formats(), "of the matrices on dispersion.grid");
}

phonons::BandPath path_of(const DispersionSettings& settings, const Crystal& crystal) {
  const phonons::BandPath standard = phonons::standard_path(crystal, settings.symmetry.tolerance);
  if (settings.path == "auto") return standard;
  try {
    return phonons::path_of_text(settings.path, standard, own_points(settings.points));
  } catch (const InputError& error) {
    throw ConfigError{"dispersion.path: {}", error.what()};
  }
}

}  // namespace zeropoint
