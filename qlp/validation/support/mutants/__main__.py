"""Reads {files, count, seed} as JSON from standard input, prints {files, proposed, mutants}."""

from __future__ import annotations

import json
import sys

from .sample import sample


def main() -> None:
    asked = json.load(sys.stdin)
    json.dump(sample(asked["files"], asked["count"], asked["seed"]), sys.stdout)


main()
