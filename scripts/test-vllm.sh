#!/bin/sh
# The rung `vllm`: makes the environment of vllm-environment.sh if it must, and hosts the test model in it.
# test-vllm.sh [VENV] [pytest arguments]. QLP_VLLM_LIMIT_S caps the tests, seconds.
set -eu
cd "$(dirname "$0")/.."
venv=.venv-vllm
case ${1:-} in
'' | -*) ;;
*)
  venv=$1
  shift
  ;;
esac
timeout "${QLP_VLLM_INSTALL_LIMIT_S:-300}" scripts/vllm-environment.sh "$venv"
PATH="$(cd "$venv/bin" && pwd):$PATH"
export PATH QLP_REQUIRE_RUNGS=vllm
exec timeout --kill-after=20 "${QLP_VLLM_LIMIT_S:-300}" python -m pytest -rs -m vllm tests/vllm "$@"
