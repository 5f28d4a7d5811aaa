#!/usr/bin/env python3
"""minimize on inputs that are wrong: exit code 1 or 2 and one line that names the place and the remedy, never a trace."""
import os
import shutil

import claims

test = claims.Claims()


def fresh():
    """A correct input, to be spoilt in one way."""
    for name in ("population", "result"):
        shutil.rmtree(name, ignore_errors=True)
    for name in ("dyn0", "dyn1", "dyn2"):
        if os.path.exists(name):
            os.remove(name)
    claims.write_dyn("dyn")
    claims.write_run_file("run.toml", more="[output]\ndirectory = \"result\"\nfigures = false\n")
    return claims.write_ensemble("population", 400)


def refused(what, code, *words, more=()):
    done = test.run("minimize", "run.toml", *more)
    lines = done.stderr.splitlines()
    test.claim(done.returncode == code, f"{what}: exit code {done.returncode}, not {code}\n  {done.stderr}")
    test.claim(len(lines) == 1 and lines[0].startswith("error: "), f"{what}: not one line of error:\n{done.stderr}")
    for word in words:
        test.claim(word in done.stderr, f"{what}: the message does not say '{word}':\n  {done.stderr}")
    for trace in ("Exception raised", "frame #", "terminate called", "what():", "internal error"):
        test.claim(trace not in done.stderr, f"{what}: a trace reaches the user:\n  {done.stderr}")
    test.claim(not os.path.exists("result/summary.json"), f"{what}: there is a result")


fresh()
done = test.run("minimize", "run.toml")
test.claim(done.returncode == 0, f"the correct input is refused: {done.returncode} {done.stderr}")
test.claim("converged" in done.stdout, "the harmonic ensemble is not converged where it was drawn")

fresh()
os.truncate("population/forces_pop1.npy", 20000)
refused("truncated npy", 1, "population/forces_pop1.npy", "truncated")

positions, _, _ = fresh()
positions[12 * 6 + 5] = float("nan")
claims.write_npy("population/xats_pop1.npy", positions, (400, 4, 3))
refused("NaN", 1, "population: configuration 7, atom 2")

fresh()
with open("population/energies_pop1.npy", "wb") as file:
    file.write(b"PK\x03\x04 no array")
refused("a zip file", 1, "population/energies_pop1.npy")

_, energies, _ = fresh()
claims.write_npy("population/energies_pop1.npy", energies[:300], (300,))
refused("missing energies", 1, "energies_pop1.npy", "300")

positions, _, _ = fresh()
blocks = [positions[i:i + 12] for i in range(0, len(positions), 12)]
claims.write_npy("population/xats_pop1.npy", [x for b in blocks for x in b[6:] + b[:6]], (400, 4, 3))
refused("exchanged cells", 1, "atom 1", "order")

fresh()
os.remove("dyn2")
refused("a missing star", 1, "dyn2")

fresh()
os.remove("dyn0")
os.remove("dyn2")
refused("only the first star", 1, "dyn", "grid")

fresh()
claims.write_dyn("dyn", springs=tuple(2 * k for k in claims.SPRINGS))
refused("matrices that did not generate it", 1, "generating", "ensemble.dyn")

fresh()
claims.write_dyn("dyn", mass=22.0)
refused("masses in amu", 1, "dyn1", "amu")

fresh()
claims.write_ensemble("population", 400, force_factor=claims.BOHR)
refused("forces in Ry/bohr", 1, "population", "Ry/bohr", "Ry/angstrom")

fresh()
refused("the wrong temperature", 1, "100 K", "ensemble.temperature", more=["--set", "ensemble.temperature=100 K"])

fresh()
shutil.rmtree("population")
os.mkdir("population")
refused("an empty folder", 1, "population", "npy")

fresh()
refused("no such folder", 1, "elsewhere", more=["--set", "ensemble.path=elsewhere"])

fresh()
refused("another population number", 1, "population", more=["--set", "ensemble.population=2"])

fresh()
claims.write_run_file("run.toml", more="[minimize]\nmax_step = 10\n")
refused("an unknown key", 2, "run.toml:", "minimize.max_step", "max_steps")

fresh()
claims.write_run_file("run.toml", text=claims.RUN_FILE.replace('"300 K"', "300"))
refused("a bare number", 2, "run.toml:", "ensemble.temperature", '"300 K"')

fresh()
claims.write_run_file("run.toml", text=claims.RUN_FILE.replace('"300 K"', '"300 eV"'))
refused("another dimension", 2, "run.toml:", "ensemble.temperature")

fresh()
claims.write_run_file("run.toml", text=claims.RUN_FILE.replace('path = "population"', ""))
refused("a missing key", 2, "run.toml", "ensemble.path")

fresh()
claims.write_run_file("run.toml", text="[ensemble\n")
refused("no TOML", 2, "run.toml:1")

fresh()
done = test.run("minimize", "run.toml", "--device", "cuda")
if done.returncode != 0:  # it is 0 where there is a GPU
    refused("no GPU", 2, "compute.device", "cpu", more=["--device", "cuda"])

test.finish()
