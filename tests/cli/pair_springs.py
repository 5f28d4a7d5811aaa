#!/usr/bin/env python3
"""A potential that reads and writes extended XYZ: a Morse force between all pairs closer than the cutoff, images included.

    pair_springs.py [FLAW]      FLAW: dies (after every 37th answer), reorders (atoms come back in another order), chatters,
                                nan, no-forces, never (ends at once), silent
"""
import math
import os
import re
import sys

DEPTH, WIDTH, REST, CUTOFF = 0.35, 1.6, 2.9, 5.2  # eV, 1/angstrom, angstrom


def answer(symbols, cell, positions):
    energy, forces, virial = 0.0, [[0.0] * 3 for _ in positions], [[0.0] * 3 for _ in range(3)]
    shifts = [[sum(n[i] * cell[i][k] for i in range(3)) for k in range(3)]
              for n in ((a, b, c) for a in (-1, 0, 1) for b in (-1, 0, 1) for c in (-1, 0, 1))]
    at_cutoff = math.exp(-WIDTH * (CUTOFF - REST))
    for i, a in enumerate(positions):
        for j, b in enumerate(positions):
            for shift in shifts:
                d = [b[k] - a[k] + shift[k] for k in range(3)]
                r = math.sqrt(sum(x * x for x in d))
                if r < 1e-8 or r > CUTOFF:
                    continue
                e = math.exp(-WIDTH * (r - REST))
                energy += 0.5 * DEPTH * ((e * e - 2 * e) - (at_cutoff * at_cutoff - 2 * at_cutoff))
                slope = -2 * DEPTH * WIDTH * (e * e - e)
                for k in range(3):
                    forces[i][k] += slope * d[k] / r
                    for m in range(3):
                        virial[k][m] += 0.5 * slope * d[k] * d[m] / r
    (a, b, c) = cell
    volume = abs(a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0]))
    return energy, forces, [x / volume for row in virial for x in row]


def main():
    flaw = sys.argv[1] if len(sys.argv) > 1 else ""
    if flaw == "never":
        sys.exit("no licence for this program")
    answered = 0
    while line := sys.stdin.readline().strip():
        comment = sys.stdin.readline()
        rows = [sys.stdin.readline().split() for _ in range(int(line))]
        if flaw == "silent":
            continue
        lattice = [float(x) for x in re.search('Lattice="([^"]*)"', comment).group(1).split()]
        symbols, positions = [row[0] for row in rows], [[float(x) for x in row[1:4]] for row in rows]
        energy, forces, stress = answer(symbols, [lattice[0:3], lattice[3:6], lattice[6:9]], positions)
        order = list(range(len(rows)))
        if flaw == "reorders":
            order.reverse()
        if flaw == "chatters":
            print("step", answered)
        if flaw == "nan":
            energy = math.nan
        forces_column = "" if flaw == "no-forces" else ":forces:R:3"
        text = f'{len(rows)}\nLattice="{" ".join(repr(x) for x in lattice)}" Properties=species:S:1:pos:R:3{forces_column} energy={energy!r} '
        text += 'stress="' + " ".join(repr(x) for x in stress) + '"\n'
        for i in order:
            numbers = positions[i] + ([] if flaw == "no-forces" else forces[i])
            text += symbols[i] + " " + " ".join(repr(x) for x in numbers) + "\n"
        sys.stdout.write(text)
        sys.stdout.flush()
        answered += 1
        if flaw == "dies" and answered % 37 == 0:
            os.abort()


main()
