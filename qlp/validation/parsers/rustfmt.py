"""`rustfmt --check -l`: names of files that rustfmt would change."""

from __future__ import annotations

import re

from qlp.models import Finding
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Reading
from qlp.validation.readings import how_it_ended, relative, tail

_PARSE = re.compile(r"^error(?:\[E\d+\])?: (?P<text>[^\n]+)\n +--> (?P<file>[^\n]+?):(?P<line>\d+):(?P<col>\d+)$", re.M)


def rustfmt(result: ExecResult) -> Reading:
    """rustfmt is the language's one style, so a difference fails it. What it cannot parse is said once."""
    names = [line for line in result.stdout.decode("utf-8", "replace").splitlines() if line.endswith(".rs")]
    findings = tuple(
        Finding(
            rule="rustfmt", severity="medium", message="not formatted with rustfmt", file=relative(name), fix="rustfmt"
        )
        for name in dict.fromkeys(names)
    )
    unread = tuple(
        Finding(
            rule="does-not-parse", severity="medium", message=m["text"], file=relative(m["file"]), line=int(m["line"]),
            column=int(m["col"]),
        )
        for m in _PARSE.finditer(result.stderr.decode("utf-8", "replace"))
    )  # fmt: skip
    if not result.ok and not findings and not unread:
        return Reading(broken=f"rustfmt {how_it_ended(result)}: {tail(result)}")
    return Reading((findings + unread)[:200])
