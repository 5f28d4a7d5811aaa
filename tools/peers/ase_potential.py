#!/usr/bin/env python3
"""Any calculator of ASE as a potential of zeropoint:

    [potential]
    kind = "command"
    command = "python3 tools/peers/ase_potential.py"

Edit `calculator` below. The program reads frames of extended XYZ, one after another, until its input ends; each is
answered at once. Units are those of ASE: eV, eV/angstrom, eV/angstrom^3 with tensile stress positive.
"""
import io
import sys

import ase.io
from ase.calculators.calculator import PropertyNotImplementedError
from ase.calculators.singlepoint import SinglePointCalculator


def calculator():
    from ase.calculators.emt import EMT

    return EMT()
    # from mace.calculators import MACECalculator
    # return MACECalculator(model_paths="mace.model", device="cuda")
    # from deepmd.calculator import DP
    # return DP(model="graph.pb")


def main():
    answers = sys.stdout
    sys.stdout = sys.stderr  # what a calculator prints is no answer
    model = calculator()
    while count := sys.stdin.readline().strip():
        text = count + "\n" + "".join(sys.stdin.readline() for _ in range(int(count) + 1))
        atoms = ase.io.read(io.StringIO(text), format="extxyz")
        atoms.calc = model
        results = {"energy": atoms.get_potential_energy(), "forces": atoms.get_forces()}
        try:
            results["stress"] = atoms.get_stress()
        except (NotImplementedError, PropertyNotImplementedError):
            pass  # the cell cannot move then
        atoms.calc = SinglePointCalculator(atoms, **results)
        ase.io.write(answers, atoms, format="extxyz")
        answers.flush()


main()
