#!/usr/bin/env bash
# Active learning of aluminium with pw.x: from a POSCAR and a complete input of the unit cell to certified frequencies, at most 60 labels.
source "$(dirname "$0")/claims.sh"
pseudo="${ZEROPOINT_PSEUDO:-${ZEROPOINT_DATA:-$source_folder/../shared/data}/pseudopotentials}"
command -v pw.x > /dev/null || { echo "pw.x is not installed"; exit 77; }
if [[ ! -f "$pseudo/Al_ONCV_PBE_sr.upf" ]]; then
  [[ "${ZEROPOINT_REQUIRE_DATA:-}" == 1 ]] && { echo "reference data are promised but missing"; exit 1; }
  echo "no pseudopotentials: set ZEROPOINT_DATA or ZEROPOINT_PSEUDO"
  exit 77
fi
ln -s "$(realpath "$pseudo")" pseudo
export OMP_NUM_THREADS=1
printf 'Al\n4.02\n0 0.5 0.5\n0.5 0 0.5\n0.5 0.5 0\nAl\n1\nDirect\n0 0 0\n' > POSCAR
cat > scf.in <<'IN'
&control
  calculation = 'scf'
  tprnfor = .true.
  tstress = .true.
  pseudo_dir = './pseudo'
/
&system
  ibrav = 2, celldm(1) = 7.6
  nat = 1, ntyp = 1
  ecutwfc = 15
  occupations = 'smearing', smearing = 'mv', degauss = 0.05
/
&electrons
  conv_thr = 1e-9
/
ATOMIC_SPECIES
Al 26.98 Al_ONCV_PBE_sr.upf
ATOMIC_POSITIONS crystal
Al 0 0 0
K_POINTS automatic
4 4 4 1 1 1
IN
cat > learn.toml <<'IN'
[start]
structure = "POSCAR"
supercell = [2, 2, 2]
[conditions]
temperature = "300 K"
[dft]
kind = "pwx"
template = "scf.in"
command = "pw.x -in {input} > {output}"
runner = "local"
at_once = 2
[learn]
batch = 13
maximum_labels = 60
pool = 200
[model]
radial_cutoff = "5.5 angstrom"
angular_cutoff = "4.5 angstrom"
radial_order = 6
radial_channels = 4
angular_order = 2
channels = 2
hidden = [8, 8]
[train]
stop = "40 epochs"
[populations]
sizes = [200, 400]
final = 1000
[output]
figures = false
IN
status=0
"$program" learn learn.toml > out 2> err || status=$?
((status == 0 || status == 3)) || fail "learn ends with $status"  # 3: all labels are used before two rounds in a row are certified
says "harmonic"
exits 0 learn learn.toml --verify
says "0 complaints"
exits 0 info learn
says "round 3"
# Another cutoff is another method: its labels may not stand beside these.
sed -i 's/ecutwfc = 15/ecutwfc = 16/' scf.in
exits 1 learn learn.toml --verify
complains "labels of another method"
python3 - <<'PY' || fail "the numbers have no errors, or errors that are too large"
import json, sys
summary = json.load(open("learn/summary.json"))
good = summary["n_labels"]["value"] <= 60 and summary["n_tasks"]["value"]["abandoned"] == 0
for point in summary["frequencies"]["value"]:
    for value, error, certificate in zip(point["value"], point["potential_error"], point["certificate"]):
        print(value, error, certificate)
        good = good and (certificate is None or (error < 10 and certificate["n_labels"] >= 12 and abs(certificate["value"]) < 10))
sys.exit(not good)
PY
finish
