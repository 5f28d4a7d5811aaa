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

finish() {
  ((failures == 0)) && echo "all claims hold"
  exit $((failures > 0))
}
