"""Manifests of projects without dependencies: their content follows from the contract, so no model is asked."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable

from qlp.models import InterfaceContract, SourceFile

_FOREIGN = re.compile(r"""(?:\bfrom|\bimport|\b(?:import|require)\s{0,9}\()\s{0,9}['"](?!\.{0,2}/|node:)([^'"]+)['"]""")
_TSX = {"@types/node": "^18.19.0", "tsx": "^4.20.0", "typescript": "~5.9.0"}


def is_manifest(path: str) -> bool:
    return path in ("go.mod", "package.json")


def default_manifest(path: str, contract: InterfaceContract, files: Iterable[SourceFile]) -> SourceFile | None:
    """`go.mod` or `package.json` for code that imports nothing from outside; None for any other file or code."""
    if path == "go.mod":
        return SourceFile(path=path, content=f"module {contract.project}\n\ngo 1.19\n")
    sources = [f for f in files if posixpath.splitext(f.path)[1] in (".js", ".mjs", ".cjs", ".ts", ".mts")]
    if path != "package.json" or any(_FOREIGN.search(f.content) for f in sources):
        return None
    manifest: dict[str, object] = {"name": contract.project, "version": "0.1.0", "private": True, "type": "module"}
    test = contract.command("test")
    if test:
        manifest["scripts"] = {"test": " ".join(test.argv)}
    if contract.language == "typescript":
        manifest["devDependencies"] = _TSX
    return SourceFile(path=path, content=json.dumps(manifest, indent=2) + "\n")
