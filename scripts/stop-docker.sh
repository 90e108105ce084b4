#!/bin/sh
# Ends the engine that scripts/start-docker.sh started, and only that one. Images stay in QLP_DOCKER_ROOT.
set -eu

home=${QLP_HOME:-$HOME/.qlp}
pidfile=$home/docker/dockerd.pid

say() { printf 'stop-docker: %s\n' "$*" >&2; }

if [ ! -s "$pidfile" ]; then
    say "not running (no $pidfile)"
    exit 0
fi
pid=$(cat "$pidfile")
case "$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null || true)" in
*dockerd*"$pidfile"*) ;;
*)
    say "pid $pid is not our engine any more; removing the stale $pidfile"
    rm -f "$pidfile" "$home/docker/docker.sock"
    exit 0
    ;;
esac
kill -TERM "$pid"
i=0
while kill -0 "$pid" 2>/dev/null; do
    if [ $i -ge 60 ]; then
        say "pid $pid did not end in 30 s; ending it hard"
        kill -KILL "$pid"
        break
    fi
    i=$((i + 1))
    sleep 0.5
done
rm -f "$pidfile" "$home/docker/docker.sock"
say "stopped"
