#!/bin/sh
# Makes a virtual environment and installs a lock file and this checkout: environment.sh VENV LOCK
set -eu
venv=$1
lock=$2
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "Python 3.11 or newer is needed; set PYTHON to one (found $("$python" --version))" >&2
  exit 1
}
if [ ! -x "$venv/bin/python" ]; then
  echo "making the environment $venv"
  if ! "$python" -m venv "$venv" 2>/dev/null; then
    # Debian splits venv from python3: virtualenv does the same and installs without it
    rm -rf "$venv"
    boot=$(mktemp -d)
    "$python" -m pip install -q --target "$boot" virtualenv
    PYTHONPATH="$boot" "$python" -m virtualenv -q "$venv"
    rm -rf "$boot"
  fi
fi
echo "installing $lock"
"$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r "$lock"
"$venv/bin/python" -m pip install -q --disable-pip-version-check --no-deps -e .
