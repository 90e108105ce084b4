#!/bin/sh
# Gets an isolation for sandboxes: setup.sh demo|test BIN
#   demo: the engine that is there, else bubblewrap (installed by apt as root), then the Python profile
#   test: the Docker engine too (installed and started as root), then all profiles
# Without root it installs nothing and says which one command is missing.
set -eu
what=$1
bin=$2
here=$(dirname "$0")
root=no
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && root=yes

apt_install() {
  echo "installing Debian packages: $*"
  apt-get update -qq >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

if [ "$what" = test ] && [ $root = yes ]; then
  missing=
  command -v bwrap >/dev/null || missing="$missing bubblewrap"
  command -v dockerd >/dev/null || missing="$missing docker.io containerd runc"
  command -v mmdebstrap >/dev/null || missing="$missing mmdebstrap"
  # shellcheck disable=SC2086
  [ -z "$missing" ] || apt_install $missing
  "$here/start-docker.sh"
  "$bin/qlp" sandbox build python node go
elif [ "$what" = test ]; then
  echo "not root: the Docker rung needs an engine that you can reach (docker info), the bubblewrap rung needs bwrap"
  "$bin/qlp" sandbox build || true
else
  if ! "$bin/qlp" doctor --json 2>/dev/null | grep -q '"available": true' && ! command -v bwrap >/dev/null; then
    if [ $root = yes ]; then
      apt_install bubblewrap
    else
      echo "no container engine and no bubblewrap: install one, e.g. sudo apt-get install bubblewrap" >&2
      exit 1
    fi
  fi
  "$bin/qlp" sandbox build python
fi
