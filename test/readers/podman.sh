# podman.sh PROJECT OUT: runs the service in a container as Kubernetes would keep its log (CRI), and leaves in OUT what
# was written, the file of the log and what podman says of it.
set -euo pipefail
project=$1 out=$2
here=$(cd "$(dirname "$0")" && pwd)

mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /dev/shm

bash "$here/image.sh" "$project" "$out/root"
engine() {
  podman --root "$out/podman" --runroot /run/podman --storage-driver vfs --runtime runc --cgroup-manager cgroupfs "$@"
}
for format in json logfmt; do
  engine run --name "$format" --network none --cgroup-parent "/$(basename "$out")" --log-driver k8s-file \
    --log-opt "path=$out/$format.cri" --workdir /app --volume "$out:/out" --env "RECORD=/out/$format.written" \
    --env "LOG_FORMAT=$format" --rootfs "$out/root" node --import ./service/record.mjs service/service.mjs >/dev/null
  engine logs "$format" >"$out/$format.logs"
done
