#!/usr/bin/env bash
# python-sscha reads our population folders and finds our free energy; we read what it saves. Skipped where it is not installed
# (tools/peers/python_sscha installs it).
source "$(dirname "$0")/claims.sh"
shopt -s nullglob
environments=("${XDG_CACHE_HOME:-$HOME/.cache}"/zeropoint/python-sscha-*/complete)
((${#environments[@]})) || { echo "python-sscha is not installed: tools/peers/python_sscha does it"; exit 77; }
python="$(dirname "${environments[0]}")/bin/python"
close() { python3 -c 'import sys; a, b = map(float, sys.argv[1:]); sys.exit(not abs(a - b) <= 1e-10 * abs(b))' "$1" "$2"; }

label="$(dirname "$program")/label_configurations"
cat > sample.toml <<TOML
[start]
dyn = "$source_folder/examples/lih/a4.006/harmonic.dyn"
temperature = "300 K"
[sample]
n_configurations = 40
[write]
formats = ["python-sscha"]
[compute]
compatibility = "python-sscha"
TOML
# ph.x leaves acoustic modes of 2 cm^-1 at Gamma, which python-sscha would count: matrices with the sum rule first.
exits 0 sample sample.toml --output first
"$label" first/population.h5 first.extxyz harmonic "$source_folder/examples/lih/a4.006/harmonic.dyn" || fail "no labels"
exits 0 collect - --set 'population.path="first"' --set 'outputs.files=["first.extxyz"]' < /dev/null
exits 0 minimize - --output symmetric --set 'ensemble.path="first"' --set minimize.max_steps=0 --set compute.compatibility=python-sscha < /dev/null
exits 0 sample sample.toml --output population --set 'start.dyn="symmetric/dyn"'
# Labels that are not those of the sampling matrices, so that every term of the free energy counts.
"$label" population/population.h5 labels.extxyz harmonic "$source_folder/examples/lih/a4.05/harmonic.dyn" 1 40 shuffled || fail "no labels"
exits 0 collect - --set 'population.path="population"' --set 'outputs.files=["labels.extxyz"]' < /dev/null
exits 0 convert population/population.h5 --to text --output folder --dyn population/dyn
exits 0 convert population/population.h5 --to npy --output folder_npy --dyn population/dyn
# evaluate FOLDER: the free energy of a stored folder at its generating matrices, in the constants of python-sscha.
evaluate() {
  exits 0 minimize - --output "from_$1" --set "ensemble.path=\"$1\"" --set 'ensemble.dyn="population/dyn"' --set 'ensemble.temperature="300 K"' \
    --set minimize.max_steps=0 --set compute.compatibility=python-sscha --set symmetry.enabled=false < /dev/null
  free_energy="$(field "from_$1/summary.json" free_energy)"
}

"$python" -W ignore -B - > out 2> err <<'PY' || fail "python-sscha does not read our folders"
import contextlib, io, json, os
import cellconstructor as CC, cellconstructor.Phonons, cellconstructor.Structure
import numpy as np
import sscha, sscha.Ensemble

dyn = CC.Phonons.Phonons("population/dyn", 3)
values = {}
with contextlib.redirect_stdout(io.StringIO()):
    for name, load in (("folder", "load"), ("folder_npy", "load_bin")):
        ensemble = sscha.Ensemble.Ensemble(dyn, 300.0, dyn.GetSupercell())
        if load == "load":
            ensemble.load(name, population=1, N=40)
        else:
            dyn.save_qe(f"{name}/dyn_gen_pop1_")
            ensemble.load_bin(name, population_id=1)
        free_energy = ensemble.get_free_energy(return_error=False)
        values[name] = float(free_energy) * CC.Units.RY_TO_EV / np.prod(dyn.GetSupercell())
    ensemble.save_bin("saved_npy", population_id=1)
    os.makedirs("saved", exist_ok=True)
    ensemble.save("saved", population=1)
    # The configurations that `sample` wrote for it, before any label.
    structures = [CC.Structure.Structure() for _ in range(2)]
    for i, structure in enumerate(structures):
        structure.read_scf(f"population/python-sscha/scf_population1_{i + 1}.dat")
    u = np.loadtxt("population/python-sscha/u_population1_1.dat") * CC.Units.BOHR_TO_ANGSTROM
    reference = dyn.structure.generate_supercell(dyn.GetSupercell())
    values["deviation"] = float(np.abs(structures[0].coords - reference.coords - u).max())
    values["antithetic"] = float(np.abs(structures[0].coords + structures[1].coords - 2 * reference.coords).max())
json.dump(values, open("values.json", "w"))
PY
value() { python3 -c 'import json, sys; print(repr(json.load(open("values.json"))[sys.argv[1]]))' "$1"; }
for name in folder folder_npy; do
  evaluate $name
  close "$free_energy" "$(value $name)" || fail "$name: free energy $free_energy of ours, $(value $name) of python-sscha"
done
for name in deviation antithetic; do
  python3 -c 'import sys; sys.exit(not float(sys.argv[1]) < 1e-6)' "$(value $name)" || fail "scf files: $name $(value $name) angstrom"
done
# What it saved is the ensemble that it had loaded last.
for name in saved saved_npy; do
  evaluate $name
  close "$free_energy" "$(value folder_npy)" || fail "$name: free energy $free_energy of ours, $(value folder_npy) of python-sscha"
done
finish
