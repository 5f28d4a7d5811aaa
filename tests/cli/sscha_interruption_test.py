#!/usr/bin/env python3
"""A loop over populations that is killed at random moments, or finds no room on the disk: nothing is lost, and the same command
leads to the same numbers."""
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time

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


began = time.monotonic()
undisturbed = test.run(*command("whole")[1:])
duration = time.monotonic() - began
test.claim(undisturbed.returncode == 0, f"the run ends with {undisturbed.returncode}\n{undisturbed.stderr}")
expected = numbers("whole")

def is_finished(folder):
    return os.path.exists(f"{folder}/summary.json")


# Thirty kills, up to three in each folder before it may come to its end. A run that ends before its kill makes the next moments earlier.
random.seed(2026)
n_killed = n_folders = 0
while n_killed < 30 and n_folders < 60:
    folder = f"killed{n_folders}"
    n_folders += 1
    for _ in range(3):
        with subprocess.Popen(command(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                process.wait(timeout=random.uniform(0, 0.8 * duration))
                duration *= 0.8
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                n_killed += 1
        if is_finished(folder):
            break
    if not is_finished(folder):
        again = test.run(*command(folder)[1:])
        test.claim(again.returncode == 0, f"{folder}: after the kills exit code {again.returncode}\n{again.stderr}")
    test.claim(numbers(folder) == expected, f"{folder}: other numbers than those of an undisturbed run")
    test.claim(not any(name.endswith((".tmp", "state.h5")) for _, _, names in os.walk(folder) for name in names),
               f"{folder}: something unfinished is left")
    shutil.rmtree(folder)
test.claim(n_killed >= 30, f"only {n_killed} runs were killed before their end")


# Ctrl-C behind the first population: the run says that it goes on there, and does. The second population takes a while.
long = [*command("stopped"), "--set", "populations.sizes=[200, 40000]", "--set", "populations.final=0"]
with subprocess.Popen(long, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
    deadline = time.monotonic() + 60
    while not os.path.exists("stopped/100K/state.h5") and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    said = process.stderr.read()
test.claim(process.returncode == 130 and "goes on behind the last population" in said, f"Ctrl-C: {process.returncode}, it says {said}")
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
