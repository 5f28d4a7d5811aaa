#!/usr/bin/env bash
# hessian on published ensembles: CsPbI3 at the published solution, ice XI away from its own.
source "$(dirname "$0")/claims.sh"

reference_data ensembles/cspbi3_2x2x2_450K
data="$(dirname "$data")"

cat > run.toml <<TOML
[ensemble]
path = "$data/cspbi3_2x2x2_450K"
population = 100
dyn = "$data/cspbi3_2x2x2_450K/dyn_gen_pop100_"
temperature = "450 K"
[start]
dyn = "$data/cspbi3_2x2x2_450K/sscha_converged_dyn_"
[output]
directory = "result"
TOML

exits 0 hessian run.toml --check
says "pairs; explicit"
says "from the speed of matrix products here"
[[ ! -e result ]] || fail "--check leaves a folder"

exits 0 hessian run.toml
says "smallest eigenvalue"
says "the free energy is unstable"
for file in summary.json result.h5 run.toml log.txt hessian.dat dyn0 dyn1 unstable_mode.extxyz unstable_mode.cif; do
  [[ -s "result/$file" ]] || fail "result/$file is missing"
done
[[ "$(head -n 1 result/unstable_mode.extxyz)" == 40 ]] || fail "the displaced structure is not the supercell"
if command -v gnuplot > /dev/null; then
  for figure in frequencies soft_modes; do [[ -s "result/figures/$figure.svg" ]] || fail "no figure $figure"; done
fi
[[ -z "$(find result -name '*.tmp')" ]] || fail "temporary files stay"
[[ "$(field result/summary.json verdict)" == unstable ]] || fail "the cubic perovskite is not unstable"
python3 - <<'PY' || fail "summary.json and hessian.dat disagree, or errors are missing"
import json, sys
summary = json.load(open("result/summary.json"))
first = summary["hessian_frequencies"]["value"][0]
rows = [list(map(float, line.split())) for line in open("result/hessian.dat") if not line.startswith("#")]
gamma = [row for row in rows if row[:3] == [0, 0, 0]]
ok = len(gamma) == len(first["value"]) == len(first["standard_error"])
ok = ok and all(abs(row[5] - value) < 1e-3 + 1e-6 * abs(value) for row, value in zip(gamma, first["value"]))
ok = ok and all(error > 0 for error in first["standard_error"][3:])
# Contributions add up: omega^2 = auxiliary^2 + third + fourth order.
for row in rows:
    ok = ok and abs(row[4] * abs(row[4]) + row[9] + row[10] - row[7]) < 1e-3 + 1e-8 * abs(row[7])
sys.exit(not ok)
PY

exits 0 info result/dyn1 result/result.h5 result
says "zeropoint hessian"
exits 0 plot result soft_modes --output drawn
[[ -s drawn/soft_modes.gp && ! -e drawn/frequencies.gp ]] || fail "plot does not draw the figure that was asked for"

# Third order alone; too few configurations; errors of the run file.
exits 0 hessian run.toml --output third --set hessian.order=3 --json
python3 -c 'import json; assert json.load(open("out"))["order"]["value"] == 3' || fail "--json prints no summary of third order"
exits 1 hessian run.toml --output few --set hessian.order=3 --set hessian.minimum_effective_size=2000
complains "of 1024 configurations count at these matrices"
[[ ! -e few/result.h5 ]] || fail "a Hessian of too few configurations is computed"
cp -r "$source_folder/examples/lih" lih
exits 2 hessian lih/hessian.toml --set 'start={}' --output several
complains "start.temperature is missing: populations were drawn at 0 K and at 300 K"
exits 2 minimize lih/minimize.toml --set 'start={}' --output several
complains "start.temperature is missing"
mkdir part && cp "$data"/cspbi3_2x2x2_450K/dyn_gen_pop100_[123] part
exits 1 hessian run.toml --set 'ensemble.dyn="part/dyn_gen_pop100_"' --output several
complains "part/dyn_gen_pop100_"
python3 - > bare.extxyz <<'PY'
for frame in range(2):
    print('40\nLattice="12 0 0 0 12 0 0 0 12" Properties=species:S:1:pos:R:3 energy=-1')
    for i in range(40): print("H", i, 0, 0)
PY
exits 1 hessian run.toml --set 'ensemble.path="bare.extxyz"' --output several
complains "forces"
[[ ! -e several ]] || fail "a run that could not begin leaves a folder"
exits 2 hessian run.toml --set hessian.order=5
complains "hessian.order"

# Off the minimum and without Hermite terms fourth order is indefinite; both methods say so.
cat > ice.toml <<TOML
[ensemble]
path = "$data/ice_xi"
dyn = "$data/ice_xi/dyn1"
temperature = "0 K"
n_configurations = 1000
[hessian]
hermite_terms = false
[output]
directory = "ice"
TOML
exits 3 hessian ice.toml
says "not at a minimum"
[[ "$(field ice/summary.json verdict)" == "auxiliary matrices not at a minimum" ]] || fail "an indefinite A is not reported"
exits 3 hessian ice.toml --output ice_krylov --set hessian.method=krylov --set hessian.tolerance=1e-12
says "iterations"
python3 - "$(field ice_krylov/summary.json lowest_squared_frequency)" "$(field ice/summary.json lowest_squared_frequency)" <<'PY' || fail "methods disagree"
import sys
a, b = map(float, sys.argv[1:])
sys.exit(abs(a - b) > 1e-7 * abs(b))
PY

# Of a finished run: its ensemble, at the matrices where it ended; files of an earlier result go.
sed -e 's/"ice"$/"minimized"/' -e '/^.hessian.$/d' -e '/^hermite_terms/d' ice.toml > minimize.toml
exits 0 minimize minimize.toml
touch ice/unstable_mode.cif
printf '[ensemble]\nresult = "minimized/result.h5"\n' > of_run.toml
exits 0 hessian of_run.toml --output ice --overwrite
[[ ! -e ice/unstable_mode.cif ]] || fail "--overwrite leaves a structure of the earlier result"
exits 0 hessian minimize.toml --set start.dyn=minimized/dyn --output same
[[ "$(field ice/summary.json hessian_frequencies)" == "$(field same/summary.json hessian_frequencies)" ]] ||
  fail "the Hessian of a result is not that of its ensemble at its matrices"
exits 2 hessian minimize.toml --set ensemble.result=minimized --output both
complains "ensemble.path and ensemble.result are both given"
exits 2 hessian of_run.toml --set 'ensemble.result=""' --output none
complains "ensemble.path is missing"
exits 1 hessian of_run.toml --set ensemble.result=nowhere --output none
complains "there is no"
rm minimized/summary.json
exits 1 hessian of_run.toml --output none
complains "has not finished"

finish
