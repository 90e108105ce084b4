#!/bin/sh
# Every rung that can run here: test.sh BIN [pytest arguments]
set -eu
bin=$1
shift
here=$(dirname "$0")
export PATH="$(cd "$bin" && pwd):$PATH"
export QLP_HOME="${QLP_HOME:-$HOME/.qlp}"
started=
[ -S "$QLP_HOME/docker/docker.sock" ] || started=yes
stop() {
  [ -z "$started" ] || "$here/stop-docker.sh" || true
}
trap stop EXIT
"$here/setup.sh" test "$bin"
python -m pytest -rs "$@"
