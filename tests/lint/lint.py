#!/usr/bin/env python3
"""Checks what no compiler checks: who includes whom, names, sizes, stray constants, messages and machine paths.

usage: lint.py [FOLDER] [--long]    prints `file:line: what is wrong` and exits 1 when there is anything to print;
                                    --long: also tells which functions are longer than a screen
"""
import os
import re
import subprocess
import sys

import functions

# Who may include whom: a room sees what stands on its right, and itself.
MAY_INCLUDE = {
    "core": set(),
    "files": {"core"},
    "phonons": {"files", "core"},
    "mlp": {"files", "core"},
    "sscha": {"phonons", "files", "core"},
    "potentials": {"mlp", "sscha", "phonons", "files", "core"},
    "active_learning": {"potentials", "mlp", "sscha", "phonons", "files", "core"},
    "superconductivity": {"phonons", "files", "core"},
    "screening": {"potentials", "mlp", "sscha", "phonons", "files", "core"},
}
ROOMS = set(MAY_INCLUDE)
MAY_INCLUDE["tools"] = ROOMS | {"tools"}
for room, seen in MAY_INCLUDE.items():
    seen.add(room)

SOURCE = (".cpp", ".hpp", ".cu", ".cuh")
LONGEST = 500
FORBIDDEN_NAMES = {"utils", "helper", "helpers", "misc", "common", "manager"}
# Header -> the files that may include it.
CONFINED = [
    (re.compile(r"torch/torch\.h"), lambda path: False, "it costs 13 s a file: include the ATen headers of the operations"),
    (re.compile(r"ATen/ATen\.h"), lambda path: path.startswith("tests/"), "include ATen/core/Tensor.h and ATen/ops/*.h"),
    (re.compile(r"cxxopts\.hpp"), lambda path: path.startswith("tools/"), "the command line belongs to tools/"),
    (re.compile(r"toml(\+\+|plusplus)/|toml\.hpp"), lambda path: path.startswith("core/run_file"), "core/run_file*.cpp read TOML"),
]
# Leading digits of constants that belong to a units::UnitSet: bohr, Rydberg, Hartree, hbar, kB (eV, Ry, Ha), GPa, cm^-1,
# Rydberg masses, THz, e^2.
CONSTANT = re.compile(
    r"(?<![\w.])(0?\.52917\d*|1\.88972\d*|13\.605\d*|27\.211\d*|0?\.0646\d*|8\.617\d*e-0?5|6\.33[36]\d*e-0?6|3\.1668\d*e-0?6"
    r"|160\.217\d*|14710\.\d+|109737\.\d*|219474\.\d*|8065\.\d+|911\.444\d*|1822\.88\d*|0?\.029979\d*|33\.356\d*|14\.399\d*)")
# Run files are written and read by tools/: a message of a room says what is wrong, the command adds which key to write.
SECTIONS = ("conditions|compute|ensemble|start|symmetry|potential|train|data|model|loss|populations?|minimize|write|sample|outputs"
            "|dispersion|dyn|dos|export|thermodynamics|hessian|phonons|relax|structure|output|evaluate|limits")
RUN_FILE_KEY = re.compile(rf"\b(?:{SECTIONS})\.(?!h5\b|hdf5\b|xml\b|cif\b|extxyz\b|toml\b|yaml\b|dat\b|npy\b|out\b|in\b|txt\b)[a-z_]+\b"
                          r"|\bwrite [a-z_.]+ = ")
SILENT_ROOMS = ROOMS - {"potentials"}  # whose kinds declare keys of their own
HEADED = ("core/", "files/", "phonons/", "mlp/", "sscha/", "superconductivity/", "potentials/", "tools/program/", "tools/figures/")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
# Spelt in pieces, so that this file passes its own test.
MACHINE_PATH = re.compile(r"(?<![\w.$}/-])/(?:" + "|".join(["wor" + "k", "roo" + "t", "far" + "m", "home/[a-z]\\w*", "Users/\\w+"]) + r")/")
REGISTRY = re.compile(r"\b(?:[\w-]+\.)*(?:py" + r"pi|python" + r"hosted|deb" + r"ian|npm" + r"js|crates|ana" + r"conda|py" + r"torch)\.(?:org|com|io)\b")


def listed_by_git(folder):
    """Tracked and new files, not the ignored ones; nothing in an unpacked archive, or where there is no git."""
    try:
        listing = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                 cwd=folder, capture_output=True, check=False)
    except FileNotFoundError:
        return []
    return listing.stdout.decode().split("\0") if listing.returncode == 0 else []


