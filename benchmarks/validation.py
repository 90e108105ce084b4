"""What validation costs, and whether it is right: files/s against the same tools by hand, the cache, the corpus.

    python -m benchmarks.validation [--language python ...] [--step 4] [--rounds 3] [--out FILE.json]

Needs a Docker engine with the sandbox images (`qlp sandbox build python node go java rust c scripts mono analysis`).
Nothing is generated: programs are the corpus of tests/corpus and what the blueprints render. Prints a table; the raw
numbers go to benchmarks/results/validation.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.validations import by_hand, judged
from qlp.config import SandboxSettings, home
from qlp.sandbox import open_backend
from tests.corpus import reader

RESULTS = Path(__file__).parent / "results" / "validation.json"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.validation", description=__doc__)
    parser.add_argument("--language", action="append", choices=reader.languages(), help="default: all of the corpus")
    parser.add_argument("--step", type=int, default=1, help="every n-th fault")
    parser.add_argument("--rounds", type=int, default=3, help="of each timing; the median counts")
    parser.add_argument("--only", choices=("times", "judged"), help="the other part of --out stays as it is")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    return asyncio.run(_run(options))


async def _run(options: argparse.Namespace) -> int:
    backend = await open_backend(SandboxSettings(backend="docker"), home())
    languages = tuple(options.language or reader.languages())
    before = json.loads(options.out.read_text("utf-8")) if options.only and options.out.is_file() else {}
    found: dict[str, object] = {**before, "cores": os.cpu_count(), "python": platform.python_version()}
    if options.only != "judged":
        rows: dict[str, object] = {}
        for language in languages:
            times = await by_hand.measure(backend, reader.good(language), rounds=options.rounds)
            rows[language] = times.model_dump(mode="json")
            _say(f"{language}: {times.line}")
        found["times"] = {**_about(), "rounds": options.rounds, "languages": rows}
    if options.only != "times":
        about = {**_about(), "step": options.step}
        good = await judged.good_programs(backend, languages, _say)
        faults = await judged.faulty_programs(backend, languages, options.step, _say)
        scores = judged.scores(good, faults)
        for name, row in scores.items():
            _say(f"{name}: {row}")
        found["judged"] = {
            **about,
            "scores": scores,
            "good": [g.model_dump(mode="json") for g in good],
            "faults": [f.model_dump(mode="json") for f in faults],
        }
    options.out.write_text(json.dumps(found, indent=1) + "\n")
    _say(f"wrote {options.out}")
    return 0


def _about() -> dict[str, object]:
    return {"at": datetime.now(UTC).isoformat(timespec="seconds"), "load": os.getloadavg()}


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
