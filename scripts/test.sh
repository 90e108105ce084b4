#!/bin/sh
# Every rung that can run here: test.sh BIN [pytest arguments]
# An engine that this script had to start is stopped at the end; one that ran before is left alone.
set -eu
bin=$1
shift
here=$(dirname "$0")
PATH="$(cd "$bin" && pwd):$PATH"
QLP_HOME=${QLP_HOME:-$HOME/.qlp}
export PATH QLP_HOME

engine() { cat "$QLP_HOME/docker/dockerd.pid" 2>/dev/null || true; }
alive() { [ -n "$1" ] && kill -0 "$1" 2>/dev/null; }

before=$(engine)
alive "$before" || before=
stop() {
  after=$(engine)
  if [ -z "$before" ] && alive "$after"; then "$here/stop-docker.sh"; fi
}
trap stop EXIT
"$here/setup.sh" test "$bin"
python -m pytest -rs --durations=30 --durations-min=4 "$@"
