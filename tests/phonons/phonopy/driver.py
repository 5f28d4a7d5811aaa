#!/usr/bin/env python3
"""What phonopy makes of our files, and files that it writes itself; run by tests with the Python of tools/peers/phonopy.

usage: driver.py frequencies FOLDER yaml|text|hdf5 Q_FILE OUT   q in crystal coordinates of the primitive cell
       driver.py rewrite FOLDER OUT                            all forms of what our phonopy_params.yaml holds
       driver.py make CASE OUT Q_FILE                          a model of its own; q Cartesian, 1/angstrom
OUT of the first, and OUT/frequencies of the last: the parameter Lambda, then cm^-1, one q a line.
"""
import os
import sys
import warnings

warnings.simplefilter("ignore")
import numpy as np
import phonopy
from phonopy import Phonopy
from phonopy.file_IO import (parse_BORN, parse_FORCE_CONSTANTS, read_force_constants_hdf5, write_BORN, write_FORCE_CONSTANTS,
                             write_force_constants_to_hdf5, write_FORCE_SETS)
from phonopy.harmonic.force_constants import compact_fc_to_full_fc
from phonopy.structure.atoms import PhonopyAtoms

THZ_TO_CM = 33.3564095198152


def write_frequencies(ph, points, path):
    ph.run_qpoints(points)
    matrix = ph.dynamical_matrix
    # Of the Ewald sum, from its own defaults: 300 G vectors in the sphere, 1e-10 at its surface.
    gc = (3 * 300 / (4 * np.pi * ph.primitive.volume)) ** (1 / 3)
    width = np.sqrt(-gc**2 * np.trace(ph.nac_params["dielectric"]) / 3 / 4 / np.log(1e-10)) if ph.nac_params else 0
    with open(path, "w") as out:
        print(repr(float(width)), file=out)
        for row in ph.qpoints.frequencies * THZ_TO_CM:
            print(*(repr(float(x)) for x in row), file=out)


def frequencies(folder, kind, q_file, out):
    whole = phonopy.load(f"{folder}/phonopy_params.yaml", log_level=0)
    ph = whole
    if kind != "yaml":
        ph = Phonopy(whole.unitcell, whole.supercell_matrix, primitive_matrix=whole.primitive_matrix, log_level=0)
        p2s = ph.primitive.p2s_map
        if kind == "text":
            ph.force_constants = parse_FORCE_CONSTANTS(f"{folder}/FORCE_CONSTANTS", p2s_map=p2s)
        else:
            constants, unit = read_force_constants_hdf5(f"{folder}/force_constants.hdf5", p2s_map=p2s, return_physical_unit=True)
            assert unit == "eV/angstrom^2", unit
            ph.force_constants = constants
        if os.path.exists(f"{folder}/BORN"):
            ph.nac_params = parse_BORN(ph.primitive, filename=f"{folder}/BORN")
            for name in ("born", "dielectric"):
                assert np.abs(ph.nac_params[name] - whole.nac_params[name]).max() < 1e-9, name
    write_frequencies(ph, np.loadtxt(q_file, ndmin=2), out)


def save_forms(ph, out):
    compact = ph.force_constants
    if compact.shape[0] == compact.shape[1] and len(ph.primitive) != len(ph.supercell):
        compact = np.array(compact[ph.primitive.p2s_map], order="C")
    full = compact_fc_to_full_fc(ph.primitive, compact)
    for form in ("params", "params_full", "text", "text_full", "hdf5", "hdf5_full"):
        os.makedirs(f"{out}/{form}", exist_ok=True)
        ph.force_constants = full if form.endswith("full") else compact
        inside = form.startswith("params")
        settings = {"force_constants": inside, "force_sets": False, "displacements": False, "born_effective_charge": inside,
                    "dielectric_constant": inside}
        ph.save(f"{out}/{form}/phonopy{'_params' if inside else ''}.yaml", settings=settings)
        p2s = None if form.endswith("full") else ph.primitive.p2s_map
        if form.startswith("text"):
            write_FORCE_CONSTANTS(ph.force_constants, f"{out}/{form}/FORCE_CONSTANTS", p2s_map=p2s)
        if form.startswith("hdf5"):
            write_force_constants_to_hdf5(ph.force_constants, f"{out}/{form}/force_constants.hdf5", p2s_map=p2s,
                                          physical_unit="eV/angstrom^2")
        if not inside and ph.nac_params:
            write_BORN(ph.primitive, ph.nac_params["born"], ph.nac_params["dielectric"], filename=f"{out}/{form}/BORN")
    ph.force_constants = full
    return full


def rewrite(folder, out):
    save_forms(phonopy.load(f"{folder}/phonopy_params.yaml", log_level=0), out)


def springs(supercell):
    """Force constants of springs between all images of all atoms, decaying; symmetric, with the sum rule, not central alone."""
    n, cell, x = len(supercell), supercell.cell, supercell.positions
    images = np.array([(i, j, k) for i in range(-2, 3) for j in range(-2, 3) for k in range(-2, 3)]) @ cell
    constants = np.zeros((n, n, 3, 3))
    for a in range(n):
        vectors = (x - x[a])[:, None, :] + images[None]  # [n, images, 3]
        length = np.linalg.norm(vectors, axis=2)
        near = (length > 1e-6) & (length < 7)
        unit = vectors / np.where(near, length, 1)[..., None]
        stiffness = np.where(near, 20 * np.exp(-((length / 1.9) ** 2)), 0)
        constants[a] = -np.einsum("bm,bmi,bmj->bij", stiffness, unit, unit) - 0.1 * stiffness.sum(axis=1)[:, None, None] * np.eye(3)
    for a in range(n):
        constants[a, a] -= constants[a].sum(axis=0)
    return constants


