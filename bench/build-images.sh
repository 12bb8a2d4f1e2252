#!/bin/bash
# Builds the seven images of the benchmark as OCI layouts, without a registry or an engine, from Debian, PyPI and
# npm packages. A layer that is there is not built again, so an interrupted build goes on where it was.
#
#   build-images.sh                 all images: 16 minutes, 14 GB, in $OSPO_BENCH (default: build/bench)
#   build-images.sh layer NAME...   these layers only, and nothing above them
#
# Needs root (overlay mounts, chroot), Debian 12 with Python 3.11, the peers (bench/peers.py), and
#   apt-get install mmdebstrap skopeo umoci docker-registry pigz zstd python3-venv nodejs npm
# Packages come from wherever this machine's apt, pip and npm are configured to take them.
set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
FOLDER=${OSPO_BENCH:-$(dirname "$HERE")/build/bench}
LAYERS=$FOLDER/layers
MOUNTS=$FOLDER/mnt
export SOURCE_DATE_EPOCH=1735689600 DEBIAN_FRONTEND=noninteractive

# shellcheck source=bench/recipes.sh
. "$HERE/recipes.sh"

# What each layer stands on: name -> names of the layers below it, bottom to top. Its recipe has the same name.
declare -A BELOW=(
  [base]=""
  [pysys]="base" [pypk]="base pysys"
  [nodesys]="base" [nodepk]="base nodesys"
  [javasys]="base" [javapk]="base javasys"
  [distroless]="" [gobins]="distroless"
  [mlsys]="base" [mltorch]="base mlsys" [mlpk]="base mlsys mltorch" [mlmodel]="base mlsys mltorch mlpk"
)
# The layers of the image `big`, each on all before it.
BIG=(base)
for name in tools py gcc pip1 pip2 pip3 pipun java go gopurge node npm1 npm2 npm3 spark jarrm gccpurge pg nginx \
  data datarm many venv2 cfg; do
  BELOW[b_$name]="${BIG[*]}"
  BIG+=("b_$name")
done

# Runs a recipe on an overlay of the layers below and packs what it changed. $ROOT is where it works.
layer() {
  local name=$1 below lower=""
  [ -f "$LAYERS/$name/meta.json" ] && return
  for below in ${BELOW[$name]}; do
    layer "$below"
    lower=$LAYERS/$below/upper${lower:+:$lower}
  done
  echo "layer $name" >&2
  rm -rf "${LAYERS:?}/$name"
  mkdir -p "$LAYERS/$name/upper" "$LAYERS/$name/work" "$MOUNTS/$name"
  ROOT=$MOUNTS/$name
  if [ -n "$lower" ]; then
    # Without these, the kernel may leave renamed or partly copied files that no tar can express.
    mount -t overlay overlay "$ROOT" -o "redirect_dir=off,metacopy=off,index=off,lowerdir=$lower" \
      -o "upperdir=$LAYERS/$name/upper,workdir=$LAYERS/$name/work"
  else
    mount --bind "$LAYERS/$name/upper" "$ROOT"
  fi
  # A process of its own, because `set -e` does nothing inside a command whose failure is handled.
  local code=0
  (set -e; "$name") >"$LAYERS/$name/log" 2>&1 &
  wait $! || code=$?
  umount --recursive "$ROOT"
  if [ $code != 0 ]; then
    tail -5 "$LAYERS/$name/log" >&2
    echo "layer $name failed ($code): $LAYERS/$name/log" >&2
    exit 1
  fi
  python3 "$HERE/oci_layer.py" pack "$LAYERS/$name/upper" "$LAYERS/$name"
}

# image NAME LAYER...
image() {
  local name=$1 part parts=()
  shift
  for part in "$@"; do
    layer "${part%-zst}"
    if [ "$part" != "${part%-zst}" ] && [ ! -f "$LAYERS/$part/meta.json" ]; then
      python3 "$HERE/oci_layer.py" zstd "$LAYERS/${part%-zst}" "$LAYERS/$part"
    fi
    parts+=("$LAYERS/$part")
  done
  python3 "$HERE/oci_layer.py" image "$FOLDER/images/$name" "${parts[@]}"
}

mkdir -p "$LAYERS" "$MOUNTS" "$FOLDER/images"
if [ "${1:-}" = layer ]; then
  shift
  for name in "$@"; do layer "$name"; done
  exit
fi
image go-tools distroless gobins
image debian-py base pysys pypk
image debian-py-zst base-zst pysys-zst pypk-zst
image node-app base nodesys nodepk
image java-spark base javasys javapk
image ml-serving base mlsys mltorch mlpk mlmodel
image big "${BIG[@]}"
