#!/usr/bin/env bash
# A program of the user's as the potential: what it may do, what it may not, and what is said then.
source "$(dirname "$0")/claims.sh"

springs="python3 -B $source_folder/tests/cli/pair_springs.py"
cat > POSCAR <<'POSCAR'
aluminium
1.0
0.0 2.02 2.02
2.02 0.0 2.02
2.02 2.02 0.0
Al
1
Direct
0 0 0
POSCAR
cat > run.toml <<TOML
[potential]
kind = "command"
command = "$springs"
processes = 2
[start]
structure = "POSCAR"
supercell = [2, 2, 2]
[conditions]
temperature = "300 K"
cell = "isotropic"
pressure = "0 GPa"
[populations]
sizes = [100, 300]
final = 600
[output]
directory = "result"
figures = false
TOML

exits 0 sscha run.toml
says "a fresh population needs no step"
says "beyond the crystal at rest"
python3 - result/summary.json <<'PY' || fail "the crystal does not expand, or its pressure is not zero"
import json, sys
summary = json.load(open(sys.argv[1]))
value = lambda name: summary[name]["value"]
at_rest = value("static_volume")
sys.exit(not (1.002 < value("volume") / at_rest < 1.05 and abs(value("pressure")) < 4 * summary["pressure"]["standard_error"]))
PY

# One that dies now and then, and one that gives the atoms back in another order: the same numbers.
for flaw in dies reorders; do
  exits 0 sscha run.toml --set "potential.command=\"$springs $flaw\"" --set potential.processes=1 --output "$flaw"
  cmp -s result/populations.dat "$flaw/populations.dat" || fail "a program that $flaw leads to other numbers"
done

# refused FLAW MESSAGE: such answers are not used.
refused() {
  exits 1 sscha run.toml --set "potential.command=\"$springs $1\"" --set 'potential.patience="1 s"' --output "refused"
  complains "$2"
}
refused chatters "Standard output must hold nothing but frames"
refused nan "the energy is not finite"
refused no-forces "forces"
refused never "ended with exit code 1; its last words: no licence for this program"
refused silent "was silent for too long"
exits 1 sscha run.toml --set 'potential.command="/no/such/program"' --output refused
complains "not found"
exits 2 sscha run.toml --set potential.command= --output refused
complains "potential.command is missing"

# Any calculator of ASE, where ASE is there.
for python in python3 "${XDG_CACHE_HOME:-$HOME/.cache}"/zeropoint/python-sscha-*/bin/python; do
  "$python" -c 'import ase' 2> /dev/null || continue
  exits 0 sscha run.toml --set "potential.command=\"$python $source_folder/tools/peers/ase_potential.py\"" --set populations.final=0 \
    --set 'populations.sizes=[100]' --output ase
  says "a fresh population needs no step"
  break
done
finish
