# shellcheck shell=bash
# step TITLE COMMAND...: runs a command and prints the summary of its tests and its `ok` lines; if it fails, all its output.
step() {
  local title=$1 output status
  shift
  printf '== %s\n' "$title"
  output=$(mktemp)
  status=0
  "$@" >"$output" 2>&1 || status=$?
  if ((status == 0)); then
    grep -E '^ *(Test Files|Tests|Duration) |^ok: ' "$output" || true
  else
    cat "$output"
    printf '== %s: failed with exit code %d\n' "$title" "$status"
  fi
  rm -f "$output"
  return "$status"
}
