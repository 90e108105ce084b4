"""Rows of requests that bring their own tests: HumanEval's tests as the user's, the extended ones as the truth.

    python -m qlp.confidence.training.given --labelled DIR --rows DIR

Reads rows/humaneval_python.jsonl (made by rows.py) and writes rows/humaneval_given.jsonl: the same solutions and
features, and whether the original tests pass. Only solutions on which both kinds of tests were run are taken.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from qlp.confidence.row import Row, read_rows
from qlp.confidence.training.labelled import read_jsonl, solution_id

SET = "humaneval_given"


def given_rows(labelled: Path, rows: Path) -> list[Row]:
    """Raises InputError where a file is missing."""
    passed: dict[str, int] = {}
    for r in read_jsonl(labelled / "humaneval_python.jsonl.gz"):
        if r.get("label_plus") is not None:
            about = (r["model"], r.get("temp"), r.get("idx"), r.get("source"))
            passed[solution_id(r["code"], *about)] = int(bool(r["label"]))
    return [
        row.model_copy(
            update={"set": SET, "features": {**row.features, "given_tests_pass": float(passed[row.solution])}}
        )
        for row in read_rows([rows / "humaneval_python.jsonl"])
        if row.solution in passed
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m qlp.confidence.training.given", description=__doc__)
    parser.add_argument("--labelled", type=Path, required=True)
    parser.add_argument("--rows", type=Path, required=True)
    options = parser.parse_args()
    made = given_rows(options.labelled, options.rows)
    part = options.rows / f"{SET}.part"
    part.write_text("".join(row.model_dump_json(exclude_defaults=True) + "\n" for row in made), "utf-8")
    os.replace(part, options.rows / f"{SET}.jsonl")
    sys.stdout.write(f"{len(made)} rows in {options.rows / SET}.jsonl\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
