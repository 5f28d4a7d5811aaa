#!/usr/bin/env bash
# hessian, dispersion, info and plot on a ladder of conditions and on one of them.
source "$(dirname "$0")/claims.sh"

lih="$source_folder/examples/lih"
cat > run.toml <<TOML
[potential]
kind = "harmonic"
dyn = "$lih/a4.05/harmonic.dyn"
[start]
dyn = "$lih/a4.05/harmonic.dyn"
[conditions]
temperature = ["300 K", "100 K"]
[populations]
sizes = [400]
final = 0
[output]
directory = "ladder"
figures = false
TOML
exits 0 sscha run.toml

# One condition is a result like that of any other run; its settings lie in the folder above.
exits 0 hessian - --set 'ensemble.result="ladder/300K"' --set hessian.order=3 --output hessian < /dev/null
says "stable"
says "300 K"
exits 0 hessian - --set 'ensemble.result="ladder/100K/result.h5"' --set hessian.order=3 --check < /dev/null
says "100 K"
exits 0 dispersion - --set 'dyn.path="ladder/300K"' --set 'dos.grid=[4, 4, 4]' --output bands < /dev/null
says "SSCHA at 300 K"
exits 0 info ladder/300K
says "free_energy"
exits 0 plot ladder/300K convergence --output drawn
[[ -s drawn/convergence.gp ]] || fail "plot draws nothing of a condition"

# The folder of the ladder has no result of its own.
some="one for each condition: 100K, 300K: name one of them, such as "
exits 1 hessian - --set 'ensemble.result="ladder"' --output none < /dev/null
complains "$some"
exits 1 dispersion - --set 'dyn.path="ladder"' --output none < /dev/null
complains "$some"
exits 1 plot ladder
complains "${some}ladder/100K"
exits 0 info ladder
says "100K, 300K: a result for each condition"

# A condition that the ladder does not have, and one that has not finished.
exits 1 hessian - --set 'ensemble.result="ladder/200K"' --output none < /dev/null
complains "among the conditions of its run: 100K, 300K"
for command in info plot; do
  exits 1 "$command" ladder/200K
  complains "there is no ladder/200K among the conditions of its run: 100K, 300K"
done
exits 1 dispersion - --set 'dyn.path="ladder/200K"' --output none < /dev/null
complains "among the conditions of its run: 100K, 300K"
rm ladder/300K/summary.json ladder/summary.json
exits 1 hessian - --set 'ensemble.result="ladder/300K"' --output none < /dev/null
complains "has not finished"
exits 0 info ladder ladder/300K
says "100K, and 300K unfinished"
says "an unfinished run"
[[ ! -e none ]] || fail "a run that could not begin leaves a folder"
finish
