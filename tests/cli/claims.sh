# Claims about a program, for the scripts beside this one: source it with the program and the source folder as arguments.
set -uo pipefail
program="$1"
source_folder="$2"
failures=0
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1

fail() {
  printf 'FAILED: %s\n' "$1"
  sed 's/^/  out: /' "$folder/out"
  sed 's/^/  err: /' "$folder/err"
  failures=$((failures + 1))
}

# exits CODE ARGUMENT...: runs the program; output lies in out and err.
exits() {
  local code="$1" status=0
  shift
  "$program" "$@" > "$folder/out" 2> "$folder/err" || status=$?
  last="zeropoint $*"
  ((status == code)) || fail "$last exits with $status, not $code"
}

says() { grep -qF -- "$1" "$folder/out" || fail "$last does not print '$1'"; }
complains() { grep -qF -- "$1" "$folder/err" || fail "$last does not say '$1' on standard error"; }
prints_nothing() { [[ ! -s "$folder/out" ]] || fail "$last prints something on standard output"; }

# field FILE NAME: a value of a summary.json, all digits.
field() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]]["value"])' "$1" "$2"; }

# reference_data PATH: sets data to that place among the published data; without it the script is skipped, or fails where they are
# promised.
reference_data() {
  data="${ZEROPOINT_DATA:-$source_folder/../shared/data}/$1"
  if [[ -e "$data" ]]; then
    data="$(realpath "$data")"
    return
  fi
  [[ "${ZEROPOINT_REQUIRE_DATA:-}" == 1 ]] && { echo "reference data are promised but missing"; exit 1; }
  echo "no reference data: set ZEROPOINT_DATA to their folder"
  exit 77
}

finish() {
  ((failures == 0)) && echo "all claims hold"
  exit $((failures > 0))
}
