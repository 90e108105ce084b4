"""Names that are known to exist, and names that come so near to one that they look like a mistake or a trap."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Protocol

from .vocabulary import words

NODE_MODULES = words(
    """
    assert async_hooks buffer child_process cluster console constants crypto dgram diagnostics_channel dns domain events
    fs http http2 https inspector module net os path perf_hooks process punycode querystring readline repl stream
    string_decoder sys timers tls trace_events tty url util v8 vm wasi worker_threads zlib test sqlite sea
    """
)
"""Of Node 24; also with the prefix `node:`."""


class Room(Protocol):
    def iterdir(self) -> Iterable[Entry]: ...


class Entry(Protocol):
    @property
    def name(self) -> str: ...
    def read_text(self, encoding: str = ...) -> str: ...


def normal(ecosystem: str, name: str) -> str:
    """As the registry compares names. PyPI: PEP 503; Go: without a major version; crates: `-` is `_`."""
    plain = name.strip().lower()
    if ecosystem == "pypi":
        return re.sub(r"[-_.]+", "-", plain)
    if ecosystem == "crates":
        return plain.replace("-", "_")
    if ecosystem == "go":
        return re.sub(r"/v\d+$", "", plain)
    return plain


def distance(a: str, b: str, most: int) -> int:
    """Edits, a swap of neighbours counting as one (optimal string alignment); `most` + 1 where there are more."""
    if abs(len(a) - len(b)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        older, before, row = before, row, [i]
        for j, y in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


class Lists:
    """What is known, by ecosystem."""

    def __init__(self, room: Room) -> None:
        self.names: dict[str, set[str]] = {}
        self.imports: dict[str, str] = {}
        for entry in sorted(room.iterdir(), key=lambda e: e.name):
            ecosystem = entry.name.removeprefix("own-").removesuffix(".txt")
            for line in entry.read_text("utf-8").splitlines():
                words = line.split("#")[0].split()
                if not words:
                    continue
                if ecosystem == "python-imports":
                    self.imports[words[0]] = words[-1]
                else:
                    self.names.setdefault(ecosystem, set()).add(normal(ecosystem, words[0]))

    def knows(self, ecosystem: str, name: str) -> bool:
        plain, known = normal(ecosystem, name), self.names.get(ecosystem, set())
        if plain in known:
            return True
        if ecosystem == "go":
            parts = plain.split("/")
            return any("/".join(parts[:n]) in known for n in range(1, len(parts)))
        if ecosystem == "maven":
            parts = plain.split(".")
            return any(".".join(parts[:n]) in known for n in range(2, len(parts) + 1))
        return ecosystem == "npm" and plain.startswith("@types/")

    def near(self, ecosystem: str, name: str) -> str | None:
        """The well-known name that this one almost is; None where it is far from all."""
        plain = normal(ecosystem, name)
        scope, _, last = plain.rpartition("/")
        if len(last) < 5:
            return None
        most = 2 if len(last) >= 10 else 1
        best: tuple[int, str] | None = None
        for known in self.names.get(ecosystem, ()):
            head, _, tail = known.rpartition("/")
            if ecosystem in ("go", "composer") and (head != scope) == (tail != last):
                continue
            if len(tail) < 5 or abs(len(known) - len(plain)) > most:
                continue
            found = distance(plain, known, most)
            if 0 < found <= most and (best is None or (found, known) < best):
                best = found, known
        if best is None and ecosystem in ("pypi", "npm"):
            bare = re.sub(r"[-_.]", "", plain)
            same = [k for k in self.names.get(ecosystem, ()) if re.sub(r"[-_.]", "", k) == bare and len(bare) >= 6]
            return min(same) if same else None
        return best[1] if best else None
