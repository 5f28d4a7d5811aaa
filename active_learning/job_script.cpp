#include "active_learning/job_script.hpp"

#include <fmt/format.h>

#include <cmath>

namespace zeropoint::active_learning {
namespace {

/// For single quotes of a shell.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') result += "'\\'";
    result += c;
  }
  result += '\'';
  return result;
}

constexpr const char* body = R"SH(
here=$(cd "$(dirname "$0")" && pwd)
[ -f "$here/tasks.txt" ] || here=$SLURM_SUBMIT_DIR  # Slurm runs a copy
element=${1:-${SLURM_ARRAY_TASK_ID:-all}}
scratch=${SLURM_TMPDIR:-${TMPDIR:-/tmp}}
child=
stopped=
stop() { stopped=1; [ -n "$child" ] && kill -TERM -- "-$child" 2> /dev/null; }
trap stop TERM INT USR1

complete() { local rc; for rc in "$1"/run.*/rc; do [ -f "$rc" ] && [ "$(cut -d' ' -f1 "$rc")" = 0 ] && return 0; done; [ -f "$1/result.json" ]; }
tries() {
  local n=0 f
  for f in "$1"/started.*; do [ -e "$f" ] && n=$((n + 1)); done
  for f in "$1"/run.*/rc; do [ -f "$f" ] && grep -q ' stopped' "$f" && n=$((n - 1)); done
  echo $n
}

run_task() {
  local task=$1 who dir begin code
  complete "$task" && return 0
  [ "$(tries "$task")" -ge 3 ] && return 0
  who=${SLURM_JOB_ID:-pid$$}.${SLURM_RESTART_COUNT:-0}@$(uname -n).$RANDOM$RANDOM
  dir=$(mktemp -d "$scratch/zp.XXXXXXXX") || { echo "$scratch: no scratch folder can be made" >&2; return 0; }
  for f in "$task"/*; do [ -f "$f" ] && cp -L "$f" "$dir/" ; done
  : > "$task/started.$who" || { rm -rf "$dir"; return 0; }
  begin=$SECONDS
  set -m
  ( cd "$dir" && exec bash -c "$command" ) > "$dir/.stdout" 2> "$dir/.stderr" < /dev/null &
  child=$!
  set +m
  ( sleep "$limit"; kill -TERM -- "-$child" 2> /dev/null; sleep 10; kill -KILL -- "-$child" 2> /dev/null ) > /dev/null 2>&1 &
  local watch=$!
  wait "$child"; code=$?
  while kill -0 "$child" 2> /dev/null; do wait "$child"; code=$?; done
  child=
  kill "$watch" 2> /dev/null
  wait "$watch" 2> /dev/null
  mkdir -p "$task/.run.$who"
  [ -f "$dir/out" ] || cp "$dir/.stdout" "$dir/out"
  cp "$dir/out" "$task/.run.$who/out"
  cat "$dir/.stderr" > "$task/.run.$who/err"
  for f in $kept; do [ -f "$dir/$f" ] && cp "$dir/$f" "$task/.run.$who/"; done
  echo "$code $((SECONDS - begin)) $who${stopped:+ stopped}" > "$task/.run.$who/rc" && sync "$task/.run.$who/rc" "$task/.run.$who/out" \
    && mv -T "$task/.run.$who" "$task/run.$who"
  rm -rf "$dir"
  [ -n "$stopped" ] && exit 143
  return 0
}

find "$scratch" -maxdepth 1 -name 'zp.*' -user "$(id -u)" -mtime +7 -exec rm -rf {} + 2> /dev/null
number=0
while IFS= read -r line; do
  case $line in /*) ;; *) line=$here/$line ;; esac
  if [ "$element" = all ] || [ $((number / per_job)) -eq "$element" ]; then run_task "$line"; fi
  number=$((number + 1))
done < "$here/tasks.txt"
exit 0
)SH";

}  // namespace

std::string job_script(const DftCode& code, const JobOptions& options) {
  std::string text = "#!/bin/bash\n";
  for (const std::string& line : options.slurm) text += "#SBATCH " + line + "\n";
  text += fmt::format("command={}\nlimit={}\nper_job={}\nkept={}\n", quoted(code.shell_command()),
                      static_cast<long>(std::ceil(options.time_limit)), options.per_job,
                      quoted(fmt::format("{}", fmt::join(code.kept(), " "))));
  return text + body;
}

}  // namespace zeropoint::active_learning
