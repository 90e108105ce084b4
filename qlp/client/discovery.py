"""Which server a client talks to when it is not told: environment, then what `qlp up` left for this user."""

from __future__ import annotations

import json
import os
from pathlib import Path

from qlp.errors import AuthError, ServerUnreachableError


def left_by_up(home: Path) -> tuple[str, str] | None:
    """URL and key in `$QLP_HOME/run/client.json`, or None."""
    try:
        found = json.loads((home / "run" / "client.json").read_text("utf-8"))
    except FileNotFoundError:
        return None
    return found["url"], found["api_key"]


def find_server(base_url: str | None, api_key: str | None) -> tuple[str, str]:
    """From the arguments, else QLP_BASE_URL and QLP_API_KEY, else `qlp up`.

    Raises ServerUnreachableError, AuthError.
    """
    from qlp.config import home

    url, key = base_url or os.environ.get("QLP_BASE_URL"), api_key or os.environ.get("QLP_API_KEY")
    if url and key:
        return url, key
    local = left_by_up(home())
    if url is None:
        if local is None:
            raise ServerUnreachableError(
                "no QLP server is known: start one with `qlp up`, or give base_url and api_key (or QLP_BASE_URL and "
                "QLP_API_KEY)"
            )
        return local[0], key or local[1]
    if local is not None and local[0].rstrip("/") == url.rstrip("/"):
        return url, local[1]
    raise AuthError(f"there is no key for {url}: give api_key, or set QLP_API_KEY")
