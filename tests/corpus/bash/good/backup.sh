#!/usr/bin/env bash
# Packs folders and keeps the newest packages.
set -euo pipefail

usage() {
  echo "usage: $0 TARGET FOLDER..." >&2
  exit 2
}

log() {
  printf '%s %s\n' "$(date +%H:%M:%S)" "$*" >&2
}

# pack TARGET FOLDER: prints the package's name.
pack() {
  local target=$1 folder=$2 name
  name="$target/$(basename "$folder").tar.gz"
  tar -czf "$name" -C "$(dirname "$folder")" "$(basename "$folder")"
  echo "$name"
}

# prune TARGET COUNT: removes all but the newest packages.
prune() {
  local target=$1 keep=$2 file
  local -a files=()
  while IFS= read -r file; do
    files+=("$file")
  done < <(find "$target" -name '*.tar.gz' -printf '%T@ %p\n' | sort -rn | cut -d' ' -f2-)
  for file in "${files[@]:$keep}"; do
    rm -- "$file"
  done
}

total_size() {
  local sum=0 size
  for file in "$@"; do
    size=$(stat -c %s "$file")
    sum=$((sum + size))
  done
  echo "$sum"
}

main() {
  [ "$#" -ge 2 ] || usage
  local target=$1 folder
  shift
  mkdir -p "$target"
  for folder in "$@"; do
    if [[ ! -d $folder ]]; then
      log "no folder: $folder"
      return 1
    fi
    pack "$target" "$folder"
  done
  case "${KEEP:-all}" in
    all) ;;
    *) prune "$target" "$KEEP" ;;
  esac
}

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then
  main "$@"
fi
