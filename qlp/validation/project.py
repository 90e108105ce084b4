"""The files of one validation, as the toolchains see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from qlp.models import InterfaceContract, SourceFile


@dataclass(frozen=True)
class Project:
    """Files and contract. `text` holds what is UTF-8; `binary` the paths of what is not."""

    files: tuple[SourceFile, ...]
    contract: InterfaceContract

    @cached_property
    def text(self) -> Mapping[str, str]:
        return {f.path: f.content for f in self.files if f.encoding == "utf-8"}

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Every path, sorted."""
        return tuple(sorted(f.path for f in self.files))

    @cached_property
    def binary(self) -> tuple[str, ...]:
        return tuple(sorted(f.path for f in self.files if f.encoding != "utf-8"))

    def of(self, suffixes: Sequence[str], names: Sequence[str] = ()) -> tuple[str, ...]:
        """Paths, binary ones too, that end in a suffix or whose last part is a name; sorted."""
        wanted = tuple(suffixes)
        return tuple(p for p in self.paths if (wanted and p.endswith(wanted)) or p.rsplit("/", 1)[-1] in names)

    def ours(self, paths: Sequence[str]) -> tuple[str, ...]:
        """Those that did not come with the request: style is asked only of what was written; all if none is left."""
        return tuple(p for p in paths if p not in self.contract.given) or tuple(paths)
