#!/usr/bin/env python3
"""Damaged files of matrices and force constants, every kind that is read: an error in one line or a true result, never
a crash, a trace or a hang. ZEROPOINT_MUTATIONS: how many a kind (5)."""
import os
import random
import re
import resource
import shutil
import subprocess
import sys

import claims

source_folder = os.path.abspath(sys.argv[2])
test = claims.Claims()
per_kind = int(os.environ.get("ZEROPOINT_MUTATIONS", "5"))
dyn = os.path.join(source_folder, "examples/lih/a4.006/harmonic.dyn")
phonopy = os.path.join(source_folder, "tests/data/phonopy")


def converted(form, output):
    done = test.run("convert", dyn, "--to", form, "--output", output)
    test.claim(done.returncode == 0, f"{form} is not written: {done.stderr}")


converted("qe", "good/dyn")
converted("qe-xml", "good/x.dyn.xml")
converted("q2r", "good/lih.fc")
converted("q2r-xml", "good/lih.fc.xml")
converted("phonopy", "good/ph")
shutil.copytree(phonopy, "good/sets")
for name in ("FORCE_CONSTANTS", "force_constants.hdf5"):
    os.remove(f"good/sets/{name}")
shutil.copytree("good/ph", "good/packed")
packs = shutil.which("xz") is not None
if packs:
    subprocess.run(["xz", "good/packed/phonopy_params.yaml"], check=True)

# What is damaged, and what is then read.
kinds = [("good/dyn2", "dyn"), ("good/dyn0", "dyn"), ("good/dyn1", "dyn"), ("good/x.dyn1.xml", "x.dyn.xml"),
         ("good/x.dyn2.xml", "x.dyn"), ("good/lih.fc", "lih.fc"), ("good/lih.fc.xml", "lih.fc.xml"),
         ("good/ph/phonopy_params.yaml", "ph"), ("good/ph/FORCE_CONSTANTS", "ph/FORCE_CONSTANTS"),
         ("good/ph/force_constants.hdf5", "ph/force_constants.hdf5"), ("good/sets/BORN", "sets"),
         ("good/sets/FORCE_SETS", "sets"), ("good/sets/phonopy.yaml", "sets/phonopy.yaml")]
if packs:
    kinds.append(("good/packed/phonopy_params.yaml.xz", "packed"))

bad_words = [b"NaN", b"-inf", b"1e999", b"****", b"0", b"-1", b"999999999999", b"1.0-300", b"", b"'",
             b"\xff\xfe", b"T", b"1e-320"]
numbers = re.compile(rb"[-+]?\d+\.?\d*(?:[eED][-+]?\d+)?")


def damaged(data, dice):
    how = dice.randrange(8)
    place = dice.randrange(len(data))
    if how == 0:
        return data[:place]
    if how == 1:  # bytes exchanged
        other = dice.randrange(len(data))
        spoilt = bytearray(data)
        spoilt[place], spoilt[other] = spoilt[other], spoilt[place]
        return bytes(spoilt)
    if how == 2:
        spoilt = bytearray(data)
        for _ in range(dice.choice((1, 1, 4, 30))):
            spoilt[dice.randrange(len(data))] = dice.randrange(256)
        return bytes(spoilt)
    if how == 3:  # a piece twice or not at all
        end = min(len(data), place + dice.choice((1, 8, 80, 800)))
        return data[:place] + data[end:] if dice.random() < 0.5 else data[:end] + data[place:]
    if how == 4:  # lines exchanged
        lines = data.split(b"\n")
        i, j = dice.randrange(len(lines)), dice.randrange(len(lines))
        lines[i], lines[j] = lines[j], lines[i]
        return b"\n".join(lines)
    if how == 5:  # a line away
        lines = data.split(b"\n")
        del lines[dice.randrange(len(lines))]
        return b"\n".join(lines)
    found = list(numbers.finditer(data if how == 6 else data[:3000]))  # the head is where counts and cells stand
    if not found:
        return data[:place]
    number = dice.choice(found)
    return data[:number.start()] + dice.choice(bad_words) + data[number.end():]


def limit():
    resource.setrlimit(resource.RLIMIT_AS, (16 << 30, 16 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


count = refused = 0
for file, source in kinds:
    with open(file, "rb") as stream:
        data = stream.read()
    for i in range(per_kind):
        dice = random.Random(f"{file} {i}")
        shutil.rmtree("bad", ignore_errors=True)
        shutil.copytree("good", "bad")
        with open("bad" + file[4:], "wb") as stream:
            stream.write(damaged(data, dice))
        arguments = ["info", "bad/" + source]
        if i % 2 == 0:
            arguments = ["convert", "bad/" + source, "--to", "q2r", "--output", "bad/out.fc"]
        what = f"{file}, mutation {i}, {arguments[0]}"
        try:
            done = subprocess.run([test.program, *arguments], capture_output=True, timeout=60, preexec_fn=limit)
        except subprocess.TimeoutExpired:
            test.claim(False, f"{what}: hangs")
            continue
        count += 1
        text = done.stderr.decode(errors="replace")
        test.claim(done.returncode in (0, 1, 2), f"{what}: exit code {done.returncode}\n{text[-2000:]}")
        if done.returncode == 0:
            continue
        refused += 1
        lines = [line for line in text.strip("\n").split("\n") if not line.startswith("warning: ")]
        test.claim(len(lines) == 1 and lines[0].startswith("error: "),
                   f"{what}: not one line of error:\n{text[-2000:]}")
        for trace in ("Exception raised", "frame #", "terminate called", "what():", "internal error", "std::",
                      "bad_alloc"):
            test.claim(trace not in text, f"{what}: a trace reaches the user:\n{text[-2000:]}")

print(f"{count} damaged files, {refused} refused")
test.claim(refused > count / 4, "hardly any damaged file is refused: are they damaged?")
test.finish()
