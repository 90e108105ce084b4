"""Which paths a model may name: relative, inside the project, made of ordinary characters."""

from __future__ import annotations

import re

_PATH = re.compile(r"[A-Za-z0-9_@()\[\]+.,=-]+(?:/[A-Za-z0-9_@()\[\]+.,=-]+)*")
_LONGEST = 200


def clean_path(raw: str) -> str | None:
    """The path in its one spelling (`./a//b.py` -> `a/b.py`), None if it may not be used."""
    path = raw.strip().replace("\\", "/")
    if path.startswith("/") or len(path) > _LONGEST:
        return None
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if not parts or ".." in parts or parts[0] == ".git":
        return None
    joined = "/".join(parts)
    return joined if _PATH.fullmatch(joined) else None
