"""Runs in the sandbox: do JSON, TOML and YAML files parse, and does no mapping have a key twice?

`data_syntax.py syntax`; paths on standard input as qlp_report.py says.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from typing import Any

from qlp_report import Report, is_fixture, texts, too_deep  # type: ignore[import-not-found]

_LIMIT = 32_000_000
"""Bytes: data may be larger than source."""
_COMMENTED = re.compile(
    r"(?:^|/)(?:tsconfig[^/]*|jsconfig[^/]*|\.eslintrc|devcontainer|\.babelrc|babel\.config|\.swcrc|\.jshintrc|\.hintrc"
    r"|typedoc|api-extractor|deno|wrangler|turbo|renovate|biome|\.oxlintrc|launch|settings|tasks|extensions|keybindings)\.json$"
    r"|(?:^|/)\.vscode/|\.code-workspace$|\.jsonc$|\.json5$"
)
_LINES = re.compile(r"\.(?:jsonl|ndjson)$")
_TEMPLATE = re.compile(
    r"\{\{|\{%|<%|\$\{\{(?!\s*(?:github|env|secrets|matrix|inputs|needs|steps|vars|runner|job|strategy))"
)
_HELM = re.compile(r"(?:^|/)templates/")


class Duplicate(Exception):
    pass


def _pairs(report: Report, path: str, severity: str) -> Any:
    def pairs(rows: list[tuple[str, Any]]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, value in rows:
            if key in made and not (key == "//" or key.startswith("_comment")):
                report.add("duplicate-key", severity, f"the key {key!r} is there twice; the first one is lost", path)
            made[key] = value
        return made

    return pairs


def _refuse(name: str) -> Any:
    raise json.JSONDecodeError(f"{name} is no JSON value", name, 0)


def check_json(report: Report, path: str, text: str, severity: str) -> None:
    commented = bool(_COMMENTED.search(path))
    if commented:
        text = without_comments(text)
        if path.endswith(".json5"):
            return
    pieces = [(0, text)]
    if _LINES.search(path):
        pieces = [(n, line) for n, line in enumerate(text.splitlines()) if line.strip()]
    elif not text.strip():
        report.add("syntax-error", severity, "the file is empty: that is no JSON", path, 1)
        return
    for offset, piece in pieces:
        try:
            json.loads(piece, object_pairs_hook=_pairs(report, path, "info" if severity == "info" else "medium"),
                       parse_constant=None if offset or is_fixture(path) else _refuse)  # fmt: skip
        except json.JSONDecodeError as error:
            line = error.lineno + offset
            report.add("syntax-error", severity, error.msg, path, line, error.colno)
            return
        except RecursionError:
            report.add("too-deep", "high", "nested deeper than this parser goes", path, too_deep(text))
            return
        except ValueError as error:
            report.add("syntax-error", severity, str(error), path)
            return


def without_comments(text: str) -> str:
    """`//` and `/* */` become blanks, and so does a comma before a closing bracket; strings stay."""
    out = re.sub(
        r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/',
        lambda m: m[0] if m[0].startswith('"') else re.sub(r"[^\n]", " ", m[0]),
        text,
        flags=re.S,
    )
    return re.sub(
        r'"(?:[^"\\\n]|\\.)*"|,(?=\s*[}\]])', lambda m: m[0] if m[0].startswith('"') else " ", out, flags=re.S
    )


_AT = re.compile(r"\(at line (\d+), column (\d+)\)|\(at end of document\)")


def check_toml(report: Report, path: str, text: str, severity: str) -> None:
    if line := too_deep(text):
        report.add("too-deep", "high", "nested too deeply to be checked", path, line)
        return
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = _AT.search(str(error))
        line = int(at[1]) if at and at[1] else text.count("\n") + 1
        column = int(at[2]) if at and at[2] else None
        report.add("syntax-error", severity, _AT.sub("", str(error)).strip(), path, line, column)
    except (RecursionError, ValueError) as error:
        report.add("syntax-error", severity, str(error), path)


def check_yaml(report: Report, path: str, text: str, severity: str) -> None:
    import qlp_yaml  # type: ignore[import-not-found]

    try:
        for document in qlp_yaml.documents(text):
            for key, line, column, first in document.duplicates:
                message = f"the key {key!r} is there twice (first on line {first}); the first one is lost"
                report.add("duplicate-key", "info" if severity == "info" else "high", message, path, line, column)
    except qlp_yaml.TooMuch as error:
        report.add("too-deep", "high", str(error), path, error.line)
    except qlp_yaml.Broken as error:
        if _TEMPLATE.search(text) and (_HELM.search(path) or "{%" in text or re.search(r"^\s*\{\{", text, re.M)):
            report.add("template", "info", f"a template, not checked as YAML ({error})", path, error.line)
        else:
            report.add("syntax-error", severity, str(error), path, error.line, error.column)


_CHECKS = {".json": check_json, ".jsonc": check_json, ".json5": check_json, ".jsonl": check_json, ".ndjson": check_json,
           ".webmanifest": check_json, ".geojson": check_json, ".ipynb": check_json, ".toml": check_toml,
           ".yaml": check_yaml, ".yml": check_yaml}  # fmt: skip


def main() -> int:
    report = Report()
    for path, text in texts(report, limit=_LIMIT):
        suffix = "." + path.rsplit(".", 1)[-1].lower()
        check = _CHECKS.get(suffix)
        if check is None:
            check = check_json if text.lstrip()[:1] in "{[" else check_yaml
        check(report, path, text, "info" if is_fixture(path) else "critical")
    report.emit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
