"""Runs in the sandbox: a Dockerfile's instructions, with the escape directive, continuation lines, comments between
them and heredocs, after the Dockerfile reference (syntax 1.7).
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field

_DIRECTIVE = re.compile(r"#\s*([a-zA-Z][\w.-]*)\s*=\s*(.+?)\s*$")
_HEREDOC = re.compile(r"<<(-?)(['\"]?)([A-Za-z_][\w.]*)\2")
_HEREDOC_IN = ("RUN", "COPY", "ADD")
INSTRUCTIONS = (
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
    "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
)  # fmt: skip


@dataclass
class Instruction:
    name: str
    """In capitals."""
    args: str
    """Without continuation marks, flags and the bodies of heredocs."""
    line: int
    flags: dict[str, str] = field(default_factory=dict)
    heredocs: list[str] = field(default_factory=list)
    unterminated: str = ""
    """The heredoc's word that never comes."""
    dangling: bool = False
    """Ends in a continuation mark with nothing after it."""

    @property
    def json(self) -> bool:
        return self.args.startswith("[")

    @property
    def script(self) -> str:
        return "\n".join([self.args, *self.heredocs])


def parse(text: str) -> list[Instruction]:
    lines = text.split("\n")
    escape, at = "\\", 0
    while at < len(lines) and (m := _DIRECTIVE.fullmatch(lines[at].strip())):
        if m[1].lower() == "escape" and m[2] == "`":
            escape = "`"
        at += 1
    found: list[Instruction] = []
    while at < len(lines):
        line = lines[at].strip("\r")
        if not line.strip() or line.lstrip().startswith("#"):
            at += 1
            continue
        start, dangling = at, False
        parts: list[str] = []
        while at < len(lines):
            piece = lines[at].rstrip("\r").rstrip()
            at += 1
            if parts and (not piece.strip() or piece.lstrip().startswith("#")):
                dangling = at >= len(lines)
                continue
            if piece.endswith(escape):
                parts.append(piece[:-1])
                dangling = at >= len(lines)
                continue
            parts.append(piece)
            dangling = False
            break
        whole = " ".join(p.strip() if i else p.lstrip() for i, p in enumerate(parts))
        name, _, rest = whole.partition(" ")
        made = Instruction(name.strip().upper(), rest.strip(), start + 1, dangling=dangling)
        if made.name in _HEREDOC_IN and not made.args.startswith("["):
            for m in _HEREDOC.finditer(made.args):
                if not _outside_quotes(made.args, m.start()):
                    continue
                body: list[str] = []
                while at < len(lines) and (lines[at].strip("\t") if m[1] else lines[at]).rstrip("\r") != m[3]:
                    body.append(lines[at])
                    at += 1
                if at >= len(lines):
                    made.unterminated = m[3]
                at += 1
                made.heredocs.append("\n".join(body))
        _flags(made)
        found.append(made)
    return found


def _outside_quotes(text: str, at: int) -> bool:
    quote = ""
    for i, char in enumerate(text[:at]):
        if quote:
            quote = "" if char == quote and text[i - 1] != "\\" else quote
        elif char in "'\"":
            quote = char
    return not quote and not (at and text[at - 1] == "<")


def _flags(made: Instruction) -> None:
    while m := re.match(r"--([a-z-]+)(?:=(\"[^\"]*\"|\S*))?(?:\s+|$)", made.args):
        made.flags[m[1]] = (made.flags.get(m[1], "") + " " + (m[2] or "")).strip()
        made.args = made.args[m.end() :]


def words(text: str) -> list[str] | None:
    """Split as a shell does; None where a quote is not closed."""
    try:
        return shlex.split(text, comments=False)
    except ValueError:
        return None
