#!/usr/bin/env python3
"""A loop over populations that is killed at named points, or finds no room on the disk: nothing is lost, and the same command
leads to the same numbers."""
import json
import os
import resource
import shutil
import signal
import subprocess
import sys

import claims

test = claims.Claims()
dyn = os.path.join(os.path.abspath(sys.argv[2]), "examples/lih/a4.13/harmonic.dyn")
# The quartic bonds of the toy model in lithium hydride: anharmonic, and done in seconds.
with open("run.toml", "w", encoding="utf-8") as file:
    file.write(f"""[potential]
kind = "snte-toy"
dyn = "{dyn}"
[start]
dyn = "{dyn}"
[conditions]
temperature = ["100 K", "200 K"]
[populations]
sizes = [200, 500, 1000]
final = 3000
[compute]
threads = 1
[output]
figures = false
""")

POINTS = (
    ("run.toml in place", "between steps:1", "between steps:4"),
    ("state.h5 begun", "state.h5 written", "between steps:9"),
    ("state.h5 in place", "state.h5 in place", "between steps:3"),
    ("populations.dat written:2", "populations.dat in place:2", "population.h5 written"),
    ("dyn1 written", "dyn2 in place", "result.h5 begun"),
    ("result.h5 written", "result.h5 in place", "summary.json written"),
    ("summary.json in place", "state.h5 in place", "result.h5 in place"),
    ("conditions.dat written", "conditions.dat in place"),
)


def command(folder):
    return [test.program, "sscha", "run.toml", "--output", folder]


def numbers(folder):
    """All that a run found, timing aside."""
    with open(f"{folder}/summary.json", encoding="utf-8") as file:
        summary = json.load(file)
    for name in ("wall_seconds", "peak_memory_mb"):
        del summary[name]
    tables = []
    for name in ("conditions.dat", "100K/populations.dat", "200K/populations.dat"):
        with open(f"{folder}/{name}", encoding="utf-8") as file:
            tables.append(file.read())
    return summary, tables


undisturbed = test.run(*command("whole")[1:])
test.claim(undisturbed.returncode == 0, f"the run ends with {undisturbed.returncode}\n{undisturbed.stderr}")
expected = numbers("whole")

# Up to three kills in each folder before the run may come to its end.
for number, points in enumerate(POINTS):
    folder = f"killed{number}"
    for point in points:
        test.killed(point, *command(folder)[1:])
        test.claim(not os.path.exists(f"{folder}/summary.json"), f"{folder}: killed at '{point}' it counts as finished")
    again = test.run(*command(folder)[1:])
    test.claim(again.returncode == 0, f"{folder}: after {points} exit code {again.returncode}\n{again.stderr}")
    test.claim(numbers(folder) == expected, f"{folder}: other numbers than those of an undisturbed run after {points}")
    test.claim(not any(name.endswith((".tmp", "state.h5")) for _, _, names in os.walk(folder) for name in names),
               f"{folder}: something unfinished is left")
    shutil.rmtree(folder)


# Ctrl-C behind the first population: the run says that it goes on there, and does.
long = [*command("stopped"), "--set", "populations.sizes=[200, 1000]", "--set", "populations.final=0"]
said = test.killed("state.h5 in place:1:INT", *long[1:], code=130).stderr
test.claim("goes on behind the last population" in said, f"Ctrl-C: it says {said}")
again = test.run(*long[1:])
test.claim(again.returncode == 0 and "goes on after population 1" in again.stdout, f"after Ctrl-C: {again.returncode}\n{again.stderr}")


def with_small_files(largest):
    """What a full disk does: writing ends with an error."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    return subprocess.run(command("full"), capture_output=True, text=True, preexec_fn=limit, check=False)


full = with_small_files(60000)
test.claim(full.returncode == 1 and "error: " in full.stderr and "full/100K/" in full.stderr,
           f"no room for a file: exit code {full.returncode}\n{full.stderr}")
again = test.run(*command("full")[1:])
test.claim(again.returncode == 0 and numbers("full") == expected, f"with room again: exit code {again.returncode}\n{again.stderr}")

with open("a_file", "w", encoding="utf-8"):
    pass
refused = test.run("sscha", "run.toml", "--output", "a_file/folder")
test.claim(refused.returncode == 1 and "a_file" in refused.stderr, f"no folder can be made: exit code {refused.returncode}\n{refused.stderr}")
test.finish()
