"""What a project's package.json says; nothing where it has none or it cannot be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class PackageJson:
    scripts: Mapping[str, str] = field(default_factory=dict)
    packages: frozenset[str] = frozenset()
    """Names of all dependencies, those of development included."""


def package_json(files: Mapping[str, str]) -> PackageJson:
    try:
        data: Any = json.loads(files.get("package.json", ""))
    except (ValueError, RecursionError):
        return PackageJson()
    if not isinstance(data, dict):
        return PackageJson()
    packages: set[str] = set()
    for kind in ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies"):
        named = data.get(kind)
        packages |= set(named) if isinstance(named, dict) else set()
    scripts = data.get("scripts")
    words = {k: v for k, v in scripts.items() if isinstance(v, str)} if isinstance(scripts, dict) else {}
    return PackageJson(words, frozenset(packages))