def model(case):
    """Unit cell, supercell matrix, primitive matrix, charges of the primitive cell, dielectric tensor, calculator."""
    if case.startswith("rocksalt"):
        a = 4.2
        unit = PhonopyAtoms(symbols=["Na"] * 4 + ["Cl"] * 4, cell=np.eye(3) * a,
                            scaled_positions=[[0, 0, 0], [0, .5, .5], [.5, 0, .5], [.5, .5, 0],
                                              [.5, .5, .5], [.5, 0, 0], [0, .5, 0], [0, 0, .5]])
        matrix = {"rocksalt": np.diag([2, 1, 1]), "rocksalt_skew": np.array([[1, 1, 0], [-1, 1, 0], [0, 0, 1]]),
                  "rocksalt_bcc": np.array([[-1, 1, 1], [1, -1, 1], [1, 1, -1]])}[case]
        return unit, matrix, "F", [np.eye(3), -np.eye(3)], np.eye(3) * 2.4
    if case == "hexagonal":
        a, c, u = 3.25, 5.2, 0.382
        unit = PhonopyAtoms(symbols=["Zn", "O", "Zn", "O"], cell=[[a, 0, 0], [-a / 2, a * 3**0.5 / 2, 0], [0, 0, c]],
                            scaled_positions=[[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, u], [2 / 3, 1 / 3, .5], [2 / 3, 1 / 3, .5 + u]])
        z = np.diag([2.1, 2.1, 2.3])
        return unit, np.array([[2, 1, 0], [-1, 1, 0], [0, 0, 1]]), np.eye(3), [z, -z, z, -z], np.diag([3.9, 3.9, 4.2])
    if case == "triclinic":
        unit = PhonopyAtoms(symbols=["O", "Ti", "O"], cell=[[3.1, 0.2, -0.4], [0.7, 3.6, 0.3], [-0.5, 0.9, 4.3]],
                            scaled_positions=[[0.02, 0.05, 0.06], [0.45, 0.52, 0.08], [0.2, 0.3, 0.65]])
        z1 = np.array([[-1.5, 0.3, -0.2], [0.6, -1.9, 0.1], [-0.4, 0.5, -1.2]])
        z2 = np.array([[3.2, -0.7, 0.4], [0.2, 3.6, -0.3], [0.8, 0.1, 2.9]])
        eps = np.array([[3.1, 0.2, -0.4], [0.2, 4.2, 0.3], [-0.4, 0.3, 5.3]])
        return unit, np.array([[1, 2, 0], [-1, 1, 1], [0, 0, 2]]), np.eye(3), [z1, z2, -z1 - z2], eps
    raise SystemExit(f"no model {case}")


def make(case, out, q_file):
    unit, matrix, primitive_matrix, borns, eps = model(case)
    ph = Phonopy(unit, matrix, primitive_matrix=primitive_matrix, log_level=0)
    ph.force_constants = springs(ph.supercell)
    ph.nac_params = {"born": np.array(borns), "dielectric": np.array(eps), "factor": 14.399645478}
    os.makedirs(out, exist_ok=True)
    full = save_forms(ph, out)
    cartesian = np.loadtxt(q_file, ndmin=2)
    write_frequencies(ph, cartesian @ ph.primitive.cell.T, f"{out}/frequencies")
    # Exact harmonic forces, one atom displaced at a time and all of them; they do not need the charges.
    ph.generate_displacements(distance=0.01)
    rows = ph.displacements if isinstance(ph.displacements, np.ndarray) and ph.displacements.ndim == 3 else None
    assert rows is None
    sets = []
    for entry in ph.dataset["first_atoms"]:
        u = np.zeros((len(ph.supercell), 3))
        u[entry["number"]] = entry["displacement"]
        sets.append(-np.einsum("ijkl,jl->ik", full, u))
    ph.forces = np.array(sets)
    os.makedirs(f"{out}/sets", exist_ok=True)
    no_constants = {"force_constants": False, "force_sets": False, "displacements": True}
    ph.save(f"{out}/sets/phonopy_disp.yaml", settings=no_constants)
    write_FORCE_SETS(ph.dataset, filename=f"{out}/sets/FORCE_SETS")
    os.makedirs(f"{out}/sets_yaml", exist_ok=True)
    ph.save(f"{out}/sets_yaml/phonopy_params.yaml", settings=no_constants | {"force_sets": True})
    random = np.random.default_rng(3)
    u = random.normal(size=(12, len(ph.supercell), 3)) * 0.01
    ph.dataset = {"displacements": u, "forces": -np.einsum("ijkl,cjl->cik", full, u)}
    os.makedirs(f"{out}/random", exist_ok=True)
    ph.save(f"{out}/random/phonopy.yaml", settings=no_constants | {"displacements": False})
    write_FORCE_SETS(ph.dataset, filename=f"{out}/random/FORCE_SETS")
    os.makedirs(f"{out}/random_yaml", exist_ok=True)
    ph.save(f"{out}/random_yaml/phonopy_params.yaml", settings=no_constants | {"force_sets": True})


if __name__ == "__main__":
    {"frequencies": frequencies, "rewrite": rewrite, "make": make}[sys.argv[1]](*sys.argv[2:])
