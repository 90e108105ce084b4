#!/bin/sh
# Gets an isolation for sandboxes: setup.sh demo|test BIN
#   demo: the engine that is there, else bubblewrap (installed by apt as root), then the profiles python and analysis
#   test: the Docker engine too (installed and started as root), then every profile for every backend
# Without root it installs nothing and says which one command is missing.
set -eu
what=$1
bin=$2
here=$(dirname "$0")
root=no
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && root=yes

if [ "$what" = test ]; then
  if [ $root = yes ]; then
    "$here/start-docker.sh"
  else
    echo "not root: the Docker rung needs an engine that you can reach (docker info), the bubblewrap rung needs bwrap"
  fi
  "$bin/qlp" sandbox build --every --all
  exit
fi

if ! "$bin/qlp" doctor --sandbox >/dev/null 2>&1; then
  if [ $root = yes ]; then
    echo "no container engine and no bubblewrap here; installing the Debian package bubblewrap"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends bubblewrap >/dev/null
  else
    echo "no container engine and no bubblewrap here. Run: sudo apt-get install bubblewrap   (or start Docker)" >&2
    exit 1
  fi
fi
"$bin/qlp" sandbox build python analysis
