"""The security stage measured: insecure programs found, and false alarms on their secure twins and on clean projects.

    python -m benchmarks.validation_security [--out FILE.json]

Needs a Docker engine with the sandbox image `analysis`. Counted is what fails the stage under the default policy: a
finding of medium severity or above. Two sets of pairs lie in tests/security: `twins`, which the rules were made with,
and `later`, written after them. Bandit runs alone beside the rules on the Python ones, as it comes, at its own medium
and at its own low. The clean projects are this repository's sources and what the blueprints render for the tests'
requests. Prints a table; the raw numbers go to benchmarks/results/validation_security.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qlp.blueprints.registry import by_name
from qlp.config import RunSettings, SandboxSettings, home
from qlp.models import Finding, Request, at_least
from qlp.pipeline.analyse import analyse
from qlp.pipeline.choose import choose_blueprint
from qlp.sandbox import open_backend
from qlp.sandbox.protocol import Command, Limits, Sandbox
from qlp.validation.security.archive import NAME, build
from qlp.validation.security.readings import report
from qlp.validation.security.toolchain import command
from tests.security import reader
from tests.support.requests import REQUESTS

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results" / "validation_security.json"
SOURCES = ("qlp", "actors", "serve_app", "cluster")
_BATCH = 100
"""Files of one command: a report holds at most 200 findings."""
TOOLS = ("rules", "bandit", "secrets", "dependencies")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.validation_security", description=__doc__)
    parser.add_argument("--out", type=Path, default=RESULTS)
    return asyncio.run(_run(parser.parse_args()))


async def _run(options: argparse.Namespace) -> int:
    backend = await open_backend(SandboxSettings(backend="docker"), home())
    async with backend.open("analysis", Limits(output_bytes=4_194_304)) as sandbox:
        await sandbox.put({NAME: build()})
        pairs = {group: await _pairs(sandbox, group) for group in ("twins", "later")}
        clean = await _clean(sandbox)
    made = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "pairs": pairs,
        "clean": clean,
    }
    options.out.write_text(json.dumps(made, indent=1) + "\n")
    _show(made)
    return 0


async def _pairs(sandbox: Sandbox, group: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for language in reader.languages():
        twins = reader.twins(language, group)
        if not twins:
            continue
        bad = {t.path(language, group, "insecure"): t.insecure.encode() for t in twins}
        good = {t.path(language, group, "secure"): t.secure.encode() for t in twins}
        await sandbox.put(bad | good)
        found = _files(await _findings(sandbox, "rules", [*bad, *good]))
        row: dict[str, Any] = {"pairs": len(twins), "rules": _rates(bad, good, found)}
        if language == "python":
            for level in ("medium", "low"):
                row[f"bandit_{level}"] = _rates(bad, good, await _bandit_alone(sandbox, [*bad, *good], level))
        made[language] = row
    return made


def _rates(bad: Iterable[str], good: Iterable[str], found: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    bad, good = list(bad), list(good)
    missed, alarms = [p for p in bad if p not in found], [p for p in good if p in found]
    return {
        "detection": round(1 - len(missed) / len(bad), 4),
        "false_alarms": round(len(alarms) / len(good), 4),
        "missed": missed,
        "alarms": {p: sorted(set(found[p])) for p in alarms},
    }


async def _findings(sandbox: Sandbox, tool: str, paths: Sequence[str]) -> list[Finding]:
    found: list[Finding] = []
    for at in range(0, len(paths), _BATCH):
        reading = report(tool)(await sandbox.run(command(tool, paths[at : at + _BATCH])))
        if reading.broken:
            raise SystemExit(reading.broken)
        found += reading.findings
    return [f for f in found if at_least(f.severity, "medium")]


def _files(findings: Iterable[Finding]) -> dict[str, list[str]]:
    made: dict[str, list[str]] = {}
    for f in findings:
        made.setdefault(f.file or "", []).append(f.rule)
    return made


async def _bandit_alone(sandbox: Sandbox, paths: Sequence[str], level: str) -> dict[str, list[str]]:
    argv = ("bandit", "-q", "-f", "json", f"--severity-level={level}", *paths)
    result = await sandbox.run(Command(argv=argv, wall_s=120))
    made: dict[str, list[str]] = {}
    for row in json.loads(result.stdout)["results"]:
        made.setdefault(row["filename"].removeprefix("./"), []).append(row["test_id"])
    return made


def _projects() -> Iterable[tuple[str, dict[str, bytes]]]:
    """This repository's packages together, and each project that a blueprint renders."""
    own = [p for folder in SOURCES for p in sorted((ROOT / folder).rglob("*.py"))]
    yield "repository", {p.relative_to(ROOT).as_posix(): p.read_bytes() for p in own}
    for name, texts in REQUESTS.items():
        for number, text in enumerate(texts):
            request = Request(text=text)
            analysis = analyse(request)
            choice = choose_blueprint(request, analysis, RunSettings())
            if choice is None or choice.blueprint is None:
                raise SystemExit(f"no blueprint serves: {text}")
            blueprint = by_name(choice.blueprint)
            plan = blueprint.plan(analysis)
            files = [f for task in plan.tasks for f in blueprint.render(analysis, plan, task.id)]
            yield f"{name} {number + 1}", {f.path: f.data for f in files}


async def _clean(sandbox: Sandbox) -> list[dict[str, Any]]:
    made = []
    for number, (name, files) in enumerate(_projects()):
        folder = f"clean/{number}"
        await sandbox.put({f"{folder}/{p}": data for p, data in files.items()})
        row: dict[str, Any] = {"project": name, "files": len(files), "alarms": {}}
        row["lines"] = sum(data.count(b"\n") for data in files.values())
        for tool in TOOLS:
            inside = command(tool, tuple(files))
            argv = tuple(f"../../{a}" if a == NAME else a for a in inside.argv)
            reading = report(tool)(await sandbox.run(inside.model_copy(update={"cwd": folder, "argv": argv})))
            if reading.broken:
                raise SystemExit(f"{name}: {reading.broken}")
            serious = [f for f in reading.findings if at_least(f.severity, "medium")]
            row["alarms"][tool] = [f"{f.rule} {f.file}:{f.line}" for f in serious]
        made.append(row)
    return made


def _show(made: dict[str, Any]) -> None:
    out = sys.stdout.write
    for group, languages in made["pairs"].items():
        out(f"\n{group}\n| language | pairs | found | false alarms | bandit alone, medium | bandit alone, low |\n")
        out("| --- | --- | --- | --- | --- | --- |\n")
        for language, row in languages.items():
            cells = [
                language,
                str(row["pairs"]),
                f"{row['rules']['detection']:.0%}",
                f"{row['rules']['false_alarms']:.0%}",
            ]
            for level in ("bandit_medium", "bandit_low"):
                one = row.get(level)
                cells.append(f"{one['detection']:.0%} / {one['false_alarms']:.0%}" if one else "")
            out("| " + " | ".join(cells) + " |\n")
    lines = sum(row["lines"] for row in made["clean"])
    alarms = [f"{row['project']}: {a}" for row in made["clean"] for one in row["alarms"].values() for a in one]
    out(f"\nclean: {len(made['clean'])} projects, {lines} lines, {len(alarms)} alarms at medium or above\n")
    out("".join(f"  {a}\n" for a in alarms))


if __name__ == "__main__":
    raise SystemExit(main())
