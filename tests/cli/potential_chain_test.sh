#!/usr/bin/env bash
# From labels to phonons: a potential of LiH trained on DFT forces of displaced supercells has the matrices of ph.x.
source "$(dirname "$0")/claims.sh"

lih="$source_folder/examples/lih"
exits 0 train - --set "data.train=[\"$lih/a4.05/*.h5\", \"$lih/a4.09/*.h5\"]" --set 'train.stop="30 epochs"' --set train.batch_size=4 \
  --set output.figures=false < /dev/null
model=(--set 'potential.model="model/model.h5"' --set output.figures=false)
exits 0 phonons - "${model[@]}" --set "structure.path=\"$lih/a4.05/harmonic.dyn\"" --set 'phonons.supercell=[2, 2, 2]' < /dev/null
says "4 supercells, 48 operations"
"$program" info "$lih/a4.05/harmonic.dyn" --json > ph.json 2> /dev/null
# 18 optical and zone-boundary modes up to 1042 cm^-1; a longer training comes to 7 cm^-1.
python3 - <<'PY' || fail "the frequencies are further than 20 cm^-1 (root mean square) from those of ph.x"
import json, sys
found = {tuple(x % 1 for x in entry["q"]): entry["value"] for entry in json.load(open("phonons/summary.json"))["frequencies"]["value"]}
differences = []
for entry in json.load(open("ph.json"))["frequencies"]:
    ours = found[tuple(x % 1 for x in entry["q"])]
    differences += [x - y for x, y in zip(ours, entry["value"]) if abs(x) > 1]
rms = (sum(x * x for x in differences) / len(differences)) ** 0.5
print(f"{rms:.2f} cm^-1")
sys.exit(not (len(differences) == 15 and rms < 20))
PY
exits 0 relax - "${model[@]}" --set "structure.path=\"$lih/a4.05/harmonic.dyn\"" < /dev/null
# 4.006 angstrom without zero-point motion, outside of what these two volumes tell.
python3 - <<'PY' || fail "not the lattice constant of LiH"
import json, sys
a = (4 * json.load(open("relax/summary.json"))["volume"]["value"]) ** (1 / 3)
print(f"{a:.4f} angstrom")
sys.exit(not 3.95 < a < 4.05)
PY
exits 0 sscha - "${model[@]}" --set "start.structure=\"$lih/a4.05/harmonic.dyn\"" --set 'start.supercell=[2, 2, 2]' \
  --set 'conditions.temperature="300 K"' --set 'conditions.pressure=["0 GPa", "8 GPa"]' --set 'conditions.cell="isotropic"' \
  --set 'populations.sizes=[200, 400]' --set populations.final=1000 < /dev/null
says "relaxed"
says "a fresh population needs no step"
exits 0 sscha - "${model[@]}" --set 'start.dyn="sscha/300K_8GPa/dyn"' --set 'conditions.temperature="300 K"' \
  --set 'populations.sizes=[400]' --set populations.final=1000 --output at_volume < /dev/null
python3 - <<'PY' || fail "pressures are not those asked for, or a run at the volume found differs from the one at the pressure"
import json, math, sys
ladder = json.load(open("sscha/summary.json"))["conditions"]["value"]
fixed = json.load(open("at_volume/summary.json"))
good = len(ladder) == 2 and ladder[1]["volume"]["value"] < 0.95 * ladder[0]["volume"]["value"]
for at, target in zip(ladder, (0, 8)):
    off = abs(at["pressure"]["value"] - target) / at["pressure"]["standard_error"]
    print(f"{at['pressure']['value']:.3f} GPa, {off:.1f} errors from {target}; {at['space_group']['value']}; {at['volume']['value']:.4f} angstrom^3")
    good = good and off < 4 and "225" in at["space_group"]["value"]
for name in ("pressure", "free_energy"):
    a, b = ladder[1][name], fixed[name]
    good = good and abs(a["value"] - b["value"]) < 4 * math.hypot(a["standard_error"], b["standard_error"])
sys.exit(not good)
PY
finish
