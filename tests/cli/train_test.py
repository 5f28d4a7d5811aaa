#!/usr/bin/env python3
"""train and evaluate end to end on a small model, killed and resumed; bad structures are refused."""
import json
import math
import os
import random
import re

import claims

test = claims.Claims()


def frame(draw, energy_shift=0.0):
    """A sodium chloride cell of 8 atoms, displaced, with the labels of E = sum over pairs of a exp(-r^2/2)."""
    length = 5.4 + 0.2 * draw.random()
    sites = [(x, y, z) for x in (0, 0.5) for y in (0, 0.5) for z in (0, 0.5)]
    species = ["Na" if round(2 * (x + y + z)) % 2 == 0 else "Cl" for x, y, z in sites]
    positions = [[length * s + draw.gauss(0, 0.1) for s in site] for site in sites]
    energy, forces, strain = energy_shift, [[0.0] * 3 for _ in sites], [[0.0] * 3 for _ in range(3)]
    for i, p in enumerate(positions):
        for j, q in enumerate(positions):
            for shift in [(a, b, c) for a in (-1, 0, 1) for b in (-1, 0, 1) for c in (-1, 0, 1)]:
                r = [q[k] + length * shift[k] - p[k] for k in range(3)]
                square = sum(x * x for x in r)
                if square < 1e-9:
                    continue
                half = 0.5 * (3.0 if species[i] == species[j] else 1.2) * math.exp(-square / 2)
                energy += half
                for k in range(3):
                    forces[i][k] -= half * r[k]
                    forces[j][k] += half * r[k]
                    for m in range(3):
                        strain[k][m] -= half * r[k] * r[m]
    virial = " ".join(f"{-x:.10f}" for row in strain for x in row)
    text = f'8\nLattice="{length} 0 0 0 {length} 0 0 0 {length}" Properties=species:S:1:pos:R:3:forces:R:3 energy={energy:.10f} virial="{virial}"\n'
    for name, p, f in zip(species, positions, forces):
        text += name + " " + " ".join(f"{x:.10f}" for x in p + f) + "\n"
    return text


draw = random.Random(1)
with open("train.extxyz", "w", encoding="ascii") as file:
    file.write("".join(frame(draw) for _ in range(40)))
    broken = frame(draw).splitlines()
    broken[3] = broken[3].rsplit(" ", 1)[0] + " nan"
    file.write("\n".join(broken) + "\n")
with open("test.extxyz", "w", encoding="ascii") as file:
    file.write("".join(frame(draw) for _ in range(10)))

with open("train.toml", "w", encoding="ascii") as file:
    file.write("""[data]
train = ["train.extxyz"]
test = ["test.extxyz"]
[model]
radial_cutoff = "5 angstrom"
angular_cutoff = "4 angstrom"
radial_order = 7
angular_order = 2
channels = 4
hidden = [16, 16]
[train]
stop = "120 epochs"
learning_rate = 0.01
[compute]
threads = 1
[output]
directory = "model"
""")

check = test.run("train", "train.toml", "--check")
test.claim(check.returncode == 0 and "per epoch, measured" in check.stdout, f"--check: {check.stderr}")
test.claim(not os.path.exists("model"), "--check leaves a folder")

done = test.run("train", "train.toml")
test.claim(done.returncode == 0, f"train: {done.returncode} {done.stderr}")
test.claim("frame 41: refused" in done.stderr and "nan" in done.stderr, f"the broken frame is not told: {done.stderr}")
for name in ("model.h5", "result.h5", "learning_curve.dat", "summary.json", "log.txt", "figures/parity.gp", "figures/learning_curve.gp"):
    test.claim(os.path.exists(f"model/{name}"), f"model/{name} is missing")
with open("model/summary.json", encoding="utf-8") as file:
    summary = json.load(file)
# The rms force is about 500 meV/A.
test.claim(summary["errors_of"]["value"] == "test" and summary["force_rmse"]["value"] < 40, f"force error {summary['force_rmse']}")
test.claim(summary["energy_rmse"]["value"] < 5, f"energy error {summary['energy_rmse']}")
curve = [line for line in open("model/learning_curve.dat", encoding="utf-8") if line[0] != "#"]
test.claim(len(curve) == 120, f"{len(curve)} lines in the learning curve")

info = test.run("info", "model/model.h5")
test.claim(info.returncode == 0 and "test errors" in info.stdout and "Na, Cl" in info.stdout, f"info: {info.stdout}{info.stderr}")

with open("evaluate.toml", "w", encoding="ascii") as file:
    file.write('[potential]\nmodel = "model/model.h5"\n[data]\nfiles = ["test.extxyz"]\n')
judged = test.run("evaluate", "evaluate.toml", "--json")
test.claim(judged.returncode == 0, f"evaluate: {judged.stderr}")
if judged.returncode == 0:
    values = json.loads(judged.stdout)
    test.claim(abs(values["force_rmse"]["value"] - summary["force_rmse"]["value"]) < 1e-3, "evaluate and train disagree about the test set")
    with open("evaluate/predictions.extxyz", encoding="ascii") as file:
        test.claim(file.read().count("Lattice") == 10, "not every structure is predicted")

