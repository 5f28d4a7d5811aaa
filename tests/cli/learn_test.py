#!/usr/bin/env python3
"""Active learning end to end, with a mock for DFT: by hand and by itself, to the frequencies that SSCHA has on the mock itself."""
import glob
import json
import subprocess
import sys

import claims
import learn_mock

test = claims.Claims()
RUN = learn_mock.write_crystal(sys.argv[2]) + """[learn]
batch = 13
maximum_labels = 80
pool = 80
[model]
radial_cutoff = "5 angstrom"
angular_cutoff = "4 angstrom"
radial_order = 6
radial_channels = 4
angular_order = 2
channels = 2
hidden = [8, 8]
[train]
stop = "10 epochs"
[populations]
sizes = [60]
final = 200
[output]
figures = false
"""
with open("learn.toml", "w", encoding="utf-8") as file:
    file.write(RUN)


def learn(*options, code=0):
    done = test.run("learn", "learn.toml", *options)
    test.claim(done.returncode == code, f"learn {' '.join(options)} ends with {done.returncode}, not {code}\n{done.stderr}")
    return done


def says(done, text):
    test.claim(text in done.stdout + done.stderr, f"it does not say '{text}':\n{done.stdout}{done.stderr}")


# By itself, to the end.
done = learn("--json")
summary = json.loads(done.stdout)
test.claim(summary["converged"]["value"] is True, "it has not converged")
test.claim(summary["n_labels"]["value"] <= 80 and summary["n_tasks"]["value"]["abandoned"] == 0, "labels")
for name in ("free_energy", "frequencies", "volume", "space_group", "entropy", "n_rounds", "stop_reason"):
    test.claim(name in summary, f"{name} is not in summary.json")
energy = summary["free_energy"]
test.claim(energy["potential_error"] > 0 and energy["certificate"]["verdict"] == "pass", "the free energy is not certified")
# SSCHA on the mock itself, populations of 2000: -2.28021 eV; 160.5(2), 380.0(2) and 255.7(2), 386.3(2) cm^-1.
test.claim(abs(energy["value"] + 2.28021) < 5e-4, f"a free energy of {energy['value']}")
q_points = summary["frequencies"]["value"]
for point, exact in ((q_points[1], (160.5, 160.5, 380.0)), (q_points[-1], (255.7, 255.7, 386.3))):
    for value, statistical, potential, wanted in zip(point["value"], point["standard_error"], point["potential_error"], exact):
        error = (statistical ** 2 + potential ** 2 + 0.2 ** 2) ** 0.5
        test.claim(abs(value - wanted) < 4 * error and error < 8, f"{value} cm^-1 with an error of {error}, it should be {wanted}")
says(test.run("info", "learn"), "converged")
says(learn("--verify"), "0 complaints")
says(learn("--check"), "nothing: it has converged")
test.claim(test.run("hessian", "-", "--set", 'ensemble.result="learn"', "--set", "hessian.order=3", "--set", "output.figures=false").returncode in (0, 1),
           "hessian dies")
output = sorted(glob.glob("learn/tasks/*/*/run.*/out"))[0]
with open(output, encoding="utf-8") as file:
    text = file.read()
with open(output, "w", encoding="utf-8") as file:
    file.write(text.replace("energy=", "energy=1"))
says(learn("--verify", code=1), "has changed since it was taken in")

# By hand: it writes a list and a script, and waits.
by_hand = ("--set", 'dft.runner="none"', "--output", "hand")
waits = learn(*by_hand, code=75)
says(waits, "xargs")
says(learn(*by_hand, "--check"), "next")
line = next(line for line in waits.stdout.split("\n") if "xargs" in line).split("`")[1]
test.claim(subprocess.run(line, shell=True, check=False).returncode == 0, "the line that it proposes fails")
says(learn(*by_hand, "--only", "harvest"), "round")
says(learn(*by_hand, code=75), "13 tasks wait")
says(test.run("info", "hand"), "13 waited for")

# A scheduler that runs the elements of an array one after another while it is asked.
queue = "for i in $(seq 0 12); do SLURM_ARRAY_TASK_ID=$i bash {script} > /dev/null 2>&1; done; echo 17"
says(learn("--output", "queue", "--set", 'dft.runner="slurm"', "--set", f"dft.submit='{queue}'", "--set", "learn.maximum_labels=15", code=3), "submitted")

# What is wrong is said in one line, and nothing is lost.
says(learn("--output", "hand", "--set", 'dft.command="other < {input} > {output}"', "--set", 'dft.runner="none"', code=1), "labels of another method")
says(learn("--set", "start.supercell=[2, 2]", code=2), "a structure needs 3")
says(learn("--only", "everything", "--check", code=2), "harvest, score, select")
says(learn("--set", 'dft.kind="pwx"', code=2), "dft.template is missing")
says(learn("--set", 'learn.frequency_tolerance="a lot"', code=2), "1 %")
test.finish()
