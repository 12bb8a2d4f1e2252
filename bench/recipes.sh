# shellcheck shell=bash
# What the layers of build-images.sh hold: one function a layer, run in $ROOT, the root of the image so far.
set -euo pipefail

PEERS=${FOLDER:?}/peers
PYTHON=${PYTHON:-python3.11} # the version of the image's own Python, so that wheels fit

in_root() { chroot "$ROOT" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"; }

# Runs apt-get in the image with this machine's name servers; what it needs to run is unmounted with $ROOT.
in_root_apt() {
  mount -t proc proc "$ROOT/proc"
  mount --bind /dev "$ROOT/dev"
  cp /etc/resolv.conf "$ROOT/etc/resolv.conf"
  printf '#!/bin/sh\nexit 101\n' >"$ROOT/usr/sbin/policy-rc.d" # start no service
  chmod +x "$ROOT/usr/sbin/policy-rc.d"
  "$@"
  in_root apt-get clean
  umount "$ROOT/dev" "$ROOT/proc"
  rm -rf "$ROOT"/var/lib/apt/lists/* "$ROOT/usr/sbin/policy-rc.d"
  : >"$ROOT/etc/resolv.conf"
}
install_debian() { in_root_apt _install_debian "$@"; }
_install_debian() {
  in_root apt-get update -q
  in_root apt-get install -y -q --no-install-recommends "$@"
}
purge_debian() { in_root_apt _purge_debian "$@"; }
_purge_debian() {
  in_root apt-get purge -y -q "$@"
  in_root apt-get autoremove -y -q
}

# install_python FOLDER REQUIREMENT...: into an environment made by this machine's Python, then moved into the image.
install_python() {
  local folder=$1
  shift
  [ -e "$ROOT$folder/bin/python" ] || "$PYTHON" -m venv "$ROOT$folder"
  "$ROOT$folder/bin/python" -m pip install -q --no-cache-dir --prefer-binary "$@"
  grep -rlIF "$ROOT" "$ROOT$folder/bin" "$ROOT$folder/pyvenv.cfg" | xargs -r sed -i "s#$ROOT##g"
  ln -sf /usr/bin/python3 "$ROOT$folder/bin/python3"
}

# install_npm FOLDER PACKAGE...
install_npm() {
  local folder=$ROOT$1
  shift
  mkdir -p "$folder"
  (
    cd "$folder"
    [ -f package.json ] || npm init -y >/dev/null
    npm install --ignore-scripts --no-audit --no-fund --legacy-peer-deps "$@"
  )
}

# --- the base of all but go-tools

base() {
  local sources=/etc/apt/sources.list.d/debian.sources
  [ -f "$sources" ] || sources=/etc/apt/sources.list
  mmdebstrap --mode=root --variant=minbase --aptopt='Acquire::Check-Valid-Until "false"' bookworm - "$sources" |
    tar -C "$ROOT" -x --numeric-owner
  rm -rf "${ROOT:?}"/dev/* "$ROOT"/var/lib/apt/lists/* "$ROOT"/var/cache/apt/*.bin
  : >"$ROOT/etc/resolv.conf"
}

# --- debian-py

pysys() { install_debian python3 python3-venv nginx-light openssl git curl ca-certificates; }
pypk() {
  install_python /opt/venv django numpy pandas requests flask fastapi boto3 cryptography jupyter scipy matplotlib \
    sqlalchemy celery redis psycopg2-binary pydantic 'uvicorn[standard]' gunicorn pillow lxml scikit-learn alembic \
    httpx aiohttp pytest black mypy django-rest-framework opentelemetry-sdk sentry-sdk
}

# --- node-app

nodesys() { install_debian nodejs npm ca-certificates curl; }
nodepk() {
  install_npm /app express next react react-dom webpack webpack-cli @angular/cli @angular/core typescript eslint \
    jest @babel/core @babel/preset-env lodash axios mongoose @aws-sdk/client-s3 @nestjs/core @nestjs/common pg \
    redis socket.io graphql @apollo/server storybook vite tailwindcss @cyclonedx/cdxgen
}

# --- java-spark

javasys() { install_debian default-jre-headless python3 python3-venv ca-certificates; }
javapk() { install_python /opt/spark pyspark; }

# --- go-tools: Debian packages without dpkg's status file, as distroless images have them, and Go programs

distroless() {
  local folder deb name status=$ROOT/var/lib/dpkg/status.d
  folder=$(mktemp -d)
  mkdir -p "$status"
  chmod 755 "$folder"
  (
    cd "$folder"
    apt-get download -q base-files netbase tzdata ca-certificates libc6 libssl3 openssl zlib1g libgcc-s1 \
      libgpgme11 libassuan0 libgpg-error0 libdevmapper1.02.1
  )
  for deb in "$folder"/*.deb; do
    name=$(dpkg-deb -f "$deb" Package)
    dpkg-deb -x "$deb" "$ROOT"
    dpkg-deb -f "$deb" >"$status/$name"
    dpkg-deb --ctrl-tarfile "$deb" | tar -xO ./md5sums >"$status/$name.md5sums"
  done
  rm -rf "$folder" "$ROOT/usr/share/doc-base"
}
gobins() {
  local folder package bin=$ROOT/usr/local/bin
  mkdir -p "$bin"
  cp "$PEERS/syft" /usr/bin/skopeo /usr/bin/umoci /usr/bin/docker-registry "$bin"
  cp "$PEERS/trivy-packed" "$bin/trivy" # as its package ships it
  folder=$(mktemp -d)
  for package in @bufbuild/buf-linux-x64 lefthook-linux-x64 @esbuild/linux-x64; do
    (
      cd "$folder"
      tar -xzf "$(npm pack -s "$package")"
      find . -path '*bin/*' -type f -size +500k -exec cp {} "$bin" \;
      rm -rf ./*
    )
  done
  rm -rf "$folder"
  chmod 755 "$bin"/*
}

# --- ml-serving

mlsys() { install_debian python3 python3-venv libgomp1 ca-certificates curl; }
mltorch() { install_python /opt/venv torch==2.13.0; }
mlpk() { install_python /opt/venv 'ray[default,serve]' transformers safetensors tokenizers accelerate fastapi; }
mlmodel() { "$PYTHON" "$HERE/tiny_model.py" "$ROOT/models/tiny"; }

# --- big: packages come, are overwritten, moved and removed in the layers above

b_tools() { install_debian git curl wget openssl ca-certificates procps vim-tiny; }
b_py() { install_debian python3 python3-venv; }
b_gcc() { install_debian build-essential; }
b_pip1() { install_python /opt/venv 'django<5' requests==2.31.0 'numpy<2' 'pandas<2.2' flask; }
b_pip2() { install_python /opt/venv --upgrade django requests flask boto3; }
b_pip3() { install_python /opt/venv scipy scikit-learn matplotlib; }
b_pipun() { "$ROOT/opt/venv/bin/python" -m pip uninstall -y -q pandas boto3 botocore s3transfer; }
b_java() { install_debian default-jdk-headless; }
b_go() { install_debian golang-go; }
b_gopurge() { purge_debian golang-go; }
b_node() { install_debian nodejs; }
b_npm1() { install_npm /srv/web express@4 webpack jest lodash@4.17.20 next; }
b_npm2() {
  (cd "$ROOT/srv/web" && npm uninstall --ignore-scripts jest)
  install_npm /srv/web lodash@latest express@5
}
b_npm3() {
  rm -rf "$ROOT/srv/web/node_modules"
  install_npm /srv/web
}
b_spark() { install_python /opt/spark pyspark; }
b_jarrm() { rm -f "$ROOT"/opt/spark/lib/python3.11/site-packages/pyspark/jars/{hadoop,hive}-*.jar; }
b_gccpurge() { purge_debian build-essential gcc g++; }
b_pg() { install_debian postgresql redis-server; }
b_nginx() { install_debian nginx-light; }
b_data() {
  mkdir -p "$ROOT/srv/data"
  "$PYTHON" -c 'import random, sys; sys.stdout.buffer.write(random.Random(7).randbytes(150 << 20))' >"$ROOT/srv/data/a.bin"
}
b_datarm() { # the folder comes back, so it is opaque
  rm -rf "$ROOT/srv/data"
  mkdir -p "$ROOT/srv/data"
  echo '{"x":1}' >"$ROOT/srv/data/conf.json"
}
b_many() {
  local number
  mkdir -p "$ROOT"/srv/files/{0..199}
  for number in {1..20000}; do
    echo "line $number" >"$ROOT/srv/files/$((number % 200))/f$number.txt"
  done
}
b_venv2() { install_python /opt/venv2 jupyter celery sqlalchemy; }
b_cfg() {
  mkdir -p "$ROOT/etc/app"
  echo 'a=1' >"$ROOT/etc/app/x.conf"
  echo 'Bookworm' >"$ROOT/etc/motd"
}
