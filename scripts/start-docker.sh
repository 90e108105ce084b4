#!/bin/sh
# Gives a root Debian/Ubuntu machine without a running engine a Docker engine for QLP's sandboxes.
#
#   scripts/start-docker.sh            install what is missing, start the engine, wait until it answers
#
# QLP_HOME         where the socket goes: $QLP_HOME/docker/docker.sock   (default ~/.qlp)
# QLP_DOCKER_ROOT  where images and containers go                       (default /var/lib/qlp-docker)
#
# Tells the engine of gVisor (runsc) and Kata where they are installed.
#
# Does nothing if the default engine, DOCKER_HOST or QLP's own engine already answers. The engine has no bridge and
# touches no firewall rule: sandboxes have no network. scripts/stop-docker.sh ends it.
set -eu

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # dockerd is there, and su keeps a PATH without it
home=${QLP_HOME:-$HOME/.qlp}
root=${QLP_DOCKER_ROOT:-/var/lib/qlp-docker}
socket=$home/docker/docker.sock
pidfile=$home/docker/dockerd.pid
log=$home/docker/dockerd.log

say() { printf 'start-docker: %s\n' "$*" >&2; }

# GET /_ping over the socket given; python3 is the one tool that is surely there.
answers() {
    [ -S "$1" ] || return 1
    python3 - "$1" <<'PY'
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(3)
try:
    s.connect(sys.argv[1])
    s.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
    sys.exit(b" 200 " not in s.recv(256))
except OSError:
    sys.exit(1)
PY
}

if answers "$socket"; then
    say "already running at unix://$socket"
    exit 0
fi
default_answers() {
    case ${DOCKER_HOST:-} in
    '') answers /var/run/docker.sock ;;
    unix://*) answers "${DOCKER_HOST#unix://}" ;;
    *) return 1 ;;
    esac
}
if default_answers; then
    say "an engine already answers at ${DOCKER_HOST:-unix:///var/run/docker.sock}; nothing to do"
    exit 0
fi

if [ "$(uname -s)" != Linux ]; then
    say "only for Linux; install Docker Desktop, Colima or Podman and set DOCKER_HOST"
    exit 1
fi
if [ "$(id -u)" != 0 ]; then
    say "needs root. Run: sudo $0   (or start any Docker engine, or install bubblewrap for the fallback)"
    exit 1
fi

missing=
for pair in dockerd:docker.io containerd:containerd runc:runc mmdebstrap:mmdebstrap bwrap:bubblewrap; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done
[ -f /usr/share/keyrings/debian-archive-keyring.gpg ] || missing="$missing debian-archive-keyring"
if [ -n "$missing" ]; then
    command -v apt-get >/dev/null 2>&1 || { say "no apt-get here; install:$missing"; exit 1; }
    say "installing by apt-get:$missing"
    apt-get update -qq
    # shellcheck disable=SC2086  # a list of package names
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    i=0
    while [ $i -lt 10 ]; do # where systemd runs, the package starts the engine by itself
        if default_answers; then
            say "the engine answers at ${DOCKER_HOST:-unix:///var/run/docker.sock}"
            exit 0
        fi
        [ -d /run/systemd/system ] || break
        i=$((i + 1))
        sleep 1
    done
fi

mkdir -p "$home/docker" "$root"
chmod 700 "$home/docker"
# Nothing answers, so these are left from an engine that was killed; another process may have its pid by now.
rm -f "$socket" "$pidfile"
# The dead engine's containerd died with it, but is a zombie where nobody reaps orphans; dockerd would wait for it.
containerd_pid=$root/exec/containerd/containerd.pid
if [ -f "$containerd_pid" ] && ! tr '\0' ' ' 2>/dev/null <"/proc/$(cat "$containerd_pid")/cmdline" | grep -q containerd; then
    rm -f "$containerd_pid"
fi
# Stronger runtimes, where they are installed: QLP_SANDBOX__RUNTIME=runsc, or by request. gVisor keeps its default
# platform: its kvm hangs on some machines that have /dev/kvm.
runtimes=
runsc=$(command -v runsc || true)
if [ -n "$runsc" ]; then
    # Sandboxes have no network that gVisor could take over; without the option it refuses to start them.
    printf '#!/bin/sh\nexec "%s" --network=none "$@"\n' "$runsc" >"$home/docker/runsc"
    chmod 755 "$home/docker/runsc"
    runtimes="$runtimes --add-runtime runsc=$home/docker/runsc"
fi
kata=$(command -v kata-runtime || true)
[ -z "$kata" ] || runtimes="$runtimes --add-runtime kata=$kata"
say "starting dockerd: data in $root, socket unix://$socket, log $log"
# A new session, so that Ctrl-C of the caller does not end the engine.
# shellcheck disable=SC2086  # a list of options
setsid dockerd $runtimes --data-root "$root/data" --exec-root "$root/exec" --pidfile "$pidfile" -H "unix://$socket" \
    --storage-driver overlay2 --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false --bridge=none \
    --exec-opt native.cgroupdriver=cgroupfs </dev/null >"$log" 2>&1 &
pid=$!
i=0
while [ $i -lt 120 ]; do
    if answers "$socket"; then
        say "ready (pid $(cat "$pidfile"))"
        exit 0
    fi
    kill -0 "$pid" 2>/dev/null || break
    i=$((i + 1))
    sleep 0.5
done
say "dockerd did not start; its last lines:"
tail -n 15 "$log" >&2
exit 1