# Structures without labels are predicted the same.
with open("bare.extxyz", "w", encoding="ascii") as file:
    for line in open("test.extxyz", encoding="ascii"):
        if "Lattice" in line:
            file.write(line.split(" Properties")[0] + " Properties=species:S:1:pos:R:3\n")
        else:
            file.write(" ".join(line.split()[:4]) + "\n")
bare = test.run("evaluate", "evaluate.toml", "--output", "bare", "--set", 'data.files=["bare.extxyz"]', "--set", "data.labels=false")
test.claim(bare.returncode == 0, f"evaluate without labels: {bare.stderr}")
if bare.returncode == 0:
    text = [open(f"{folder}/predictions.extxyz", encoding="ascii").read() for folder in ("evaluate", "bare")]
    test.claim(text[0] == text[1], "predictions depend on the labels")
refused = test.run("evaluate", "evaluate.toml", "--output", "none", "--set", 'data.files=["bare.extxyz"]')
test.claim(refused.returncode == 1 and "data.labels = false" in refused.stderr, f"frames without labels: {refused.stderr}")

# Other formats hold the same numbers.
for form, back in (("deepmd", "deepmd"), ("xsf", "xsf/*.xsf"), ("h5", "h5")):
    made = test.run("convert", "test.extxyz", "--to", form, "--output", form)
    test.claim(made.returncode == 0 and "10 structures, 10 with stress" in made.stdout, f"convert to {form}: {made.stdout}{made.stderr}")
    again = test.run("evaluate", "evaluate.toml", "--json", "--output", f"of_{form}", "--set", f'data.files=["{back}"]')
    test.claim(again.returncode == 0, f"evaluate {form}: {again.stderr}")
    if again.returncode == 0:
        values = json.loads(again.stdout)
        with open("evaluate/summary.json", encoding="utf-8") as file:
            known = json.load(file)
        for name in ("energy_rmse", "force_rmse", "stress_rmse"):
            test.claim(abs(values[name]["value"] / known[name]["value"] - 1) < 1e-9, f"{form}: {name} {values[name]} is not {known[name]}")
twice = test.run("convert", "test.extxyz", "--to", "deepmd", "--output", "deepmd")
test.claim(twice.returncode == 1 and "two sets would mix" in twice.stderr, f"a folder that is there: {twice.stderr}")

# The model as a potential: a crystal at rest, its pressure met again from another cell, its phonons.
with open("POSCAR", "w", encoding="ascii") as file:
    file.write("NaCl\n5.5\n0 0.5 0.5\n0.5 0 0.5\n0.5 0.5 0\nNa Cl\n1 1\nDirect\n0 0 0\n0.5 0.5 0.5\n")
with open("relax.toml", "w", encoding="ascii") as file:
    file.write('[potential]\nmodel = "model/model.h5"\n[structure]\npath = "POSCAR"\n')
held = test.run("relax", "relax.toml", "--json", "--output", "held", "--set", 'conditions.cell="fixed"')
test.claim(held.returncode == 0, f"relax: {held.stderr}")
if held.returncode == 0:
    pressure = json.loads(held.stdout)["pressure"]["value"]
    with open("POSCAR", encoding="ascii") as file:
        text = file.read()
    with open("POSCAR", "w", encoding="ascii") as file:
        file.write(text.replace("5.5", "5.45"))
    moved = test.run("relax", "relax.toml", "--json", "--set", f'conditions.pressure="{pressure} GPa"')
    test.claim(moved.returncode == 0, f"relax at {pressure} GPa: {moved.stdout}{moved.stderr}")
    if moved.returncode == 0:
        values = json.loads(moved.stdout)
        test.claim(abs(values["pressure"]["value"] - pressure) < 1e-3, f"pressure {values['pressure']}, not {pressure}")
        test.claim(abs(values["volume"]["value"] - 5.5**3 / 4) < 0.02, f"volume {values['volume']}")
        test.claim(values["space_group"]["value"] == "Fm-3m (225)", f"space group {values['space_group']}")
    waves = test.run("phonons", "relax.toml", "--json", "--set", 'structure.path="relax"', "--set", "phonons.supercell=[2, 2, 2]", "--output", "phonons")
    test.claim(waves.returncode == 0, f"phonons: {waves.stderr}")
    if waves.returncode == 0:
        values = json.loads(waves.stdout)
        test.claim(values["asymmetry"]["value"] < 1e-6 and values["residual_force"]["value"] < 1e-6, f"phonons: {values['asymmetry']}")

# Units: forces in Ry/bohr look like small ones; the element list is checked.
with open("other.extxyz", "w", encoding="ascii") as file:
    file.write(frame(draw).replace("Cl", "Br"))
