#!/usr/bin/env bash
# dispersion end to end on the harmonic matrices of LiH, a polar crystal.
source "$(dirname "$0")/claims.sh"

lih="$(realpath "$source_folder/examples/lih")"
cat > run.toml <<TOML
[dyn]
path = "$lih/a4.006/harmonic.dyn"
compare = ["$lih/a4.13/harmonic.dyn"]
[dispersion]
grid = [4, 4, 4]
[dos]
grid = [8, 8, 8]
[thermodynamics]
temperature = ["0 K", "300 K"]
[output]
directory = "result"
TOML

exits 0 dispersion run.toml --check
says "GAMMA X U|K GAMMA L W X in zone cF2"
[[ ! -e result ]] || fail "--check leaves a folder"

exits 0 dispersion run.toml
for file in summary.json result.h5 run.toml log.txt bands.dat dos.dat thermodynamics.dat displacements.dat structure.cif structure.extxyz dyn0 dyn8; do [[ -s "result/$file" ]] || fail "result/$file is missing"; done
# A file a star: 8 on a 4 x 4 x 4 grid of fcc.
[[ ! -e result/dyn9 ]] || fail "stars are cut into several files"
if command -v q2r.x > /dev/null; then
  printf "&input fildyn='result/dyn', flfrc='q2r.fc', zasr='crystal' /\n" > q2r.in
  q2r.x -in q2r.in > q2r.out 2>&1 && grep -q "JOB DONE" q2r.out && [[ -s q2r.fc ]] || fail "q2r.x does not read the stars"
fi
says "m-3m (Oh): T1u optical, T1u acoustic"
if command -v gnuplot > /dev/null; then
  for figure in bands dos thermodynamics; do [[ -s "result/figures/$figure.svg" ]] || fail "no figure $figure"; done
fi
python3 - <<'PY' || fail "the numbers of LiH are others"
import json
summary = json.load(open("result/summary.json"))
# cm^-1 and eV, matdyn.x and phonopy on matrices of the same inputs: LO at Gamma, the zero-point energy, F at 300 K.
assert abs(summary["highest_frequency"]["value"] - 1086.2219) < 0.1
conditions = summary["conditions"]["value"]
assert abs(conditions[0]["harmonic_free_energy"]["value"] - 0.2228496) < 3e-5
assert abs(conditions[1]["harmonic_free_energy"]["value"] - 0.2018658) < 3e-5
last = [float(x) for x in open("result/dos.dat").readlines()[-1].split()]
assert abs(last[2] - 6) < 1e-6
gammas = [line.split() for line in open("result/bands.dat") if line[0] != "#" and line.split()[1:4] == ["0", "0", "0"]]
assert len(gammas) == 3 and all(abs(float(line[9]) - 1086.22) < 0.1 and abs(float(line[8]) - 587.41) < 0.1 for line in gammas)
# Velocities: of optical modes nothing at Gamma, along the path the slope of each branch, km/s from cm^-1 angstrom.
assert all(abs(float(v)) < 1e-6 for line in gammas for v in line[13:16])
rows = [[float(x) for x in line.split()] for line in open("result/bands.dat") if line[0] != "#"]
km_s = 2 * 3.141592653589793 * 0.0299792458 / 10
for i in (5, 9, 30):
    a, b, c = rows[i - 1], rows[i], rows[i + 1]
    for mode in range(4, 10):
        slope = km_s * (c[mode] - a[mode]) / (c[0] - a[0])
        # Steps of 1/40 of a zone: second differences leave 1 % of the sound velocity.
        assert abs(slope - b[mode + 6]) < 0.1, (i, mode, slope, b[mode + 6])
modes = summary["gamma_modes"]["value"]
assert modes["optical"] == "T1u" and modes["modes"][0]["infrared"] and not modes["modes"][0]["raman"]
assert abs(modes["modes"][0]["frequency"] - 587.41) < 0.1 and modes["modes"][0]["degeneracy"] == 3
assert all(abs(limit["frequencies"][-1] - 1086.22) < 0.1 for limit in modes["along_directions"])
u = [[float(x) for x in line.split()] for line in open("result/displacements.dat") if line[0] != "#"]
assert len(u) == 2 and all(abs(u[1][1 + k] - u[1][2 + k]) < 1e-9 and abs(u[1][4 + k]) < 1e-9 for k in (0, 6))  # cubic sites
assert u[1][7] > u[1][1] > u[0][1] > 0  # H moves more than Li, and more when warm
PY

