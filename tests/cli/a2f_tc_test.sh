#!/usr/bin/env bash
# From anharmonic phonons of H3S to Tc, and aluminium through the programs of Quantum ESPRESSO on our files.
source "$(dirname "$0")/claims.sh"
reference_data electron_phonon

cat > h3s.toml <<TOML
[dyn]
path = "$data/h3s/sscha_dense.dyn"
compare = ["$data/h3s/H3S.dyn"]
[elph]
path = "$data/h3s/H3S.dyn"
dyn = "$data/h3s/H3S.dyn"
[a2f]
gamma = "skip"
[output]
directory = "h3s"
TOML
cat > tc.toml <<TOML
[a2f]
path = "h3s"
[tc]
mu_star = [0.10, 0.16]
TOML

exits 0 a2f h3s.toml --check
[[ ! -e h3s ]] || fail "--check leaves a folder"
exits 0 a2f h3s.toml
says "skip: left out, sums divided by N_q - 1"
says "completed by 48 operations"
for file in summary.json result.h5 run.toml log.txt a2F.dat a2F_atoms.dat lambda_q.dat lambda.json; do [[ -s "h3s/$file" ]] || fail "h3s/$file is missing"; done
exits 0 tc tc.toml
for file in summary.json result.h5 tc.dat gap.dat real_axis.dat; do [[ -s "tc/$file" ]] || fail "tc/$file is missing"; done
if command -v gnuplot > /dev/null; then
  for figure in h3s/figures/bands h3s/figures/a2f h3s/figures/smearing tc/figures/tc tc/figures/gap; do [[ -s "$figure.svg" ]] || fail "no figure $figure"; done
fi
python3 - <<'PY' || fail "the numbers of H3S are others"
import json
a2f, tc = (json.load(open(name + "/summary.json")) for name in ("h3s", "tc"))
i = min(range(12), key=lambda k: abs(a2f["smearings"]["value"][k] - 0.008))
assert abs(a2f["lambda"]["value"][i] - 1.598104) < 6e-7 and abs(a2f["omega_log"]["value"][i] - 130.3394) < 1e-4
assert abs(a2f["lambda_other_normalisation"]["value"][i] - 1.590705) < 6e-7
def value(formula, mu):
    rows = [r for r in tc["tc"]["value"] if r["formula"] == formula and r["mu_star"] == mu and r["alpha2f"] == "0.008 Ry"]
    assert len(rows) == 1 and {"convention", "cutoff"} <= rows[0].keys()
    return rows[0]["value"]
for formula, mu, golden in (("mcmillan", 0.10, 182.700), ("allen_dynes", 0.10, 205.613), ("xie", 0.10, 217.266), ("eliashberg", 0.10, 224.290),
                            ("allen_dynes", 0.16, 167.548), ("eliashberg", 0.16, 198.779)):
    assert abs(value(formula, mu) - golden) < 2e-3, (formula, mu, value(formula, mu))
assert len(tc["gap"]["value"]) == 20 and tc["gap"]["value"][0]["value"] > tc["gap"]["value"][9]["value"]
# mu* that counts at an energy of the electrons keeps the coefficients of the elements from adding up to 1/2.
total = [r["value"] for r in tc["isotope_coefficients"]["value"] if r["element"] == "all" and r["formula"] == "eliashberg"]
assert len(total) == 2 and all(0.35 < t < 0.499 for t in total), total
PY

# What is wrong is said with what to write.
exits 1 a2f h3s.toml --set "dyn.path=\"$data/h3s/H3S.dyn\"" --output imaginary
complains 'a2f.imaginary = "skip"'
exits 1 a2f h3s.toml --set 'a2f.smearings=[0.009]' --output none
complains "there is none of 0.009 Ry"
exits 1 a2f h3s.toml --set "elph.path=\"$data/al_444/nothing\"" --output none
complains "no electron-phonon files"
exits 2 a2f h3s.toml --set 'a2f.gamma="drop"' --output none
exits 1 tc tc.toml --set "a2f.path=\"$data/nb/Nb.a2F\"" --set 'a2f.unit="meV"' --output none
complains "its header says THz"
exits 2 tc tc.toml --set 'tc.cutoff="10"' --output none

# Niobium from columns in THz, the one of 0.075 Ry.
exits 0 tc tc.toml --set "a2f.path=\"$data/nb/Nb.a2F\"" --set 'a2f.smearing=0.075' --set 'tc.mu_star=[0.12]' --set 'tc.cutoff="270 meV"' --output nb
python3 - <<'PY' || fail "the numbers of niobium are others"
import json
rows = {r["formula"]: r["value"] for r in json.load(open("nb/summary.json"))["tc"]["value"]}
for name, golden in (("mcmillan", 8.8252), ("allen_dynes", 9.2995), ("xie", 9.2320), ("eliashberg", 10.5919)):
    assert abs(rows[name] - golden) < 3e-4, rows
PY

cat > al.toml <<TOML
[dyn]
path = "$data/al_444/al.dyn"
[elph]
path = "$data/al_444/elph_dir"
dyn = "$data/al_444/al.dyn"
[a2f]
gamma = "qe"
grid = [10, 10, 10]
sum_rule = "simple"
tetrahedra = true
[export]
formats = ["lambda", "a2F.dos", "matdyn", "epw"]
[output]
directory = "al"
TOML
exits 0 a2f al.toml
if command -v lambda.x > /dev/null && command -v matdyn.x > /dev/null; then
  (cd al/lambda.x && lambda.x < lambda.in > out 2>&1)
  mkdir -p al/matdyn/elph_dir && cp al/matdyn/a2Fmatdyn.* al/matdyn/elph_dir
  (cd al/matdyn && printf "&input\n asr='simple', flfrc='anharmonic.fc', flfrq='freq', la2F=.true., dos=.true., fldos='dos', nk1=10, nk2=10, nk3=10, ndos=50\n/\n" > in && matdyn.x < in > out 2>&1)
  python3 - <<'PY' || fail "lambda.x or matdyn.x finds other numbers in our files"
import json, re
golden = [.29221041, .43490233, .42623925, .39771266, .37635025, .36678480, .36587605, .36999761, .37635326, .38306084]
theirs = [float(m) for m in re.findall(r"lambda =\s*([\d.]+)", open("al/lambda.x/out").read())]
assert len(theirs) == 10 and all(abs(a - b) < 2e-6 for a, b in zip(golden, theirs)), theirs
ours = json.load(open("al/summary.json"))["lambda"]["value"]
matdyn = [float(m) for m in re.findall(r"lambda\s+([\d.]+)", open("al/matdyn/lambda").read())]
assert len(matdyn) == 10
# Plain sums over the same grid; theirs have four decimals.
assert all(abs(a - b) < 6e-5 for a, b in zip(ours, matdyn)), (ours, matdyn)
PY
fi
finish
