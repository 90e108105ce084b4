"""What the programs in the sandbox print: one JSON object, of a bounded size."""

from __future__ import annotations

import json
import sys
from typing import Any

MAX_FINDINGS = 200
_ORDER = {"critical": 0, "high": 1, "medium": 2, "low": 3, "info": 4}


def emit(findings: list[dict[str, Any]], facts: dict[str, int | str]) -> None:
    """Worst first; what is over the cap is only counted, so that the output never outgrows the sandbox's own cap."""
    ordered = sorted(findings, key=lambda f: (_ORDER[f["severity"]], f.get("file") or "", f.get("line") or 0))
    made = {"findings": ordered[:MAX_FINDINGS], "facts": {**facts, "findings_total": len(ordered)}}
    sys.stdout.write(json.dumps(made, ensure_ascii=False))


def paths_from_stdin() -> list[str]:
    """The project's files, as the caller names them: nothing else in the workspace is looked at."""
    given = json.loads(sys.stdin.read() or "[]")
    return [p for p in given if isinstance(p, str)]