# Matrices on the finer grid give the same bands, and are a support of the coarse ones.
exits 0 dispersion run.toml --output fine --set "dyn.path=\"$PWD/result/dyn\"" --set 'dispersion.path="G-X | L-G"'
exits 0 dispersion run.toml --output supported --set "dyn.support.coarse=\"$lih/a4.006/harmonic.dyn\"" --set "dyn.support.fine=\"$PWD/result/dyn\""
python3 - <<'PY' || fail "interpolating again changes the bands"
def bands(folder):
    return [[float(x) for x in line.split()] for line in open(folder + "/bands.dat") if line[0] != "#"]
first, supported = bands("result"), bands("supported")
# The images of the 2 x 2 x 2 cell lie inside the 4 x 4 x 4 one; cm^-1, files have 12 decimals of the charges.
assert max(abs(x - y) for a, b in zip(first, supported) for x, y in zip(a[4:], b[4:])) < 0.01
PY

# The result of a minimisation brings its errors and its free energy.
exits 0 minimize "$source_folder/examples/lih/minimize.toml" --output "$PWD/minimised" --set output.figures=false --quiet
exits 0 dispersion run.toml --output sscha --set "dyn.path=\"$PWD/minimised\"" --set "dyn.overlay=[\"$PWD/minimised/result.h5\"]" \
  --set dos.grid=[2,2,2] --set 'dispersion.unit="THz"'
says "SSCHA at 300 K"
grep -q "frequency (THz)" sscha/figures/bands.gp || fail "figures do not take the unit"
python3 - <<'PY' || fail "errors or free energy of an SSCHA result are lost"
import json
run, bands = json.load(open("minimised/summary.json")), json.load(open("sscha/summary.json"))
# On a mesh that is the grid of the run nothing is extrapolated; eV, all digits of both files.
for name in ("free_energy", "free_energy_coarse"):
    assert abs(bands[name]["value"] - run["free_energy"]["value"]) < 1e-9, name
    assert abs(bands[name]["standard_error"] - run["free_energy"]["standard_error"]) < 1e-12, name
# X is on the grid: its errors are those of the run.
rows = [[float(x) for x in line.split()] for line in open("sscha/bands.dat") if line[0] != "#"]
is_x = lambda q: sorted(round(abs(k), 6) for k in q) == [0, 0.5, 0.5]
x = next(row for row in rows if is_x(row[1:4]))
same = next(entry for entry in run["frequencies"]["value"] if is_x(entry["q"]))
assert all(abs(a - b) < 1e-3 for a, b in zip(x[4:10], same["value"])), (x, same)
assert all(abs(a - b) < 1e-3 for a, b in zip(x[10:16], same["standard_error"])), (x, same)
assert all(error >= 0 for row in rows for error in row[10:16]) and all(row[15] > 1 for row in rows)
PY
grep -q "_atom_site_aniso_U_11" minimised/structure.cif || fail "no U_ij in the structure of a minimisation"

exits 0 plot result/result.h5 bands --output drawn
[[ -s drawn/bands.gp && ! -e drawn/dos.gp ]] || fail "plot does not draw the figure that was asked for"
exits 0 dispersion run.toml --output named --set 'dyn.labels=["cold", "4.13 A"]' --set dos.grid=[2,2,2]
grep -q 'title "cold"' named/figures/bands.gp && grep -q 'title "4.13 A"' named/figures/bands.gp || fail "figures do not take the labels"
exits 2 dispersion run.toml --output wrong --set 'dyn.labels=["cold"]'
complains "1 labels for 2 sets of bands"
exits 2 dispersion run.toml --output wrong --set 'dispersion.path="G-M"'
complains "no point 'M'"
exits 2 dispersion run.toml --output wrong --set 'dispersion.points=["Q = 1 2"]' --set 'dispersion.path="G-Q"'
complains "is no point"
exits 2 dispersion run.toml --output wrong --set 'dyn.support.coarse="x"'
complains "dyn.support: fine is missing"
exits 1 dispersion run.toml --output wrong --set "dyn.path=\"$PWD/result\""
complains "holds no dynamical matrices of one state"
exits 2 dispersion run.toml --output wrong --set dos.grid=[8,8]
complains "three divisions are needed"
finish
