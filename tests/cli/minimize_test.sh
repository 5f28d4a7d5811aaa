#!/usr/bin/env bash
# minimize, info, convert and plot on a published ensemble: ice XI, its first 500 configurations.
source "$(dirname "$0")/claims.sh"

reference_data ensembles/ice_xi/energies.npy
data="$(dirname "$data")"

cat > run.toml <<TOML
[ensemble]
path = "$data"
dyn = "$data/dyn1"
temperature = "0 K"
n_configurations = 500
[minimize]
max_steps = 3
[output]
directory = "result"
TOML

exits 0 minimize run.toml --check
says "space group"
says "s per step, measured with"
[[ ! -e result ]] || fail "--check leaves a folder"

exits 3 minimize run.toml
for file in summary.json result.h5 run.toml log.txt steps.dat dyn1 structure.cif structure.extxyz; do [[ -s "result/$file" ]] || fail "result/$file is missing"; done
if command -v gnuplot > /dev/null; then
  for figure in convergence frequencies; do [[ -s "result/figures/$figure.svg" ]] || fail "no figure $figure"; done
fi
[[ "$(field result/summary.json n_steps)" == 3 ]] || fail "not three steps"
[[ "$(grep -vc '^#' result/steps.dat)" == 4 ]] || fail "steps.dat does not have the start and three steps"
[[ -z "$(find result -name '*.tmp')" ]] || fail "temporary files stay"

exits 1 minimize run.toml
complains "holds a finished run: give --overwrite"
exits 3 minimize run.toml --overwrite --json
python3 -c 'import json; json.load(open("out"))' || fail "--json prints more than JSON"
cmp -s out result/summary.json || fail "--json does not print summary.json"
exits 3 minimize run.toml --overwrite --quiet
prints_nothing

# The settings that a run leaves make the same run again.
exits 3 minimize result/run.toml --output again
[[ "$(field again/summary.json free_energy)" == "$(field result/summary.json free_energy)" ]] || fail "other results from run.toml"

# Cut short: the same settings go on, others do not.
rm again/summary.json
exits 1 minimize result/run.toml --output again --set minimize.max_steps=4
complains "minimize.max_steps: there 3, now 4"
exits 3 minimize result/run.toml --output again --resume

exits 0 minimize run.toml --output start --set minimize.max_steps=0
[[ "$(field start/summary.json n_steps)" == 0 ]] || fail "max_steps = 0 makes steps"

exits 0 info result result/result.h5 result/summary.json "$data/dyn1"
says "free_energy"
says "dynamical matrices"
exits 0 info "$data/dyn1" --json
python3 -c 'import json; assert json.load(open("out"))["formula"]' || fail "info --json is no JSON"
exits 0 plot result/result.h5 convergence --output drawn
[[ -s drawn/convergence.gp && ! -e drawn/frequencies.gp ]] || fail "plot does not draw the figure that was asked for"
exits 2 plot result convergense
complains "did you mean 'convergence'?"

# The same numbers from another format.
exits 0 convert "$data" --to h5 --output ice.h5 --dyn "$data/dyn1" --temperature "0 K"
exits 3 minimize run.toml --output from_h5 --set ensemble.path="$PWD/ice.h5"
python3 - "$(field from_h5/summary.json free_energy)" "$(field result/summary.json free_energy)" <<'PY' || fail "h5 gives another free energy"
import sys
a, b = map(float, sys.argv[1:])
sys.exit(abs(a - b) > 1e-9 * abs(b))  # rounding of the conversion to eV and back
PY
exits 0 info ice.h5
says "zeropoint ensemble"
exits 0 convert result/dyn --to qe --output copy/dyn
"$program" info result/dyn --json > before 2> err; "$program" info copy/dyn --json > after 2> err
python3 - <<'PY' || fail "frequencies change when matrices are written again"
import json
a, b = (json.load(open(name))["frequencies"][0]["value"] for name in ("before", "after"))
assert len(a) == 36
# cm^-1; files hold 16 decimals. The three acoustic ones are roots of what rounding leaves of zero.
assert all(abs(x) < 1e-3 and abs(y) < 1e-3 if i < 3 else abs(x - y) < 1e-6 for i, (x, y) in enumerate(zip(a, b)))
PY
finish
