"""Claims about the program, for the Python scripts beside this file, and a small model ensemble to try it on.

The model: a chain of springs k1 and k2 between atoms of one mass, the same in all directions, in a 2 x 1 x 1 supercell. Its modes
are known, so that a harmonic ensemble can be drawn and labelled here, with nothing but the standard library.
"""
import math
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile

BOHR = 0.529177210544  # angstrom
MASS = 20000.0         # Rydberg units (2 electron masses): about 22 amu
SPRINGS = (0.08, 0.02)  # Ry/bohr^2
ALAT = 10.0            # bohr
POSITIONS = [(0, 0, 0), (0.45, 0, 0), (1, 0, 0), (1.45, 0, 0)]  # alat; at 0.5 the two springs would be equivalent
KELVIN = 6.3336e-6     # Ry


class Claims:
    def __init__(self):
        self.program = os.path.abspath(sys.argv[1])
        self.failures = 0
        self.folder = tempfile.TemporaryDirectory()
        os.chdir(self.folder.name)

    def claim(self, holds, text):
        if not holds:
            self.failures += 1
            print("FAILED:", text)
        return holds

    def run(self, *arguments):
        return subprocess.run([self.program, *arguments], capture_output=True, text=True, check=False)

    def killed(self, point, *arguments, code=-signal.SIGKILL):
        """Runs the program, which sends itself a signal at a named point (core/kill_point.hpp): "result.h5 written:2"."""
        done = subprocess.run([self.program, *arguments], capture_output=True, text=True, check=False,
                              env={**os.environ, "ZEROPOINT_KILL_AT": point})
        self.claim(done.returncode == code, f"at '{point}': exit code {done.returncode}, not {code}\n{done.stderr}")
        return done

    def finish(self):
        self.folder.cleanup()
        print("all claims hold" if self.failures == 0 else f"{self.failures} claims fail")
        sys.exit(1 if self.failures else 0)


def write_npy(path, values, shape):
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (" + "".join(f"{n}, " for n in shape) + "), }"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        file.write(struct.pack(f"<{len(values)}d", *values))


def write_dyn(prefix, springs=SPRINGS, mass=MASS):
    """PREFIX1 (q = 0) and PREFIX2 (q = 1/2 of the first reciprocal vector), with PREFIX0."""
    k1, k2 = springs
    with open(prefix + "0", "w", encoding="ascii") as file:
        file.write("2 1 1\n2\n0.0 0.0 0.0\n0.5 0.0 0.0\n")
    for number, (q, coupling) in enumerate([(0.0, -k1 - k2), (0.5, -k1 + k2)], 1):
        with open(f"{prefix}{number}", "w", encoding="ascii") as file:
            file.write(f"Dynamical matrix file\nchain\n1 2 0 {ALAT:.12f} 0.0 0.0 0.0 0.0 0.0\nBasis vectors\n"
                       "1.0 0.0 0.0\n0.0 0.7 0.0\n0.0 0.0 0.7\n"
                       f" 1 'Na ' {mass:.12f}\n 1 1 0.0 0.0 0.0\n 2 1 0.45 0.0 0.0\n\n")
            file.write(f"     Dynamical  Matrix in cartesian axes\n\n     q = ( {q:.9f} 0.0 0.0 )\n\n")
            for s in (1, 2):
                for t in (1, 2):
                    value = k1 + k2 if s == t else coupling
                    file.write(f"  {s}  {t}\n")
                    for a in range(3):
                        file.write(" ".join(f"{value if a == b else 0.0:.12f} 0.0" for b in range(3)) + "\n")


def write_ensemble(folder, n, temperature=300.0, force_factor=1.0, seed=1):
    """n configurations of the model as a python-sscha folder, population 1. @returns the lists that were written."""
    os.makedirs(folder, exist_ok=True)
    k1, k2 = SPRINGS
    modes = [((1, -1, 1, -1), 2 * (k1 + k2)), ((1, 1, -1, -1), 2 * k2), ((1, -1, -1, 1), 2 * k1)]
    widths = []
    for _, constant in modes:
        frequency = math.sqrt(constant / MASS)  # hbar = 1
        widths.append(math.sqrt(1 / (2 * MASS * frequency * math.tanh(frequency / (2 * KELVIN * temperature)))))
    draw = random.Random(seed)
    positions, energies, forces = [], [], []
    for _ in range(n):
        energy = 0.0
        u = [[0.0] * 3 for _ in range(4)]
        f = [[0.0] * 3 for _ in range(4)]
        for (pattern, constant), width in zip(modes, widths):
            for axis in range(3):
                amplitude = draw.gauss(0, width)
                energy += 0.5 * constant * amplitude ** 2
                for atom in range(4):
                    u[atom][axis] += 0.5 * pattern[atom] * amplitude
                    f[atom][axis] -= 0.5 * pattern[atom] * constant * amplitude
        energies.append(energy)
        for atom in range(4):
            positions += [(ALAT * POSITIONS[atom][k] + u[atom][k]) * BOHR for k in range(3)]
            forces += [force_factor * value / BOHR for value in f[atom]]
    write_npy(f"{folder}/xats_pop1.npy", positions, (n, 4, 3))
    write_npy(f"{folder}/energies_pop1.npy", energies, (n,))
    write_npy(f"{folder}/forces_pop1.npy", forces, (n, 4, 3))
    return positions, energies, forces


RUN_FILE = """
[ensemble]
path = "population"
dyn = "dyn"
temperature = "300 K"
"""


def write_run_file(path, text=RUN_FILE, more=""):
    with open(path, "w", encoding="ascii") as file:
        file.write(text + more)