def files(folder):
    """What belongs to the project: without git every file that .gitignore does not name."""
    found = listed_by_git(folder)
    if "CMakeLists.txt" not in found:
        found = [os.path.relpath(os.path.join(where, name), folder) for where, _, names in os.walk(folder) for name in names]
        found = [path for path in found if not path.startswith(("build/", ".git/", ".whl/", "demo/", "accuracy/"))
                 and not path.endswith((".tmp", ".pyc"))]
    return sorted(path for path in set(found) if path and os.path.isfile(os.path.join(folder, path)))


def allowed_rooms(path):
    """The rooms that the source `path` may include."""
    parts = path.split("/")
    if parts[0] != "tests":
        return MAY_INCLUDE.get(parts[0], ROOMS)
    own = parts[1] if len(parts) > 2 else ""
    return MAY_INCLUDE.get(own, ROOMS | {"tools"}) | {"tests", "potentials"}  # toys that the rooms are tried on


def check_includes(folder, path, number, line):
    match = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
    if not match:
        return
    quote, header = match.groups()
    room = header.split("/")[0]
    if quote == '"':
        if not os.path.isfile(os.path.join(folder, header)):
            yield number, f'includes "{header}", which is no path from the top folder'
        elif room not in allowed_rooms(path):
            yield number, f"{path.split('/')[0]} may not include {room}"
    elif room in ROOMS | {"tools", "tests"}:
        yield number, f'writes <{header}>: a file of ours is included as "{header}"'
    for pattern, allowed, reason in CONFINED:
        if pattern.search(header) and not allowed(path):
            yield number, f"may not include {header}: {reason}"


def check_header(folder, path):
    """What a source offers stands in the header beside it; commands share theirs, so do the instruction sets of one
    source, and a program has none."""
    if not path.startswith(HEADED) or path.endswith("/main.cpp") or not path.endswith(".cpp"):
        return
    if not os.path.isfile(os.path.join(folder, re.sub(r"(_(avx512|avx2|sse))?\.cpp$", ".hpp", path))):
        yield 1, f"there is no {os.path.basename(path)[:-4]}.hpp beside it"


def check_messages(number, line):
    for text in STRING.findall(line.split("//")[0]):
        if found := RUN_FILE_KEY.search(text):
            yield number, f"'{found[0].strip()}': a room knows no run files, the command says which key to write"


def check_file(folder, path):
    """Yields (line number, message)."""
    stem = os.path.basename(path).split(".")[0].lower()
    if FORBIDDEN_NAMES & set(stem.split("_")):
        yield 1, f"the name '{stem}' says nothing: name the file after what it does"
    with open(os.path.join(folder, path), "rb") as stream:
        data = stream.read()
    if b"\0" in data:
        return
    lines = data.decode("utf-8", "replace").splitlines()
    is_source = path.endswith(SOURCE)
    is_script = path.endswith((".py", ".sh", ".cmake", "CMakeLists.txt")) or data.startswith(b"#!")
    if (is_source or is_script) and len(lines) > LONGEST:
        yield len(lines), f"{len(lines)} lines, at most {LONGEST}: look for the second idea"
    if path.endswith(".hpp") and not any(line.strip() == "#pragma once" for line in lines):
        yield 1, "no #pragma once"
    yield from check_header(folder, path)
    constants_allowed = path.startswith(("core/units.", "tests/"))
    for number, line in enumerate(lines, 1):
        if is_source:
            yield from check_includes(folder, path, number, line)
            if path.split("/")[0] in SILENT_ROOMS and not line.lstrip().startswith("#"):
                yield from check_messages(number, line)
            if not constants_allowed and (found := CONSTANT.search(line)):
                yield number, f"the constant {found[0]} belongs to core/units.cpp"
        if found := MACHINE_PATH.search(line):
            yield number, f"'{found[0]}' is a path of one machine"
        if found := REGISTRY.search(line):
            yield number, f"'{found[0]}' is the host of a registry: name the package only"


def lint(folder):
    return [f"{path}:{number}: {message}" for path in files(folder) for number, message in check_file(folder, path)]


def long_functions(folder):
    for path in files(folder):
        if path.endswith(SOURCE) and not path.startswith("tests/"):
            with open(os.path.join(folder, path), encoding="utf-8") as stream:
                for number, count, name in functions.long_functions(stream.read().splitlines()):
                    yield f"{path}:{number}: {name}: {count} lines"


if __name__ == "__main__":
    arguments = [argument for argument in sys.argv[1:] if argument != "--long"]
    top = arguments[0] if arguments else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    problems = lint(top)
    print("\n".join(problems) or f"{len(files(top))} files, nothing wrong")
    told = list(long_functions(top))
    print("\n".join(told) if "--long" in sys.argv else f"{len(told)} functions are longer than {functions.SCREEN} lines (--long lists them)")
    sys.exit(1 if problems else 0)
