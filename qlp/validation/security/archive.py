"""The programs that run in the sandbox, as one archive.

One file cannot be shadowed: a project that brings a `.qlp/json.py` of its own would otherwise be imported in our place.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

NAME = ".qlp/security.pyz"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_ENTRY = "from inside.__main__ import main\nraise SystemExit(main())\n"


def _tree(room: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(room.iterdir(), key=lambda e: e.name):
        if entry.name == "__pycache__":
            continue
        if entry.is_dir():
            yield from _tree(entry, f"{prefix}{entry.name}/")
        else:
            yield f"{prefix}{entry.name}", entry.read_bytes()


def build(more: Mapping[str, bytes] | None = None) -> bytes:
    """A deterministic zip archive that `python3 -I` runs; `more` adds files below `inside/data/`."""
    room = files("qlp.validation.security")
    content = dict(_tree(room.joinpath("inside"), "inside/"))
    content |= dict(_tree(room.joinpath("data"), "inside/data/"))
    content |= {f"inside/data/{name}": data for name, data in (more or {}).items()}
    content["__main__.py"] = _ENTRY.encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(content):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, content[name])
    return out.getvalue()


def operator_lists(home: Path) -> dict[str, bytes]:
    """Package names that the operator adds: `$QLP_HOME/packages/pypi.txt`, one name a line."""
    folder = home / "packages"
    if not folder.is_dir():
        return {}
    return {f"packages/own-{file.name}": file.read_bytes() for file in sorted(folder.glob("*.txt")) if file.is_file()}


@cache
def packed(home: Path) -> bytes:
    """The archive with the operator's lists, built once a process."""
    return build(operator_lists(home))
