"""Insecure programs beside their secure twins: `<language>/twins.yaml`, and `later.yaml`, written after the rules.

- id: flask-sql          # unique within the file
  cwe: 89
  rule: sql-injection    # what must find the insecure one; "" where any finding will do
  insecure: |
    ...
  secure: |
    ...
  file: page.tsx         # optional: name of the file, for another suffix than the language's
"""

from __future__ import annotations

from pathlib import Path

import yaml

from qlp.models._base import Frozen

ROOT = Path(__file__).parent
SUFFIX = {
    "python": "py", "javascript": "js", "java": "java", "php": "php", "go": "go", "ruby": "rb", "c": "c", "csharp": "cs",
    "rust": "rs", "bash": "sh",
}  # fmt: skip


class Twin(Frozen):
    id: str
    cwe: int
    rule: str
    insecure: str
    secure: str
    file: str = ""

    def path(self, language: str, group: str, kind: str) -> str:
        name = self.file or f"program.{SUFFIX[language]}"
        return f"{language}/{group}/{self.id}/{kind}/{name}"


def languages() -> tuple[str, ...]:
    return tuple(sorted(p.parent.name for p in ROOT.glob("*/twins.yaml")))


def twins(language: str, group: str = "twins") -> tuple[Twin, ...]:
    """`group`: twins or later. Empty where there is no such file."""
    file = ROOT / language / f"{group}.yaml"
    if not file.is_file():
        return ()
    found = tuple(Twin.model_validate(row) for row in yaml.safe_load(file.read_text("utf-8")))
    assert len({t.id for t in found}) == len(found), f"{file}: an id is used twice"
    return found
