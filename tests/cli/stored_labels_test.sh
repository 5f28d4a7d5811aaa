#!/usr/bin/env bash
# sscha on labels that come in from elsewhere: it writes what is to be labelled, waits, and goes on to what a potential gives at once.
source "$(dirname "$0")/claims.sh"

lih="$source_folder/examples/lih"
label="$(dirname "$program")/label_configurations"
cat > run.toml <<TOML
seed = 5
[potential]
kind = "labels"
[start]
dyn = "$lih/a4.13/harmonic.dyn"
[conditions]
temperature = "200 K"
[populations]
sizes = [60, 200]
maximum = 10
[output]
directory = "waiting"
figures = false
TOML

n_waits=0
while true; do
  status=0
  "$program" sscha run.toml > out 2> err || status=$?
  ((status == 75 && n_waits < 8)) || break
  n_waits=$((n_waits + 1))
  last="zeropoint sscha, wait $n_waits"
  says "waits for labels"
  population="waiting/population$n_waits"
  [[ -s "$population/configurations.extxyz" ]] || fail "nothing to label after wait $n_waits"
  "$label" "$population/population.h5" labels.extxyz snte-toy "$lih/a4.13/harmonic.dyn" || fail "no labels"
  # Half of them first: the run goes on waiting.
  if ((n_waits == 1)); then
    "$label" "$population/population.h5" half.extxyz snte-toy "$lih/a4.13/harmonic.dyn" 1 30 shuffled || fail "no labels"
    exits 0 collect - --set "population.path=\"$population\"" --set 'outputs.files=["half.extxyz"]' --set outputs.require_stress=false < /dev/null
    exits 75 sscha run.toml
    says "configuration 31 of 60 has no label"
  fi
  exits 0 collect - --set "population.path=\"$population\"" --set 'outputs.files=["labels.extxyz"]' --set outputs.require_stress=false < /dev/null
done
last="zeropoint sscha with all labels"
((status == 0)) || fail "the run on stored labels ends with $status"
((n_waits >= 2)) || fail "only $n_waits populations were asked for"

exits 0 sscha run.toml --set 'potential.kind="snte-toy"' --set "potential.dyn=\"$lih/a4.13/harmonic.dyn\"" --set populations.final=0 --output at_once
# Labels went through text: the last bit of a matrix turns degenerate modes, so that other configurations are drawn of the same density.
python3 - <<'PY' || fail "stored labels lead to other numbers than the potential itself"
import json, math, sys
a, b = (json.load(open(f"{folder}/summary.json"))["free_energy"] for folder in ("waiting", "at_once"))
sys.exit(not abs(a["value"] - b["value"]) < 4 * math.hypot(a["standard_error"], b["standard_error"]))
PY
finish
