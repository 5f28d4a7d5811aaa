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
for file in summary.json result.h5 run.toml log.txt bands.dat dos.dat thermodynamics.dat dyn0 dyn1; do [[ -s "result/$file" ]] || fail "result/$file is missing"; done
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
assert len(gammas) == 3 and all(abs(float(line[-1]) - 1086.22) < 0.1 and abs(float(line[-2]) - 587.41) < 0.1 for line in gammas)
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

exits 0 plot result/result.h5 bands --output drawn
[[ -s drawn/bands.gp && ! -e drawn/dos.gp ]] || fail "plot does not draw the figure that was asked for"
exits 2 dispersion run.toml --output wrong --set 'dispersion.path="G-M"'
complains "no point 'M'"
exits 2 dispersion run.toml --output wrong --set 'dispersion.points=["Q = 1 2"]' --set 'dispersion.path="G-Q"'
complains "is no point"
exits 2 dispersion run.toml --output wrong --set 'dyn.support.coarse="x"'
complains "dyn.support: fine is missing"
exits 2 dispersion run.toml --output wrong --set dos.grid=[8,8]
complains "three divisions are needed"
finish
