# Runs in the sandbox: eslint with the project's own configuration, or with ours where there is none or where its own
# needs a plug-in that is not here. JSON on standard output; exit code as eslint's.
eslint=/opt/qlp/node/node_modules/.bin/eslint
if [ "$1" = own ]; then
  shift
  out=$(timeout 90 "$eslint" --format json --no-warn-ignored -- "$@" 2> /tmp/qlp-eslint.err)
  code=$?
  if [ "$code" -le 1 ]; then
    printf '%s' "$out"
    exit "$code"
  fi
  if ! grep -Eq 'Cannot find (module|package)|ERR_MODULE_NOT_FOUND|MODULE_NOT_FOUND' /tmp/qlp-eslint.err; then
    cat /tmp/qlp-eslint.err >&2
    exit "$code"
  fi
  echo "the project's own configuration needs a package that is not in the sandbox; the packaged one was used" >&2
else
  shift
fi
exec "$eslint" --config .qlp/eslint.config.mjs --format json --no-warn-ignored -- "$@"
