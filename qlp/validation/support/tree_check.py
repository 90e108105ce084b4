"""Runs in the sandbox: syntax errors of languages without a toolchain here, by tree-sitter's grammars.

A grammar may lag behind its language, so a file that does not parse is a finding of severity high, not critical.
XML is read by Python's own parser, which knows all of it.
"""

from __future__ import annotations

import json
import os
import sys
import xml.parsers.expat as expat

from qlp_report import Report, is_fixture, texts  # type: ignore[import-not-found]
from qlp_tree import problems  # type: ignore[import-not-found]

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "grammars.json"), encoding="utf-8") as _handle:
    GRAMMARS: dict[str, str] = json.load(_handle)
_LIMIT = 1_000_000
"""Bytes of one file: some grammars take seconds for a megabyte, and no one writes such a file."""


def grammar(path: str) -> str | None:
    name = path.rsplit("/", 1)[-1]
    return GRAMMARS.get(name) or GRAMMARS.get("." + name.rsplit(".", 1)[-1])


def check_xml(report: Report, path: str, text: str) -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise ValueError("the document declares entities, which can grow without bound; not checked")

    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(text.encode("utf-8"), True)
    except expat.ExpatError as error:
        message = expat.errors.messages.get(error.code, "no XML")
        report.add(
            "syntax-error", "info" if is_fixture(path) else "critical", message, path, error.lineno, error.offset + 1
        )
    except ValueError as error:
        report.add("entities", "medium", str(error), path, parser.CurrentLineNumber)


def main() -> int:
    from tree_sitter_language_pack import get_parser  # type: ignore[import-not-found,unused-ignore]

    report = Report()
    for path, text in texts(report, limit=_LIMIT):
        language = grammar(path)
        if language == "xml":
            check_xml(report, path, text)
            continue
        if language is None or not text.strip():
            continue
        try:
            parser = get_parser(language)  # type: ignore[arg-type,unused-ignore]
        except LookupError:
            report.broken.append(f"{path}: there is no grammar for {language}")
            continue
        for problem in problems(parser.parse(text.encode("utf-8")), text):
            severity = "info" if is_fixture(path) else "high"
            report.add("syntax-error", severity, problem.message, path, problem.line, problem.column)
    report.emit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
