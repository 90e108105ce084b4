"""Can the tests of the function catalogue fail? Breaks every implementation a little and counts what they notice.

For each entry and language a few mutants are made (a flipped comparison, + for -, a number off by one, a call left
out, ...), and the entry's own test runs against each. A mutant is `killed` when the test fails or hangs, `survived`
when it passes, and `invalid` when it does not even compile. The catalogue's rule: at least one mutant of every entry
and language is killed (exit 1 otherwise). Survivors are listed: some of them are equivalent to the original.
Rows that the output file has from earlier runs are kept unless they are measured again.

    python benchmarks/functions_mutation.py --node-modules DIR [--only gcd stack] [--languages go] [--limit 4] [--first]

Needs pytest and hypothesis, node with fast-check in DIR, and go; a language without its tool is skipped and says so.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
DATA = ROOT / "qlp/blueprints/functions/data"
CPU_S = 10
"""CPU time after which a mutant counts as hanging; wall time would depend on what else the machine does."""

SOURCE = {"python": "python.py", "javascript": "javascript.mjs", "go": "go.go"}
TEST = {"python": "python_test.py", "javascript": "javascript.test.mjs", "go": "go_test.go"}

HIDDEN = {
    "python": r'"""(?:.|\n)*?"""|#[^\n]*|r?f?"(?:[^"\\\n]|\\.)*"|-> [^\n]*$'
    r"|^(?:from|import|T|K|N|V) .*$|^ *(?:class|def) .*$",
    "javascript": r'/\*(?:.|\n)*?\*/|//[^\n]*|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`'
    r"|^import .*$|^export (?:class|.*function) .*$",
    "go": r'//[^\n]*|"(?:[^"\\\n]|\\.)*"|`[^`]*`|\'(?:[^\'\\]|\\.)+\'|^(?:func|import|package|type) .*$',
}
"""What no mutant touches: comments, texts, imports and signatures."""

SWAPS = (
    (r"===", "!=="),
    (r"!==", "==="),
    (r"(?<![=!<>])==(?!=)", "!="),
    (r"!=(?!=)", "=="),
    (r"(?<![<=])<=(?!=)", "<"),
    (r"(?<![>=\-])>=(?!=)", ">"),
    (r"(?<=[\w)\]] )<(?= [\w(\-])", "<="),
    (r"(?<=[\w)\]] )>(?= [\w(\-])", ">="),
    (r"(?<=[\w)\]])( ?)\+(?= ?[\w(\[])(?!\+)", r"\1-"),
    (r"(?<=[\w)\]])( ?)-(?= ?[\w(])(?!-)", r"\1+"),
    (r" \+= ", " -= "),
    (r" -= ", " += "),
    (r"\+\+(?!\+)", "--"),
    (r"(?<=[\w)\]]) \* (?=[\w(])", " + "),
    (r"(?<=[\w)\]]) ?% ?(?=[\w(])", " * "),
    (r" and ", " or "),
    (r" or ", " and "),
    (r" && ", " || "),
    (r" \|\| ", " && "),
    (r"\bnot (?=\w)", ""),
    (r"\b(?:True|true)\b", lambda m: "False" if m[0] == "True" else "false"),
    (r"\b(?:False|false)\b", lambda m: "True" if m[0] == "False" else "true"),
    (r"(?<![\w.])\d+(?![\w.])", lambda m: str(int(m[0]) + 1)),
    (r"(?<=[ (])(?!if|for|while|return|switch|range|func|len)[\w.]+\(((?:[^()]|\([^()]*\))+)\)", r"(\1)"),
    (r"(?<=[\w)\]])\.\w+\(\)", ""),
    (r"\bappend\((.+), (\w+)\)", r"append(\1, \2, \2)"),
    (r"^(\s+)return [^\n]+\n(?=\s+return)", ""),
)


def mutants(language: str, source: str) -> Iterator[tuple[str, str]]:
    """(description, mutated source), in the order of the source."""
    hidden = [m.span() for m in re.finditer(HIDDEN[language], source, re.MULTILINE)]
    found = []
    for pattern, replacement in SWAPS:
        for m in re.finditer(pattern, source, re.MULTILINE):
            if any(start <= m.start() < end for start, end in hidden):
                continue
            new = replacement(m) if callable(replacement) else m.expand(replacement)
            found.append((m.start(), m.end(), new))
    for start, end, new in sorted(found):
        line = source.count("\n", 0, start) + 1
        yield f"line {line}: {source[start:end].strip()} -> {new.strip()}", source[:start] + new + source[end:]


def spread(items: list[Any], limit: int) -> list[Any]:
    """At most `limit` of the items, evenly spread, always the same ones."""
    if len(items) <= limit:
        return items
    return [items[(2 * i + 1) * len(items) // (2 * limit)] for i in range(limit)]


class Bench:
    """One scratch project per language, whose single function is replaced for each mutant."""

    def __init__(self, folder: Path, node_modules: Path | None) -> None:
        self.folder = folder
        if node_modules is not None:
            (folder / "node_modules").symlink_to(node_modules.resolve())
        (folder / "package.json").write_text('{"type": "module"}')
        (folder / "go.mod").write_text("module example.com/functions\n\ngo 1.19\n")
        (folder / "conftest.py").write_text(
            "from hypothesis import Phase, settings\n"
            "settings.register_profile('m', deadline=None, derandomize=True, phases=[Phase.generate])\n"
            "settings.load_profile('m')\n"
        )
        self.environment = {
            **os.environ,
            "GOFLAGS": "-mod=mod",
            "GOPROXY": "off",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis"),
        }

    def run(self, language: str, source: str, test: str) -> str:
        """killed, survived or invalid."""
        (self.folder / SOURCE[language]).write_text(source)
        (self.folder / TEST[language]).write_text(test)
        if language == "python":
            (self.folder / "functions.py").write_text(source)
            argv = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "python_test.py"]
            try:
                compile(source, "functions.py", "exec")
            except SyntaxError:
                return "invalid"
        elif language == "javascript":
            if self._call(["node", "--check", SOURCE[language]])[0] != 0:
                return "invalid"
            argv = ["node", "--test", TEST[language]]
        else:
            argv = ["go", "test", "./..."]
        code, output = self._call(argv)
        if "[build failed]" in output or "[setup failed]" in output:
            return "invalid"
        return "survived" if code == 0 else "killed"

    def _call(self, argv: list[str]) -> tuple[int, str]:
        done = subprocess.run(
            argv, cwd=self.folder, env=self.environment, capture_output=True, text=True, preexec_fn=_limit_cpu
        )
        return done.returncode, done.stdout + done.stderr


def _limit_cpu() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))


def measure(entry: str, language: str, bench: Bench, limit: int, first: bool) -> dict[str, Any]:
    source = (DATA / entry / SOURCE[language]).read_text()
    test = (DATA / entry / TEST[language]).read_text()
    if bench.run(language, source, test) != "survived":
        return {"entry": entry, "language": language, "error": "the unchanged entry does not pass its own test"}
    results: dict[str, list[str]] = {"killed": [], "survived": [], "invalid": []}
    for description, mutated in spread(list(mutants(language, source)), limit):
        results[bench.run(language, mutated, test)].append(description)
        if first and results["killed"]:
            break
    return {"entry": entry, "language": language, **results}


def merged(output: Path, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The new rows and those of the file that were not measured again, for entries that still exist."""
    earlier = json.loads(output.read_text())["rows"] if output.exists() else []
    by_key = {(r["language"], r["entry"]): r for r in [*earlier, *rows] if (DATA / r["entry"]).exists()}
    return [by_key[key] for key in sorted(by_key)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="*", help="ids of entries")
    parser.add_argument("--languages", nargs="*", default=list(SOURCE), choices=list(SOURCE))
    parser.add_argument("--limit", type=int, default=4, help="mutants per entry and language")
    parser.add_argument("--first", action="store_true", help="stop at the first killed mutant of an entry")
    parser.add_argument("--node-modules", type=Path, help="a node_modules folder with fast-check")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "benchmarks/results/functions_mutation.json")
    options = parser.parse_args()
    entries = options.only or sorted(path.parent.name for path in DATA.glob("*/meta.json"))
    rows, skipped = [], {}
    for language, tool in (("python", sys.executable), ("javascript", "node"), ("go", "go")):
        if language not in options.languages:
            continue
        if shutil.which(tool) is None or (language == "javascript" and options.node_modules is None):
            skipped[language] = f"{tool} is missing" if shutil.which(tool) is None else "no --node-modules"
            continue
        for entry in entries:
            with tempfile.TemporaryDirectory() as folder:
                row = measure(entry, language, Bench(Path(folder), options.node_modules), options.limit, options.first)
            rows.append(row)
            counts = {k: len(v) for k, v in row.items() if isinstance(v, list)}
            sys.stdout.write(f"{entry} {language} {row.get('error', counts)}\n")
            sys.stdout.flush()
    rows = merged(options.output, rows)
    weak = [f"{r['entry']} ({r['language']})" for r in rows if not r.get("killed")]
    total = {k: sum(len(r.get(k, [])) for r in rows) for k in ("killed", "survived", "invalid")}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    report = {"limit": options.limit, "total": total, "without_a_killed_mutant": weak, "skipped": skipped, "rows": rows}
    options.output.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    sys.stdout.write(json.dumps({"total": total, "without_a_killed_mutant": weak, "skipped": skipped}) + "\n")
    return 1 if weak else 0


if __name__ == "__main__":
    sys.exit(main())