unknown = test.run("evaluate", "evaluate.toml", "--output", "unknown", "--set", 'data.files=["other.extxyz"]')
test.claim(unknown.returncode == 1 and "Br is unknown" in unknown.stderr, f"unknown element: {unknown.stderr}")

wrong = test.run("train", "train.toml", "--output", "wrong", "--set", 'train.stop="soon"')
test.claim(wrong.returncode == 2 and "400 epochs" in wrong.stderr, f"train.stop: {wrong.stderr}")

# Pressures that contradict the energies are told; with what was said the labels agree again.
spoiled = test.run("train", "train.toml", "--output", "spoiled", "--set", 'data.pulay_pressure="-2 GPa"', "--set", 'train.stop="60 epochs"')
lacking = re.search(r"([\d.]+) \+- [\d.]+ GPa above those of the labels.*data\.pulay_pressure = \"(-?[\d.]+) GPa\"", spoiled.stderr)
test.claim(spoiled.returncode == 0 and lacking is not None, f"a pressure that the labels lack: {spoiled.stderr}")
if lacking is not None:
    test.claim(abs(float(lacking[1]) - 2) < 0.3 and abs(float(lacking[2])) < 0.3, f"2 GPa are lacking, not {lacking[0]}")

# A committee shares the moments and knows where it disagrees; a model can be trained further.
committee = test.run("train", "train.toml", "--output", "committee", "--set", "train.seeds=[1,2,3]", "--set", 'train.stop="5 epochs"')
test.claim(committee.returncode == 0, f"committee: {committee.stderr}")
judged = test.run("evaluate", "evaluate.toml", "--output", "judged", "--set", 'potential.model="committee/model.h5"')
test.claim(judged.returncode == 0 and os.path.exists("judged/deviations.dat"), f"no deviations: {judged.stderr}")
test.claim("mean over 3" in judged.stdout, f"errors of one network are not told: {judged.stdout}")
with open("judged/summary.json", encoding="utf-8") as file:
    values = json.load(file)
one, mean = values["force_rmse_of_networks"], values["force_rmse"]["value"]
test.claim(one["value"] > mean and one["standard_error"] > 0, f"three networks {one}, their mean {mean}")

# What was taken out as the test is known to the model: folds, subsets.
parts = test.run("train", "train.toml", "--output", "parts", "--set", "data.test=[]", "--set", "data.test_fraction=0.2", "--set", "data.fold=1",
                 "--set", "data.n_training=20", "--set", 'train.stop="2 epochs"', "--set", "data.validation=0")
test.claim(parts.returncode == 0 and "20 for training, 0 for validation, 8 for the test, 12 left out" in parts.stdout, f"split: {parts.stdout}{parts.stderr}")
for_test = ("evaluate", "evaluate.toml", "--output", "tested", "--set", 'potential.model="parts/model.h5"', "--set", 'data.part="test"')
tested = test.run(*for_test, "--json", "--set", 'data.files=["train.extxyz"]')
with open("parts/summary.json", encoding="utf-8") as file:
    known = json.load(file)
test.claim(tested.returncode == 0, f"data.part: {tested.stderr}")
if tested.returncode == 0:
    values = json.loads(tested.stdout)
    test.claim(values["n_structures"]["value"] == 8, f"{values['n_structures']} structures of the test")
    test.claim(abs(values["force_rmse"]["value"] / known["force_rmse"]["value"] - 1) < 1e-6, "evaluate and train disagree about the stored test")
nothing = test.run(*for_test, "--overwrite")
test.claim(nothing.returncode == 1 and "known by their names" in nothing.stderr, f"files without the test: {nothing.stderr}")
beyond = test.run("train", "train.toml", "--output", "beyond", "--set", "data.test=[]", "--set", "data.test_fraction=0.2", "--set", "data.fold=5")
test.claim(beyond.returncode == 1 and "5 folds, from 0" in beyond.stderr, f"fold 5 of 5: {beyond.stderr}")

longer = test.run("train", "train.toml", "--output", "longer", "--set", 'train.start="model/model.h5"', "--set", 'train.stop="5 epochs"')
test.claim(longer.returncode == 0, f"train.start: {longer.stderr}")
with open("longer/learning_curve.dat", encoding="utf-8") as file:
    first = [float(x) for x in [line for line in file if line[0] != "#"][0].split()]
test.claim(first[3] < float(curve[5].split()[3]), "going on from a model begins as badly as from nothing")


def numbers(folder):
    with open(f"{folder}/summary.json", encoding="utf-8") as file:
        values = json.load(file)
    return {name: entry for name, entry in values.items() if name not in ("wall_seconds", "peak_memory_mb", "training_seconds")}


# Killed in the middle: the same command goes on, with the same results.
test.killed("checkpoint.h5 in place", "train", "train.toml", "--output", "cut")
again = test.run("train", "train.toml", "--output", "cut")
test.claim(again.returncode == 0 and "goes on after epoch" in again.stdout, f"resume: {again.stdout[-300:]} {again.stderr}")
test.claim(numbers("model") == numbers("cut"), "a training that was killed leads to other results")

test.finish()
