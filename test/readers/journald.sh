# journald.sh PROJECT OUT: runs the service under a journal of its own, and leaves in OUT what was written and what
# journalctl says of it.
set -euo pipefail
project=$1 out=$2
formats='json logfmt ecs combined'
cd "$project"

# wait_for FILE: until it is there.
wait_for() {
  for _ in {1..100}; do
    [ -e "$1" ] && return
    sleep 0.1
  done
  echo "$1 did not appear" >&2
  return 1
}

mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journal /run/log/journal
/lib/systemd/systemd-journald 2>"$out/journald" &
journald=$!
wait_for /run/systemd/journal/stdout

for format in $formats; do
  # As systemd does for a service; systemd-cat leaves JOURNAL_STREAM out.
  RECORD=$out/$format.written LOG_FORMAT=$format OUT=$out \
    systemd-cat -t "shop-$format" sh -c 'export JOURNAL_STREAM="$(stat -L -c %d:%i /proc/$$/fd/1)"
    exec "$0" --import ./service/record.mjs service/service.mjs 2>"$OUT/$LOG_FORMAT.stderr"' "$(command -v node)"
done
journalctl --sync
kill -RTMIN+1 "$journald"

read_journal() {
  journalctl --directory "$(echo /run/log/journal/*)" --quiet "$@"
}
for format in $formats; do
  read_journal -t "shop-$format" -o cat >"$out/$format.cat"
  read_journal -t "shop-$format" -o json --all >"$out/$format.json"
  read_journal -t "shop-$format" -o cat -p err >"$out/$format.err"
done
kill "$journald"
