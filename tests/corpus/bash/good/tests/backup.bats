setup() {
  source "$BATS_TEST_DIRNAME/../backup.sh"
  work=$(mktemp -d)
  mkdir "$work/notes"
  echo hello > "$work/notes/a.txt"
}

teardown() {
  rm -rf "$work"
}

@test "packs a folder" {
  run main "$work/out" "$work/notes"
  [ "$status" -eq 0 ]
  [ "$output" = "$work/out/notes.tar.gz" ]
  tar -tzf "$work/out/notes.tar.gz" | grep -q notes/a.txt
}

@test "a folder that is not there is an error" {
  run main "$work/out" "$work/none"
  [ "$status" -eq 1 ]
}

@test "needs two arguments" {
  run main one
  [ "$status" -eq 2 ]
}

@test "keeps the newest" {
  mkdir "$work/out"
  touch -d '2020-01-01' "$work/out/a.tar.gz"
  touch -d '2021-01-01' "$work/out/b.tar.gz"
  prune "$work/out" 1
  [ ! -e "$work/out/a.tar.gz" ]
  [ -e "$work/out/b.tar.gz" ]
}

@test "adds sizes" {
  run total_size "$work/notes/a.txt" "$work/notes/a.txt"
  [ "$output" = 12 ]
}
