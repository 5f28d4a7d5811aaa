#!/usr/bin/env bash
# Force constants and matrices from one format to another, what info says of each, and what a run takes and leaves.
source "$(dirname "$0")/claims.sh"

dyn="$source_folder/examples/lih/a4.006/harmonic.dyn"
same() { python3 - "$1" "$2" <<'PY' || fail "$1 and $2 hold other frequencies"
import json, sys
def read(name):
    lines = json.load(open(name))["frequencies"]
    return sorted([round(x, 2) + 0.0 for x in entry["value"]] for entry in lines)
# Sorted by value: stars stand in another order, and q in another zone.
a, b = (read(name) for name in sys.argv[1:])
assert len(a) == len(b) and all(abs(x - y) < 0.011 for u, v in zip(a, b) for x, y in zip(u, v)), (a, b)
PY
}

exits 0 info "$dyn" --json
cp out expected.json
exits 0 convert "$dyn" --to qe --output qe/dyn
exits 0 convert "$dyn" --to qe-xml --output xml/x.dyn.xml
exits 0 convert "$dyn" --to q2r --output lih.fc
exits 0 convert "$dyn" --to q2r --output with_alpha.fc --qe-ewald
exits 0 convert "$dyn" --to q2r-xml --output lih2.fc
exits 0 convert "$dyn" --to q2r-xml --output with_alpha.fc.xml --qe-ewald
exits 0 convert "$dyn" --to epw --output epw
exits 0 convert "$dyn" --to phonopy --output ph
exits 0 convert "$dyn" --to qe --like "$dyn" --output like/dyn
exits 0 convert "$dyn" --to qe --qe-strict --output strict/dyn
# The columns of ph.x, behind the header of the originals, which have another ibrav.
python3 - "$dyn" <<'PY' || fail "--qe-strict does not write the columns of ph.x"
import sys
for i in (1, 2, 3):
    def lines(name):
        text = open(name + str(i)).read()
        end = min(text.index(word) for word in ("Dielectric", "Diagonalizing") if word in text)
        return text[text.index("     Dynamical  Matrix"):end].rstrip().split("\n")
    theirs, ours = lines(sys.argv[1]), lines("strict/dyn")
    assert len(theirs) == len(ours), (i, len(theirs), len(ours))
    for a, b in zip(theirs, ours):
        assert [x == "." for x in a.rstrip()] == [x == "." for x in b.rstrip()], (a, b)
PY
for input in qe/dyn strict/dyn xml/x.dyn xml/x.dyn.xml lih.fc with_alpha.fc lih2.fc.xml with_alpha.fc.xml epw/ifc.q2r ph ph/phonopy_params.yaml ph/FORCE_CONSTANTS ph/force_constants.hdf5 like/dyn; do
  exits 0 info "$input" --json
  cp out found.json
  same expected.json found.json
  # From everything to everything else.
  exits 0 convert "$input" --to qe --output again/dyn
  exits 0 info again/dyn --json
  cp out found.json
  same expected.json found.json
done
cmp -s <(head -8 like/dyn1) <(head -8 "${dyn}1") || fail "--like does not keep the header"

exits 0 info lih.fc
says "force constants of q2r.x"
says "taken out in the file (T), Ewald parameter 0.6889 1/bohr^2 = (2 pi/alat)^2"
exits 0 info ph
says "phonopy calculation"
says "primitive_matrix 1 0 0 / 0 1 0 / 0 0 1"
exits 0 convert "$dyn" --to q2r --keep-dipoles --output inside.fc
exits 0 info inside.fc
says "in the force constants (F), without charges"

# A phonopy calculation is the start of an SSCHA run, as it is or as dyn files.
exits 0 convert ph --to qe --output start/dyn
cat > sample.toml <<TOML
[start]
dyn = "start/dyn"
temperature = "300 K"
[sample]
n_configurations = 4
[write]
formats = ["extxyz"]
TOML
exits 0 sample sample.toml --output population

# dispersion reads and writes them all.
cat > run.toml <<TOML
[dyn]
path = "ph"
[dispersion]
grid = [2, 2, 2]
[dos]
grid = [4, 4, 4]
[export]
formats = ["qe", "qe-xml", "q2r", "q2r-xml", "epw", "phonopy"]
[output]
directory = "result"
figures = false
TOML
exits 0 dispersion run.toml
for file in dyn0 dyn1 dyn0.xml dyn1.xml force_constants.fc force_constants.fc.xml ifc.q2r phonopy/phonopy_params.yaml phonopy/FORCE_CONSTANTS phonopy/BORN; do
  [[ -s "result/$file" ]] || fail "result/$file is missing"
done
cp lih.fc from.fc
exits 0 dispersion run.toml --output again_fc --set 'dyn.path="from.fc"' --set 'export.formats=[]'
cmp -s <(cut -c1-40 result/bands.dat | head -3) <(cut -c1-40 again_fc/bands.dat | head -3) || fail "bands of .fc and phonopy differ"
exits 2 dispersion run.toml --output wrong --set 'export.formats=["qee"]'
complains "qee"

# Errors say where and what to do.
exits 2 convert "$dyn" --to phonpy --output x
complains "phonopy (matrices) is needed"
exits 2 convert "$dyn" --to q2r --like "$dyn" --output x
complains "--like PREFIX goes with --to qe"
exits 2 convert "$dyn" --to qe --qe-ewald --output x
complains "--qe-ewald and --keep-dipoles go with --to q2r"
exits 1 convert "$dyn" --to q2r --output x.xml
complains "this ending means XML: write --to q2r-xml"
head -40 lih.fc > cut.fc
exits 1 convert cut.fc --to qe --output x
complains "cut.fc:40: the file ends here"
mkdir alone && cp ph/FORCE_CONSTANTS alone
exits 1 info alone/FORCE_CONSTANTS
complains "no phonopy_params.yaml, phonopy.yaml or phonopy_disp.yaml in alone"
exits 1 convert "$dyn" --to qe --like nothing/dyn --output x
complains "no dynamical matrices at nothing/dyn"
finish
