#!/usr/bin/env python3
"""Matrices and force constants that fit no crystal, or another one: what people bring, what is said, what is done."""
import math
import os
import re
import shutil
import subprocess
import sys

import claims

source_folder = os.path.abspath(sys.argv[2])
test = claims.Claims()
lih = os.path.join(source_folder, "examples/lih/a4.006/harmonic.dyn")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def fresh(prefix=lih, n=4):
    """The good set as dyn0, dyn1, ..., to be spoilt in one way."""
    for name in os.listdir("."):
        if re.fullmatch(r"dyn\d", name):
            os.remove(name)
    for i in range(n):
        shutil.copy(f"{prefix}{i}", f"dyn{i}")


def edit(path, pattern, replacement, flags=0):
    text = read(path)
    changed = re.sub(pattern, replacement, text, count=1, flags=flags)
    test.claim(changed != text, f"nothing in {path} is like {pattern}")
    write(path, changed)


def expect(what, code, arguments, *words):
    done = test.run(*arguments)
    text = done.stdout + done.stderr
    test.claim(done.returncode == code, f"{what}: exit code {done.returncode}, not {code}\n{text}")
    for word in words:
        test.claim(word in text, f"{what}: '{word}' is not said:\n{text}")
    return text


write("run.toml", """[dyn]
path = "dyn"
[dispersion]
grid = [2, 2, 2]
[dos]
grid = [4, 4, 4]
[thermodynamics]
temperature = ["300 K"]
[output]
directory = "result"
figures = false
""")
bands = ["dispersion", "run.toml", "--overwrite"]

# --- Born charges ---
fresh()
expect("a mesh and its Gamma", 0, bands, "no direction of the field at Gamma",
       "is the highest with the field of q -> 0 along")


def with_charge(added):
    """Charge of Li, whole tensor, with `added` on its diagonal."""
    fresh()
    edit("dyn1", r"(?<=atom #    1\n)(?:.*\n){3}",
         lambda m: "".join("  ".join(f"{float(x) + added * (i == k):.12f}" for k, x in enumerate(line.split())) + "\n"
                           for i, line in enumerate(m[0].splitlines())))


with_charge(0.2)
expect("charges that sum to 0.2", 0, bands, "the Born charges sum to 0.2", "use more k points")
with_charge(0.8)
expect("charges that sum to 0.8", 1, bands, "the Born effective charges sum to 0.8", "more k points")
fresh()
edit("dyn1", r"(?<=atom #    1\n)\s*\S+", "  1.400000000000")
expect("charges without the symmetry of the site", 1, bands,
       "the Born effective charges of atom 1 (Li) and of its image under", "differ by")
expect("info of such charges", 0, ["info", "dyn"], "the Born effective charges of atom 1 (Li)")
fresh()
edit("dyn1", r"(Dielectric Tensor:\s+)\S+", r"\g<1>0.3")
edit("dyn1", r"(Dielectric Tensor:(?:\s+\S+){4}\s+)\S+", r"\g<1>0.3")
edit("dyn1", r"(Dielectric Tensor:(?:\s+\S+){8}\s+)\S+", r"\g<1>0.3")
expect("a dielectric tensor below 1", 1, bands, "eigenvalue")

# --- the structure ---
fresh()
for i in (1, 2, 3):
    edit(f"dyn{i}", r"(\n    2    2\s+)(\S+)", lambda m: f"{m[1]}{float(m[2]) + 1e-4:.10f}")
expect("a structure that is slightly off", 0, [*bands, "--check"],
       "angstrom the space group is Fm-3m (225), 48 operations",
       "or set symmetry.tolerance")
expect("on a grid with room for images", 0,
       [*bands, "--set", f'dyn.path="{lih}"', "--set", "dispersion.grid=[4, 4, 4]"])
fresh("result/dyn", 9)
test.claim("moved by a lattice vector" not in expect("the grid of LiH", 0, ["info", "dyn"]),
           "LiH is taken for a crystal with a moved atom")
for i in range(1, 9):  # a lattice vector of (1, 0, -1) alat
    edit(f"dyn{i}", r"(\n    2    2\s+)(\S+)(\s+)(\S+)(\s+)(\S+)",
         lambda m: f"{m[1]}{float(m[2]) + 1:.10f}{m[3]}{m[4]}{m[5]}{float(m[6]) - 1:.10f}")
expect("an atom in another cell than its force constants", 0, ["info", "dyn"], "an atom was moved by a lattice vector")

# --- files of two runs ---
fresh()
shutil.copy(os.path.join(source_folder, "examples/lih/a4.13/harmonic.dyn2"), "dyn2")
expect("a star of another crystal", 1, ["info", "dyn"], "are of two crystals: cell vectors differ")
fresh()
shutil.copy("dyn2", "dyn3")
expect("a star twice", 1, ["info", "dyn"], "every q must be given once")
fresh()
os.remove("dyn3")
expect("a star that is missing", 1, ["info", "dyn"], "dyn3 is missing")

