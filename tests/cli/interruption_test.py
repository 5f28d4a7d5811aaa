#!/usr/bin/env python3
"""A run that is stopped or killed at named points: the same command gives what an undisturbed run gives."""
import json
import os

import claims

test = claims.Claims()
claims.write_dyn("dyn")
claims.write_dyn("start", springs=(0.1, 0.03))
claims.write_ensemble("population", 1500)
# Fixed small steps: a path long enough to be cut anywhere.
claims.write_run_file("run.toml", more="""[start]
dyn = "start"
[minimize]
method = "reference"
gradient_to_error = 0
max_steps = 100
[minimize.reference]
step = 0.01
line_search = false
""")


def summary(folder):
    """The numbers of a run, timing aside."""
    with open(f"{folder}/summary.json", encoding="utf-8") as file:
        values = json.load(file)
    for name in ("wall_seconds", "peak_memory_mb"):
        del values[name]
    return values


def same_as_undisturbed(folder, what):
    again = test.run("minimize", "run.toml", "--output", folder)
    if not test.claim(again.returncode == undisturbed.returncode, f"{what}: then exit code {again.returncode}\n{again.stderr}"):
        return
    test.claim("begins again" in again.stdout, f"{what}: the second run does not say that it begins again")
    test.claim(summary(folder) == expected, f"{what}: other numbers than undisturbed")
    for name in ("dyn1", "dyn2", "steps.dat", "structure.cif"):
        with open(f"{folder}/{name}", encoding="utf-8") as one, open(f"undisturbed/{name}", encoding="utf-8") as other:
            test.claim(one.read() == other.read(), f"{what}: another {name}")
    left = [name for _, _, names in os.walk(folder) for name in names if name.endswith(".tmp")]
    test.claim(not left, f"{what}: {left} stay")


undisturbed = test.run("minimize", "run.toml", "--output", "undisturbed")
test.claim(undisturbed.returncode == 3, f"undisturbed: {undisturbed.returncode} {undisturbed.stderr}")
expected = summary("undisturbed")
test.claim(expected["n_steps"]["value"] == 100, "the path ends early: there is little to interrupt")

for name, code in (("TERM", 143), ("INT", 130)):
    said = test.killed(f"between steps:25:{name}", "minimize", "run.toml", "--output", name, code=code).stderr
    test.claim(said.startswith("error: interrupted by ") and "same command" in said, f"{name}: it says {said}")
    test.claim(not os.path.exists(f"{name}/summary.json"), f"{name}: the run counts as finished")
    same_as_undisturbed(name, name)

points = ("run.toml in place", "between steps:1", "between steps:30", "between steps:75", "steps.dat partly written", "dyn1 written", "dyn2 in place",
          "result.h5 begun", "result.h5 written", "result.h5 in place", "summary.json written")
for number, point in enumerate(points):
    folder = f"killed{number}"
    test.killed(point, "minimize", "run.toml", "--output", folder)
    test.claim(not os.path.exists(f"{folder}/summary.json"), f"killed at '{point}': the run counts as finished")
    same_as_undisturbed(folder, f"killed at '{point}'")

test.killed("summary.json in place", "minimize", "run.toml", "--output", "end")
test.claim(summary("end") == expected, "killed behind its last file: other numbers than undisturbed")

test.finish()
