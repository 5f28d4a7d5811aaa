#!/usr/bin/env bash
# Help, templates, exit codes and messages, without any data.
source "$(dirname "$0")/claims.sh"

exits 0
says "usage: zeropoint COMMAND"
exits 0 --help
for command in minimize dispersion relax phonons info convert plot; do says "  $command"; done
exits 0 --version
says "LibTorch  2."
for command in minimize dispersion relax phonons info convert plot; do
  exits 0 "$command" --help
  says "usage: zeropoint $command"
  says "example:"
done
exits 0 minimize --help
says "kong_liu_ratio"
says '"1e-5 angstrom"'

exits 2 minimise
complains "the command 'minimise' is unknown; did you mean 'minimize'?"
exits 2 minimize
complains "one run file is needed"
exits 2 minimize a.toml b.toml
exits 2 minimize a.toml --overwrit
complains "the option --overwrit is unknown; did you mean '--overwrite'?"
exits 2 minimize a.toml --resume --overwrite
complains "contradict"
exits 2 info
exits 2 plot
exits 1 minimize missing.toml
complains "error: missing.toml cannot be read"
exits 1 info missing
exits 2 convert a --to vasp --output b
complains "npy, text, extxyz, h5"

# The template is a run file: only the data that it names are missing.
exits 0 minimize --template
says 'path = "population1"'
cp out run.toml
exits 1 minimize run.toml --check --set ensemble.temperature="200 K"
says 'temperature = "200 K"'
complains "harmonic/dyn"
[[ ! -e minimize ]] || fail "--check leaves a folder"

# All errors at once, with their places, and nothing on standard output.
cat > wrong.toml <<'TOML'
[ensemble]
path = "population1"
dyn = "dyn"
temperature = 300
[minimize]
kong_liu_rato = 0.5
TOML
exits 2 minimize wrong.toml --set compute.device=gpu
complains 'error: wrong.toml:4:15: ensemble.temperature = 300: the unit is missing; write "300 K"'
complains "wrong.toml:6:1: key minimize.kong_liu_rato is unknown; did you mean 'kong_liu_ratio'?"
complains "--set compute.device=gpu: it must be one of cpu, cuda"
prints_nothing
exits 2 minimize wrong.toml --json
prints_nothing
finish
