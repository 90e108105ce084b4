"""`tsc --noEmit --pretty false`: `file(line,column): error TSnnnn: message`, with further lines indented."""

from __future__ import annotations

import re
from collections.abc import Collection

from qlp.models import Finding, Severity
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Parser, Reading
from qlp.validation.readings import how_it_ended, relative, tail

_KEPT = 200
_PLACE = re.compile(
    r"^(?P<file>[^\n]+?)\((?P<line>\d+),(?P<col>\d+)\): error (?P<rule>TS\d+): (?P<message>.+(?:\n[ \t]+.+)*)", re.M
)
_NO_PLACE = re.compile(r"^error (?P<rule>TS\d+): (?P<message>.+)$", re.M)
_MODULE = re.compile(r"module '(?P<name>[^']+)'")
_MISSING = frozenset(("TS2307", "TS7016", "TS2688"))


def tsc(declared: Collection[str]) -> Parser:
    """`declared`: names of the packages that package.json asks for. One that the sandbox lacks has no types here, which
    says nothing about the project."""

    def parse(result: ExecResult) -> Reading:
        if result.ok:
            return Reading()
        out = result.stdout.decode("utf-8", "replace")
        found = [
            Finding(
                rule=m["rule"],
                severity=_severity(m["rule"], m["message"], declared),
                message=m["message"],
                file=relative(m["file"]),
                line=int(m["line"]),
                column=int(m["col"]),
            )
            for m in _PLACE.finditer(out)
        ]
        found += [
            Finding(rule=m["rule"], severity=_severity(m["rule"], m["message"], declared), message=m["message"])
            for m in _NO_PLACE.finditer(out)
        ]
        if not found or result.exit_code not in (1, 2):
            return Reading(broken=f"tsc {how_it_ended(result)}: {tail(result)}")
        return Reading(tuple(found[:_KEPT]))

    return parse


def _severity(rule: str, message: str, declared: Collection[str]) -> Severity:
    if rule not in _MISSING:
        return "medium"
    named = _MODULE.search(message)
    if named is None:
        return "low"  # a type library of the configuration, such as jest
    parts = named["name"].split("/")
    package = "/".join(parts[:2]) if parts[0].startswith("@") else parts[0]
    return "low" if package in declared or rule == "TS7016" else "medium"
