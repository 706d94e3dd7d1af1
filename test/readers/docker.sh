# docker.sh PROJECT OUT: runs the service in a Docker engine of its own, as a container and as a service of a swarm, and
# leaves in OUT what was written and what docker says of it.
set -euo pipefail
project=$1 out=$2
here=$(cd "$(dirname "$0")" && pwd)

# eventually COMMAND...: until it succeeds.
eventually() {
  for _ in {1..300}; do
    "$@" >/dev/null 2>&1 && return
    sleep 0.1
  done
  echo "not within 30 s: $*" >&2
  tail -20 "$out/dockerd" >&2
  return 1
}

mount -t tmpfs tmpfs /run
ip link set lo up
dockerd --storage-driver=vfs --iptables=false --ip6tables=false --bridge=none --data-root "$out/docker" \
  --exec-root /run/docker --pidfile /run/docker.pid --host unix:///run/docker.sock \
  --cgroup-parent "$(basename "$out")" >"$out/dockerd" 2>&1 &
bash "$here/image.sh" "$project" "$out/root"
eventually docker info
tar --create --directory "$out/root" . | docker import - shop >/dev/null
command=(node --import ./service/record.mjs service/service.mjs)

for format in json logfmt; do
  docker run --name "$format" --network none --workdir /app --volume "$out:/out" --env "RECORD=/out/$format.written" \
    --env "LOG_FORMAT=$format" shop "${command[@]}" >/dev/null
  docker logs "$format" >"$out/$format.logs"
  cp "$(docker inspect --format '{{.LogPath}}' "$format")" "$out/$format.file"
done

docker swarm init --advertise-addr 127.0.0.1 >/dev/null
docker service create --detach --name shop --network host --restart-condition none --workdir /app \
  --mount "type=bind,source=$out,target=/out" --env RECORD=/out/service.written --env LOG_FORMAT=json \
  shop "${command[@]}" >/dev/null
is_complete() { docker service ps --format '{{.CurrentState}}' shop | grep -q '^Complete'; }
eventually is_complete
docker service logs --raw shop >"$out/service.logs"
