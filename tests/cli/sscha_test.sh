#!/usr/bin/env bash
# sscha on model potentials: a harmonic crystal, a ladder of temperatures that is killed and goes on, what hessian makes of it.
source "$(dirname "$0")/claims.sh"

lih="$source_folder/examples/lih"
cat > run.toml <<TOML
[potential]
kind = "harmonic"
dyn = "$lih/a4.05/harmonic.dyn"
[start]
dyn = "$lih/a4.05/harmonic.dyn"
[conditions]
temperature = "300 K"
[populations]
sizes = [200, 400]
final = 0
[output]
directory = "result"
TOML

exits 0 sscha run.toml --check
says "for the largest population"
[[ ! -e result ]] || fail "--check leaves a folder"

# A harmonic crystal at its own matrices, up to the sum rule that those of ph.x break a little: no noise, no third population.
exits 0 sscha run.toml
says "a fresh population needs no step"
for file in summary.json result.h5 run.toml log.txt populations.dat dyn0 dyn1 structure.cif population.h5; do
  [[ -s "result/$file" ]] || fail "result/$file is missing"
done
python3 - result/summary.json <<'PY' || fail "a harmonic crystal has noise, or needs several populations"
import json, sys
summary = json.load(open(sys.argv[1]))
value = lambda name: summary[name]["value"]
exact = abs(value("free_energy") - value("harmonic_free_energy")) < 1e-5 and summary["free_energy"]["standard_error"] < 1e-6
sys.exit(not (exact and value("n_populations") <= 2 and value("converged") and abs(value("pressure")) < 1e-6))
PY
exits 1 sscha run.toml
complains "holds a finished run"

# From other matrices: a fresh population has to confirm what was found. The Hessian takes the result as it is.
exits 0 sscha run.toml --set "start.dyn=\"$lih/a4.006/harmonic.dyn\"" --set "potential.dyn=\"$lih/a4.006/harmonic.dyn\"" \
  --set 'start.masses={H="2.014 amu"}' --set populations.final=1000 --output deuterated
[[ -s deuterated/population.h5 ]] || fail "the last population is not kept"
exits 0 hessian - --set 'ensemble.result="deuterated/result.h5"' --output of_result < /dev/null
says "stable"
exits 0 dispersion - --set 'dyn.path="deuterated"' --set 'dos.grid=[4, 4, 4]' --output bands < /dev/null
says "SSCHA at 300 K of deuterated, with standard errors"

# A structure instead of matrices: relaxed, displaced, and a harmonic crystal is exact again.
structure=(--set start.dyn= --set "start.structure=\"$lih/a4.05/harmonic.dyn\"" --set 'start.supercell=[2, 2, 2]')
exits 0 sscha run.toml "${structure[@]}" --set 'start.masses={H="2.014 amu"}' --output from_structure
says "4 supercells"
says "a fresh population needs no step"
exits 2 sscha run.toml --set "start.structure=\"$lih/a4.05/harmonic.dyn\"" --output none
complains "both given"
exits 2 sscha run.toml --set start.dyn= --output none
complains "both missing"
exits 2 sscha run.toml "${structure[@]}" --set 'start.supercell=[2, 2]' --output none
complains "a structure needs 3"

# Several temperatures: a folder each, a table; killed at a few points the same command leads to the same numbers.
ladder=(sscha run.toml --set "start.dyn=\"$lih/a4.13/harmonic.dyn\"" --set 'conditions.temperature={from="0 K", to="300 K", step="100 K"}'
  --set 'populations.sizes=[4000]' --set output.figures=false --threads 1)
exits 0 "${ladder[@]}" --output whole
for t in 0 100 200 300; do [[ -s "whole/${t}K/summary.json" ]] || fail "no results at $t K"; done
[[ "$(grep -vc '^#' whole/conditions.dat)" == 4 ]] || fail "conditions.dat has not four lines"
for point in "between steps:2" "summary.json in place" "result.h5 in place"; do
  ZEROPOINT_KILL_AT="$point" exits 137 "${ladder[@]}" --output killed
done
exits 0 "${ladder[@]}" --output killed
cmp -s whole/conditions.dat killed/conditions.dat || fail "a run that was killed leads to other numbers"

# What cannot be.
exits 2 sscha run.toml --set 'conditions.cell="isotropic"' --output none
complains "conditions.pressure is missing"
exits 2 sscha run.toml --set 'conditions.pressure="5 GPa"' --output none
complains "keeps the volume"
exits 2 sscha run.toml --set potential.dyn= --output none
complains "potential.dyn is missing"
exits 2 sscha run.toml --set 'conditions.temperature=["10 K", "10 K"]' --output none
complains "twice"
exits 3 sscha run.toml --set "start.dyn=\"$lih/a4.13/harmonic.dyn\"" --set populations.maximum=1 --output cut
says "not converged after 1 populations"

reference_data toy/snte/ffield_dynq1
toy="${data%1}"
# The toy model of SnTe has no stress, and its harmonic matrices are imaginary.
exits 1 sscha run.toml --set "start.dyn=\"$toy\"" --set "potential.dyn=\"$toy\"" --set 'potential.kind="snte-toy"' --set 'start.repair="none"' --output none
complains "are imaginary"
exits 0 sscha run.toml --set start.dyn= --set "start.structure=\"$toy\"" --set 'start.supercell=[2, 2, 2]' --set "potential.dyn=\"$toy\"" \
  --set 'potential.kind="snte-toy"' --set 'conditions.temperature="250 K"' --set 'populations.sizes=[1000, 10000]' --output from_toy
complains "are imaginary (q = 0 0 0:"
exits 1 sscha run.toml --set "start.dyn=\"$toy\"" --set "potential.dyn=\"$toy\"" --set 'potential.kind="snte-toy"' \
  --set 'conditions.cell="full"' --set 'conditions.pressure="0 GPa"' --output none
complains "gives no stress"
exits 0 sscha run.toml --set "start.dyn=\"$toy\"" --set "potential.dyn=\"$toy\"" --set 'potential.kind="snte-toy"' \
  --set 'conditions.temperature="250 K"' --set 'populations.sizes=[1000, 10000]' --set populations.final=50000 --output tin
python3 - tin/summary.json <<'PY' || fail "not the free energy of the sharp rows"
import json, sys
energy = json.load(open(sys.argv[1]))["free_energy"]
error = (energy["standard_error"] ** 2 + 19e-6 ** 2) ** 0.5
sys.exit(abs(energy["value"] + 0.119559) > 3 * error or energy["standard_error"] > 5e-5)
PY
finish
