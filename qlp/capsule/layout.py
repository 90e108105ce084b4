"""Names of the entries of a capsule, and what a path in it may look like."""

from __future__ import annotations

import re
import unicodedata

MANIFEST = "manifest.json"
SIGNATURE = "SIGNATURE.json"
SBOM = "sbom.cdx.json"
VERDICT = "evidence/verdict.json"
PROJECT = "project/"
EVIDENCE = "evidence/"

MAX_PATH_BYTES = 1024
MAX_NAME_BYTES = 255
"""Longest name of one file or folder that ext4, APFS and NTFS all take."""


def path_problem(path: str) -> str | None:
    """Why `path` cannot be an entry, or None: entries are relative, use `/`, and stay where they are put."""
    try:
        raw = path.encode()
    except UnicodeEncodeError:
        return "is not valid Unicode"
    if not raw or len(raw) > MAX_PATH_BYTES:
        return f"is empty or longer than {MAX_PATH_BYTES} bytes"
    if "\\" in path:
        return "has a backslash, which some systems read as a folder separator"
    if any(unicodedata.category(c) == "Cc" for c in path):
        return "has a control character"
    if path.startswith("/") or path[1:2] == ":":
        return "is absolute"
    parts = path.split("/")
    if ".." in parts:
        return "leaves its folder by '..'"
    if "" in parts or "." in parts:
        return "has an empty or '.' component"
    if any(len(p.encode()) > MAX_NAME_BYTES for p in parts):
        return f"has a component longer than {MAX_NAME_BYTES} bytes"
    return None


def folder_conflict(paths: frozenset[str]) -> str | None:
    """A path that is a file and also the folder of another, or None."""
    for path in sorted(paths):
        parts = path.split("/")
        for depth in range(1, len(parts)):
            if (folder := "/".join(parts[:depth])) in paths:
                return folder
    return None


def slug(project: str) -> str:
    """A file name that every system takes: `Buch Läden` -> `buch-l-den`."""
    return re.sub(r"[^a-z0-9._]+", "-", project.lower()).strip("-._")[:80] or "capsule"
