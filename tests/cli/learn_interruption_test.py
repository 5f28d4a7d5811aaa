#!/usr/bin/env python3
"""A loop of active learning with a mock for DFT that is killed at named points: no label is lost, none is asked for twice, and the
same command leads to the same labels and the same choices.

    learn_interruption_test.py PROGRAM SOURCE [N]   N: kills at so many points, of which the suite takes a few
"""
import glob
import json
import os
import random
import shutil
import sys

import claims
import learn_mock

test = claims.Claims()
RUN = learn_mock.write_crystal(sys.argv[2])
with open("learn.toml", "w", encoding="utf-8") as file:
    file.write(RUN + """[learn]
batch = 12
first = 8
maximum_labels = 22
pool = 60
heads = 3
[model]
radial_cutoff = "5 angstrom"
angular_cutoff = "4 angstrom"
radial_order = 5
radial_channels = 3
angular_order = 1
channels = 1
hidden = [6, 6]
[train]
stop = "4 epochs"
[populations]
sizes = [40]
maximum = 2
final = 0
[compute]
threads = 1
[output]
figures = false
""")

# Each with the number of its arrival; those with a list happen more often in a run.
POINTS = {"run.toml in place": [1], "project.json written": [1], "journal.jsonl begun": range(1, 50), "journal.jsonl partly written": range(1, 50),
          "journal.jsonl written": range(1, 50), "structure.extxyz written": range(1, 25), "configuration.extxyz in place": range(1, 25),
          "selection.json begun": [1, 2, 3], "selection.json in place": [1, 2, 3], "submission written": [1, 2, 3], "labels computed": range(1, 300, 3),
          "result.json begun": range(1, 25), "result.json written": range(1, 25), "result.json in place": range(1, 25), "labels.json written": [1, 2],
          "labels.json in place": [1, 2], "audit.json written": [1, 2], "audit.json in place": [1, 2], "calibration.json in place": [1, 2],
          "checkpoint.h5 in place": [1, 2], "new.h5 written": [1, 2], "new.h5 in place": [1, 2], "model kept": [1, 2], "trained.json written": [1, 2],
          "trained.json in place": [1, 2], "density.h5 written": [1, 2, 3], "density.h5 in place": [1, 2, 3], "population.h5 written": [1, 2],
          "state.h5 in place": [1], "result.h5 written": [1, 2], "result.h5 in place": [1, 2, 4], "observables.json written": [1, 2, 3, 4],
          "observables.json in place": [1, 2, 3, 4], "rounds.dat written": [1], "dyn1 in place": [1], "summary.json written": [1]}
IN_THE_SUITE = ("journal.jsonl partly written:7", "selection.json in place:2", "labels computed:40", "result.json in place:5", "trained.json in place:1",
                "observables.json written:3")


def found(folder):
    """Labels and choices, without the names of runs, which are random."""
    labels = {}
    for path in glob.glob(f"{folder}/tasks/*/*/result.json"):
        with open(path, encoding="utf-8") as result:
            label = json.load(result)
        del label["output"]
        labels[label["task"]] = label
    choices = []
    for path in sorted(glob.glob(f"{folder}/rounds/*/selection.json")):
        with open(path, encoding="utf-8") as selection:
            choices.append(selection.read())
    return labels, choices


def asked(folder):
    with open(f"{folder}/journal.jsonl", encoding="utf-8") as journal:
        lines = [line for line in journal.read().split("\n") if line.endswith("}")]
    return [entry["task"] for entry in map(json.loads, lines) if entry["from"] == "new"]


def learn(folder):
    return ["learn", "learn.toml", "--output", folder]


undisturbed = test.run(*learn("whole"))
test.claim(undisturbed.returncode == 3, f"the run ends with {undisturbed.returncode}\n{undisturbed.stderr}")
expected = found("whole")
test.claim(len(expected[0]) == 22 and len(expected[1]) == 3, f"{len(expected[0])} labels in {len(expected[1])} rounds")

points = IN_THE_SUITE
if len(sys.argv) > 3:
    every = [f"{name}:{number}" for name, numbers in POINTS.items() for number in numbers]
    points = random.Random(1).sample(every, min(int(sys.argv[3]), len(every)))
n_kills = 0
for point in points:
    # A point that a run does not reach (a loop that takes fewer turns) kills nothing: then it came to its end.
    done = test.killed(point, *learn("killed"), code=-9) if len(sys.argv) <= 3 else None
    if done is None:
        os.environ["ZEROPOINT_KILL_AT"] = point
        n_kills += test.run(*learn("killed")).returncode == -9
        del os.environ["ZEROPOINT_KILL_AT"]
    else:
        n_kills += 1
    again = test.run(*learn("killed")) if not os.path.exists("killed/summary.json") else None
    test.claim(again is None or again.returncode == 3, f"after '{point}' it ends with {again and again.returncode}\n{again and again.stderr}")
    test.claim(found("killed") == expected, f"after '{point}' labels or choices are others")
    tasks = asked("killed")
    test.claim(len(tasks) == len(set(tasks)) == 22, f"after '{point}' {len(tasks)} tasks were asked for, {len(set(tasks))} different ones")
    shutil.rmtree("killed")
print(n_kills, "kills")
test.finish()
