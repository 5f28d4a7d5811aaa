#include "tools/commands/a2f_settings.hpp"

#include <utility>

#include "core/error.hpp"

namespace zeropoint {
namespace {

using superconductivity::GammaPolicy;
using superconductivity::ImaginaryPolicy;

const std::vector<std::pair<std::string, GammaPolicy>>& gamma_names() {
  static const std::vector<std::pair<std::string, GammaPolicy>> names{
      {"optical", GammaPolicy::optical}, {"qe", GammaPolicy::qe}, {"skip", GammaPolicy::skip}};
  return names;
}

const std::vector<std::pair<std::string, ImaginaryPolicy>>& imaginary_names() {
  static const std::vector<std::pair<std::string, ImaginaryPolicy>> names{
      {"error", ImaginaryPolicy::error}, {"skip", ImaginaryPolicy::skip}, {"abs", ImaginaryPolicy::abs}};
  return names;
}

template <class Names, class Value>
std::string name_in(const Names& names, Value value) {
  for (const auto& [name, other] : names) {
    if (other == value) return name;
  }
  throw InternalError{"a policy without a name"};
}

void declare_inputs(Schema& schema, A2fSettings& settings) {
  Section& dyn = schema.section("dyn", "the phonons");
  dyn.key("path", &settings.dyn,
          "prefix of dyn files, force constants of q2r.x, phonopy.yaml; or the folder or result.h5 of a `sscha`, "
          "`minimize`, `hessian` or `phonons` run")
      .required("\"sscha/dyn\"")
      .paths();
  dyn.key("compare", &settings.compare, "others of the same kinds, drawn dashed beside the bands").paths();
  Section& support =
      schema.section("dyn.support", "interpolate the difference to these matrices to the grid of the coupling");
  support.key("coarse", &settings.coarse, "on the grid of dyn.path").paths();
  support.key("fine", &settings.fine, "on the grid of the coupling").paths();
  schema.rule({"dyn.support.coarse", "dyn.support.fine"}, [&settings]() -> std::string {
    if (settings.coarse.empty() == settings.fine.empty()) return "";
    return fmt::format("dyn.support: {} is missing: the support is needed on both grids",
                       settings.coarse.empty() ? "coarse" : "fine");
  });
  Section& elph = schema.section("elph", "the coupling of ph.x");
  elph.key("path", &settings.elph,
           "folder with a2Fq2r.* or a2Fmatdyn.* (or either name in it), or prefix of PREFIXn.elph.d.mat.n")
      .required("\"elph_dir\"")
      .paths();
  elph.key("dyn", &settings.elph_dyn, "prefix of the dyn files that ph.x wrote with it: which crystal, which q")
      .required("\"harmonic/dyn\"")
      .paths();
}

}  // namespace

std::string name_of(GammaPolicy policy) { return name_in(gamma_names(), policy); }
std::string name_of(ImaginaryPolicy policy) { return name_in(imaginary_names(), policy); }

void declare(Schema& schema, A2fSettings& settings) {
  declare_inputs(schema, settings);
  Section& a2f = schema.section("a2f", "");
  a2f.key("grid", &settings.grid, "dense grid, Phi and Gamma interpolated; empty: that of the coupling")
      .at_least(1)
      .check([&settings]() -> std::string {
        return settings.grid.empty() || settings.grid.size() == 3 ? "" : "three divisions are needed: [20, 20, 20]";
      });
  a2f.choice(
      "gamma", settings.gamma, gamma_names(),
      "optical: acoustic modes at Gamma left out, divided by N_q; qe: as lambda.x, nothing below 20 cm-1; skip: no "
      "Gamma, divided by N_q - 1");
  a2f.choice("imaginary", settings.imaginary, imaginary_names(), "modes: an error, left out, or |omega^2|");
  a2f.key("smearings", &settings.smearings, "Ry, of the electrons, [0.008, 0.010]; empty: all").above(0);
  a2f.key("shown", &settings.shown, "number, from 0, of the smearing in figures of one; -1: the middle one")
      .at_least(-1);
  a2f.quantity("broadening", &settings.broadening, "meV", "Gaussian, of the curves").above(0);
  a2f.key("tetrahedra", &settings.tetrahedra, "of the dense grid, instead of Gaussians");
  a2f.quantity("step", &settings.step, "meV", "between energies of the curves").above(0);
  a2f.choice(
      "sum_rule", settings.sum_rule,
      {{"crystal", phonons::SumRule::crystal}, {"simple", phonons::SumRule::simple}, {"none", phonons::SumRule::none}},
      "of Phi and Gamma where they are interpolated; simple: as matdyn.x");
  a2f.key("spacing", &settings.spacing, "1/angstrom, between points of the bands").above(0);
  a2f.key("isotopes", &settings.isotopes, "also modes with changed masses, for isotope coefficients");
  schema.rule({"a2f.tetrahedra"}, [&settings]() -> std::string {
    return settings.tetrahedra && settings.grid.empty() ? "a2f.tetrahedra needs a2f.grid, a dense grid" : "";
  });
  schema.section("symmetry", "")
      .quantity("tolerance", &settings.symmetry.tolerance, "angstrom", "to find the space group")
      .above(0);
  Section& exports = schema.section("export", "files for other programs");
  exports.choice(
      "formats", &settings.formats, {"lambda", "a2F.dos", "matdyn", "epw"},
      "lambda: elph.inp_lambda.* and lambda.in; a2F.dos: as matdyn.x; matdyn: .fc and a2Fmatdyn.*; epw: fila2f");
  exports.key("mu_star", &settings.mu_star, "in lambda.in").at_least(0);
}

}  // namespace zeropoint
