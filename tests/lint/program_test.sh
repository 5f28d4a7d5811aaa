#!/usr/bin/env bash
# The program needs nothing but Debian's libraries and LibTorch's folder, and no environment:  program_test.sh PROGRAM LIBTORCH
set -euo pipefail
program="$1"
libtorch="$(realpath "$2")"
beside="$(dirname "$libtorch")/nvidia"  # the CUDA runtime that the wheel of LibTorch comes with

libraries="$(env -i /usr/bin/env PATH=/usr/bin:/bin ldd "$program")"
grep -q libtorch_cpu.so <<< "$libraries" || { printf 'LibTorch is not linked:\n%s\n' "$libraries"; exit 1; }

strangers=0
while read -r name arrow path _; do
  [[ "$arrow" == '=>' ]] || continue  # the loader itself and linux-vdso
  if [[ "$path" == not ]]; then
    echo "$name is not found"
    strangers=1
    continue
  fi
  path="$(realpath "$(dirname "$path")")/"
  case "$path" in
    /lib/*-linux-gnu/* | /usr/lib/*-linux-gnu/* | /lib64/* | /usr/lib64/* | "$libtorch"/* | "$beside"/*) ;;
    *) echo "$name comes from $path"; strangers=1 ;;
  esac
done <<< "$libraries"
((strangers == 0)) || exit 1

cd /
for option in --version --help; do
  output="$(env -i "$program" "$option")"
  [[ -n "$output" ]] || { echo "$option prints nothing"; exit 1; }
done