# --- phonopy ---
expect("phonopy's files", 0, ["convert", lih, "--to", "phonopy", "--output", "good"])


def again(constants=True):
    shutil.rmtree("ph", ignore_errors=True)
    shutil.copytree("good", "ph")
    os.remove("ph/force_constants.hdf5")
    if not constants:
        edit("ph/phonopy_params.yaml", r"\nforce_constants:.*", "\n", re.DOTALL)


again()
edit("ph/phonopy_params.yaml", r"supercell_matrix:\n- \[\s+2,", "supercell_matrix:\n- [ 3,")
expect("a supercell that does not fit its matrix", 1, ["info", "ph"], "ph/phonopy_params.yaml", "supercell")
again(constants=False)
edit("ph/phonopy_params.yaml", r"supercell_matrix:\n- \[\s+2,", "supercell_matrix:\n- [ 3,")
edit("ph/phonopy_params.yaml", r"\nsupercell:.*?\n(?=\S)", "\n", re.DOTALL)
expect("force constants of another supercell", 1, ["info", "ph/FORCE_CONSTANTS"],
       "2 x 16 force constants, the supercell has 24 atoms")
again(constants=False)
lines = read("good/FORCE_CONSTANTS").split("\n")
blocks = {tuple(map(int, lines[k].split())): lines[k + 1:k + 4] for k in range(1, len(lines) - 1, 4)}


def write_in_order(columns):
    """Columns of the first eight atoms, those of one species, in this order."""
    order = dict(zip(range(1, 9), columns))
    write("ph/FORCE_CONSTANTS", lines[0] + "\n" + "".join(
        "\n".join([f"{i} {j}", *blocks[i, order.get(j, j)]]) + "\n" for i, j in blocks))


write_in_order((1, 8, 3, 4, 5, 6, 7, 2))
expect("force constants of atoms in another order", 1, ["info", "ph/FORCE_CONSTANTS"],
       "the force constants between atom 1 in cell",
       "the atoms of the file stand in another order")
# Axes exchanged in the order of the cells: each matrix stays symmetric, the crystal does not.
write_in_order((1, 3, 5, 7, 2, 4, 6, 8))
expect("force constants of cells in another order", 0, ["info", "ph/FORCE_CONSTANTS"],
       "the matrices break the symmetry of their crystal",
       "atoms stand in another order")
again()
write("ph/phonopy_params.yaml", read("ph/phonopy_params.yaml") + "site_mixture_scheme: vca\n")
expect("mixed sites", 1, ["info", "ph"], "give an ordered structure")
if shutil.which("xz"):
    again()
    subprocess.run(["xz", "ph/phonopy_params.yaml"], check=True)
    for name in ("ph", "ph/phonopy_params.yaml.xz"):
        expect("a packed file", 0, ["info", name], "phonopy calculation", "primitive_matrix 1 0 0 / 0 1 0 / 0 0 1")

# --- sound that is imaginary between the points of the grid ---
# A chain of one atom, springs to first and second neighbours, Rydberg units.
MASS, K1, K2, ACROSS = 20000.0, 0.05, -0.02, 0.03
stars = [[0.0], [0.25, -0.25], [0.5]]
write("dyn0", "4 1 1\n3\n" + "".join(f"{star[0]} 0 0\n" for star in stars))
for number, star in enumerate(stars, 1):
    text = "Dynamical matrix file\nchain\n1 1 0 8.0 0 0 0 0 0\n"
    text += f"Basis vectors\n1 0 0\n0 2 0\n0 0 2\n 1 'Na ' {MASS}\n 1 1 0 0 0\n\n"
    for q in star:
        first, second = 2 - 2 * math.cos(2 * math.pi * q), 2 - 2 * math.cos(4 * math.pi * q)
        diagonal = [K1 * first + K2 * second, ACROSS * first, ACROSS * first]
        rows = "\n".join(" ".join(f"{diagonal[a] * (a == b):.12f} 0.0" for b in range(3)) for a in range(3))
        text += f"     Dynamical  Matrix in cartesian axes\n\n     q = ( {q:.9f} 0.0 0.0 )\n\n  1  1\n{rows}\n\n"
    write(f"dyn{number}", text)
chain = [*bands, "--set", "dispersion.grid=[4, 1, 1]", "--set", "dos.grid=[20, 1, 1]"]
expect("imaginary sound", 0, chain, "are imaginary, the lowest",
       "the matrices themselves are stable", "the supercell is too small")
for rule in ("none", "simple", "rotations", "all"):
    expect(f"the rule {rule}", 0, [*chain, "--set", f'dispersion.sum_rule="{rule}"'])
expect("rotations of a polar crystal", 1, [*bands, "--set", f'dyn.path="{lih}"', "--set", 'dispersion.sum_rule="all"'],
       "dipole forces reach beyond any supercell")

test.finish()
