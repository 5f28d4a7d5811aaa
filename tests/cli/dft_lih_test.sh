#!/usr/bin/env bash
# Six configurations of the LiH example computed again from the committed inputs by pw.x agree with the committed labels.
source "$(dirname "$0")/claims.sh"
example="$source_folder/examples/lih"
pseudo="${ZEROPOINT_PSEUDO:-${ZEROPOINT_DATA:-$source_folder/../shared/data}/pseudopotentials}"
command -v pw.x > /dev/null || { echo "pw.x is not installed"; exit 77; }
if [[ ! -f "$pseudo/Li_ONCV_PBE_sr.upf" ]]; then
  [[ "${ZEROPOINT_REQUIRE_DATA:-}" == 1 ]] && { echo "reference data are promised but missing"; exit 1; }
  echo "no pseudopotentials: set ZEROPOINT_DATA or ZEROPOINT_PSEUDO"
  exit 77
fi
cp "$example/sample.toml" "$example/supercell.in" .
ln -s "$(realpath "$pseudo")" pseudo
export OMP_NUM_THREADS=1

# lattice constant, temperature, number of the population (as in tools/peers/make_lih), configuration
cases=("4.006 0 1 1" "4.006 300 2 8" "4.05 300 4 21" "4.09 0 5 30" "4.13 0 7 13" "4.13 300 8 2")
for case in "${cases[@]}"; do
  read -r a t number c <<< "$case"
  exits 0 sample sample.toml --quiet --set "start.dyn=\"$example/a$a/harmonic.dyn\"" --set "start.temperature=\"$t K\"" \
    --set "sample.population=$number" --output "population$number"
  printf -v input 'population%d/pwx/%04d.in' "$number" "$c"
  printf '%s\n' "$input"
done > inputs
xargs -P 2 -I{} bash -c 'cd "$(dirname {})" && pw.x -in "$(basename {})" > "$(basename {} .in).out"' < inputs
for case in "${cases[@]}"; do
  read -r a t number c <<< "$case"
  mkdir "labels$number"
  cp "$example/a$a/${t}K.h5" "labels$number/population.h5"
  exits 0 collect - --set "population.path=\"labels$number\"" --set "outputs.files=[\"population$number/pwx/*.out\"]" < /dev/null
  says "1: 0 new, 1 known, 0 refused, 0 in conflict"
done
finish
