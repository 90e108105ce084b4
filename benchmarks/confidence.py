"""How good is the confidence? Trains and measures on held-out tasks, generators and collections; prints the report.

    python -m benchmarks.confidence --rows DIR [--out FILE.json] [--png FILE.png] [--quick]

The rows are made by `python -m qlp.confidence.training.rows` (and `given`, `projects`); how is in docs/confidence.md.
Nothing printed was seen in training: every number comes from folds that share neither task nor, where it says so,
generator or collection with what was trained on. `--quick` compares fewer models and maps.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qlp.cli.confidence_screen import show_model_report
from qlp.confidence.row import Row, read_rows
from qlp.confidence.training.reported import model_report
from qlp.confidence.training.train import Recipe, train

RESULTS = Path(__file__).parent / "results" / "confidence.json"
QUICK = Recipe(candidates=("logistic", "additive trees"), maps=("platt", "beta"))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.confidence", description=__doc__)
    parser.add_argument("--rows", type=Path, action="append", required=True, help="feature rows, or a folder of them")
    parser.add_argument("--out", type=Path, default=RESULTS, help="raw numbers")
    parser.add_argument("--png", type=Path, help="curves of the finished model over its own rows")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    rows = read_rows(options.rows)
    recipe = QUICK if options.quick else Recipe()
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {text}", file=sys.stderr)  # noqa: T201

    model, parts = train(rows, name="benchmark", version="0", on=datetime.now(UTC).date(), recipe=recipe, say=say)
    report = model_report(rows, model, parts, recipe, say)
    plain = json.loads(report.model_dump_json())
    for kind in plain["kinds"]:
        show_compared(kind)
    show_model_report(plain)
    show_singles(plain)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({"seconds": round(time.monotonic() - began), **plain}, indent=1) + "\n")
    if options.png is not None:
        draw_png(rows, model.model_dump_json(), options.png)
    return 0 if all(goal.met is not False for goal in report.goals) else 1


def show_compared(kind: dict[str, Any]) -> None:
    print(f"\n{kind['kind']}: held out by task and generator, means over collections")  # noqa: T201
    print(f"{'model':<34} {'map':<11} {'log loss':>8} {'told 100':>8} {'skill':>6} {'told':>6} {'in task':>7}")  # noqa: T201
    compared = kind["compared"]
    for c in compared:
        numbers = [c["skill"], c["skill_labelled"], c["within_task"]]
        shown = " ".join(f"{'-' if n is None else f'{n:.3f}':>{w}}" for n, w in zip(numbers, (6, 6, 7), strict=True))
        mark = "  <- chosen" if c["chosen"] else ""
        print(  # noqa: T201
            f"{c['candidate']:<34} {c['map']:<11} {c['log_loss']:>8.4f} {c['log_loss_labelled']:>8.4f} {shown}{mark}"
        )


def show_singles(report: dict[str, Any]) -> None:
    print("\nsingle features whose risk-coverage curve is lower somewhere, beyond chance")  # noqa: T201
    for kind in report["kinds"]:
        for s in kind["singles"]:
            if s["beaten"]:
                print(f"  {s['set']:<22} {s['feature']:<28} at coverage {', '.join(s['beaten'])}")  # noqa: T201


def draw_png(rows: list[Row], model: str, png: Path) -> None:
    import tempfile

    from qlp.confidence.measure.plots import draw
    from qlp.confidence.measure.scored import score_rows
    from qlp.confidence.model import load_model_file

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.json"
        file.write_text(model)
        draw(score_rows(rows, load_model_file(file)), png)


if __name__ == "__main__":
    sys.exit(main())
