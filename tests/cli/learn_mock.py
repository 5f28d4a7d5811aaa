"""A face-centred crystal of springs (pair_springs.py) that stands for DFT, for the tests of `learn` beside this file."""
import os
import sys


def write_crystal(source):
    """Writes POSCAR. Returns the first sections of a run file that labels it; `source`: the root of the project."""
    mock = os.path.join(os.path.abspath(source), "tests/cli/pair_springs.py")
    with open("POSCAR", "w", encoding="ascii") as file:
        file.write("fcc\n4.10\n0 0.5 0.5\n0.5 0 0.5\n0.5 0.5 0\nAl\n1\nDirect\n0 0 0\n")
    return f"""[start]
structure = "POSCAR"
supercell = [2, 2, 2]
[conditions]
temperature = "300 K"
[dft]
kind = "command"
command = "{sys.executable} -S {mock}"
runner = "local"
"""
