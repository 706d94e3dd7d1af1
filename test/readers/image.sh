# image.sh PROJECT FOLDER: makes FOLDER the root of a container with Node.js, its libraries and the service.
set -euo pipefail
project=$1 folder=$2

node=$(node -p process.execPath)
mkdir -p "$folder"/{usr/bin,proc,dev,sys,etc,out}
cp "$node" "$folder/usr/bin/node"
ldd "$node" | grep -o '/[^ ]*' | while read -r library; do
  mkdir -p "$folder${library%/*}"
  cp --dereference "$library" "$folder$library"
done
cp -r "$project" "$folder/app"
