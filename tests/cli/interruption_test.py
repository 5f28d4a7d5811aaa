#!/usr/bin/env python3
"""A run that is stopped or killed at any moment: the same command gives what an undisturbed run gives."""
import json
import os
import signal
import subprocess
import time

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


def holds(folder, text):
    """The log holds a line with this text."""
    try:
        with open(f"{folder}/log.txt", encoding="utf-8") as file:
            return text in file.read()
    except OSError:
        return False


def cut(folder, number, moment):
    """Sends a signal to a run at a moment. @returns its exit code and what it said, or none when it had ended before."""
    with subprocess.Popen([test.program, "minimize", "run.toml", "--output", folder], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not moment() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.0005)
        process.send_signal(number)
        error = process.stderr.read()
    return process.returncode, error


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

for name, number, code in (("SIGTERM", signal.SIGTERM, 143), ("SIGINT", signal.SIGINT, 130)):
    got, said = cut(name, number, lambda name=name: holds(name, "   20  "))
    test.claim(got == code, f"{name}: exit code {got}, not {code}: {said}")
    test.claim(said.startswith("error: interrupted by ") and "same command" in said, f"{name}: it says {said}")
    test.claim(not os.path.exists(f"{name}/summary.json"), f"{name}: the run counts as finished")
    same_as_undisturbed(name, name)

moments = {
    "begun": lambda folder: os.path.exists(f"{folder}/run.toml"),
    "start": lambda folder: holds(folder, "|gradient|"),
    "step_5": lambda folder: holds(folder, "    5  "),
    "step_70": lambda folder: holds(folder, "   70  "),
    "matrices": lambda folder: os.path.exists(f"{folder}/dyn1"),
    "result": lambda folder: os.path.exists(f"{folder}/result.h5.tmp") or os.path.exists(f"{folder}/result.h5"),
    "figures": lambda folder: os.path.exists(f"{folder}/figures"),
}
n_cut = 0
for name, moment in moments.items():
    got, said = cut(name, signal.SIGKILL, lambda name=name, moment=moment: moment(name))
    if os.path.exists(f"{name}/summary.json"):  # it was quicker than the signal: whole, then
        test.claim(summary(name) == expected, f"{name}: other numbers than undisturbed")
        continue
    n_cut += 1
    test.claim(got == -signal.SIGKILL, f"killed at {name}: exit code {got}: {said}")
    same_as_undisturbed(name, f"killed at {name}")
test.claim(n_cut >= 4, f"only {n_cut} runs were cut before their end")

test.finish()
