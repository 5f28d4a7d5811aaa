#!/usr/bin/env bash
# relax and phonons on model potentials, and what dispersion and sscha make of the result.
source "$(dirname "$0")/claims.sh"

lih="$source_folder/examples/lih"
cat > phonons.toml <<TOML
[potential]
kind = "harmonic"
dyn = "$lih/a4.05/harmonic.dyn"
[structure]
path = "$lih/a4.05/harmonic.dyn"
[phonons]
supercell = [2, 2, 2]
[output]
figures = false
TOML

exits 0 phonons phonons.toml --check
says "16 atoms"
[[ ! -e phonons ]] || fail "--check leaves a folder"
exits 0 phonons phonons.toml
says "4 supercells, 48 operations"
for file in summary.json result.h5 run.toml log.txt dyn0 dyn1 dyn3 structure.cif structure.extxyz; do
  [[ -s "phonons/$file" ]] || fail "phonons/$file is missing"
done
# The frequencies are those of the matrices that the potential is made of, up to the sum rule that ph.x breaks a little.
"$program" info "$lih/a4.05/harmonic.dyn" --json > info.json 2> /dev/null
python3 - <<'PY' || fail "not the frequencies of the force constants"
import json, sys
found = json.load(open("phonons/summary.json"))["frequencies"]["value"]
known = json.load(open("info.json"))["frequencies"]
get = lambda entry: entry["value"] if isinstance(entry, dict) else entry
flat = lambda table: sorted(x for entry in table for x in get(entry) if abs(x) > 1)
a, b = flat(found), flat(known)
near = all(min(abs(x - y) for y in b) < 0.1 for x in a)
sys.exit(not (len(a) == 45 and near))
PY
exits 0 dispersion - --set 'dyn.path="phonons"' --set 'dos.grid=[4, 4, 4]' --output bands < /dev/null
says "harmonic of phonons"
exits 0 sscha - --set 'potential.kind="harmonic"' --set 'potential.dyn="phonons/dyn"' --set 'start.dyn="phonons/dyn"' \
  --set 'conditions.temperature="300 K"' --set 'populations.sizes=[100]' --set populations.final=0 --output sscha < /dev/null
says "a fresh population needs no step"
exits 0 phonons phonons.toml --set phonons.order=2 --set symmetry.enabled=false --output all
says "12 supercells, 1 operations"
exits 2 phonons phonons.toml --set phonons.order=3 --output none
complains "order 2 and 4"
exits 2 phonons phonons.toml --set 'phonons.supercell=[2, 2]' --output none
complains "3 are needed"
exits 1 phonons phonons.toml --set 'phonons.supercell=[3, 3, 3]' --output none
complains "2x2x2"

# Hydrogen pushed along a diagonal goes back.
cat > POSCAR <<TXT
LiH, H off its site
 1.0
  0.0   2.025 2.025
  2.025 0.0   2.025
  2.025 2.025 0.0
 Li H
 1 1
Direct
  0.0 0.0 0.0
  0.52 0.52 0.52
TXT
relax=(relax - --set 'potential.kind="harmonic"' --set 'potential.dyn="phonons/dyn"' --set 'structure.path="POSCAR"'
  --set output.figures=false)
exits 0 "${relax[@]}" --set 'conditions.cell="fixed"' < /dev/null
says "R3m (160)"
says "Fm-3m (225)"
for file in summary.json result.h5 structure.extxyz structure.cif POSCAR steps.dat; do [[ -s "relax/$file" ]] || fail "relax/$file is missing"; done
[[ "$(field relax/summary.json space_group)" == "Fm-3m (225)" ]] || fail "not the space group of the minimum"
exits 0 plot relax
exits 3 "${relax[@]}" --set 'conditions.cell="fixed"' --set relax.max_steps=0 --output cut < /dev/null
says "not converged after 0 steps"
[[ "$(field cut/summary.json converged)" == False ]] || fail "a run that was cut short says that it converged"
exits 0 "${relax[@]}" --set 'structure.path="relax"' --set 'conditions.cell="fixed"' --output again < /dev/null
says "0 steps"
exits 2 "${relax[@]}" --set 'conditions.cell="fixed"' --set 'conditions.pressure="1 GPa"' --output none < /dev/null
complains "keeps the volume"
exits 2 "${relax[@]}" --set 'compute.device="cuda"' --output none < /dev/null
complains "runs on the CPU"
sed 's/0.52 0.52 0.52/0.5002 0.5 0.5/' POSCAR > nearly
exits 0 "${relax[@]}" --set 'structure.path="nearly"' --set 'conditions.cell="fixed"' --output nearly_relaxed < /dev/null
complains "within 0.01 angstrom the space group is Fm-3m (225)"
sed -i 's/^ Li H/ 1 1/' POSCAR
exits 1 "${relax[@]}" --output none < /dev/null
complains "POSCAR:6"

reference_data toy/snte/ffield_dynq1
toy="${data%1}"
snte=(--set 'potential.kind="snte-toy"' --set "potential.dyn=\"$toy\"" --set "structure.path=\"$toy\"" --set output.figures=false)
exits 1 relax - "${snte[@]}" --output none < /dev/null
complains "gives no stress"
exits 0 relax - "${snte[@]}" --set 'conditions.cell="fixed"' --output tin < /dev/null
exits 0 phonons - "${snte[@]}" --set 'phonons.supercell=[2, 2, 2]' --output soft < /dev/null
complains "modes are imaginary"
finish
