"""The text protocol for code: fenced blocks with a path, because JSON-escaped code is where models err most.

A block's path is looked for in its info string (`path=src/a.py`, `python src/a.py`, `python:src/a.py`), in the line
above (`### src/a.py`, `**src/a.py**`, `File: src/a.py`), and in a first-line comment (`# file: src/a.py`).
Fence lengths follow CommonMark 0.31 section 4.5; besides, a fence with an info string inside a block opens a nested
block (CommonMark cannot close a block with it), so that a README may hold code blocks.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple

from qlp.agents.edits import EditProblem, apply_edits, is_edit, read_edits
from qlp.agents.paths import clean_path
from qlp.models import SourceFile
from qlp.models._base import Frozen

MAX_FILES = 200
MAX_BYTES = 1_048_576
CHARS_PER_TOKEN = 20
"""No language of any tokenizer needs so many on average: an answer beyond it ignored the token limit."""
_LONGEST_LINE = 300
"""No longer line is searched for a path: the patterns stay cheap whatever a model writes."""

MalformedKind = Literal[
    "no_blocks", "unclosed", "no_path", "bad_path", "missing", "too_large", "empty_file", "cut",
    "bad_edit", "no_match", "ambiguous",
]  # fmt: skip


class Malformed(Frozen):
    """Why an answer cannot be used; `detail` is fed back to the model."""

    kind: MalformedKind
    detail: str


class ParsedFiles(Frozen):
    files: tuple[SourceFile, ...]
    """Exactly the files that were asked for, in the order of the contract."""
    duplicates: tuple[str, ...] = ()
    """Paths that came more than once; the last block won."""
    refused: tuple[str, ...] = ()
    """Paths that the task does not own; they were dropped."""

    @property
    def notes(self) -> str:
        parts = []
        if self.duplicates:
            parts.append("written twice, last one kept: " + ", ".join(self.duplicates))
        if self.refused:
            parts.append("not this task's, dropped: " + ", ".join(self.refused))
        return "; ".join(parts)


class Block(NamedTuple):
    info: str
    above: str
    """The last line with text before the fence."""
    lines: list[str]
    closed: bool


_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_INFO_KEY = re.compile(r"""(?:path|file|filename|title)\s*[=:]\s*(?:"([^"]*)"|'([^']*)'|(\S+))""", re.IGNORECASE)
_NAME = r"([^\s`*]+?)"
_LIST = r"(?:[*+-]\s+|\d+[.)]\s+)?"
_ABOVE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"^\s*(?:#{{1,6}}\s+)?{_LIST}[*_]*(?:file|path|filename)[*_]*\s*:[*_]*\s*[`*]*{_NAME}[`*]*:?\s*$",
        rf"^\s*#{{1,6}}\s+(?:\d+[.)]\s+)?[`*]*{_NAME}[`*]*:?\s*$",
        rf"^\s*{_LIST}(?:\*\*|__)`?{_NAME}`?:?(?:\*\*|__):?\s*$",
        rf"^\s*{_LIST}`{_NAME}`:?\s*$",
    )
)
"""`### a.py`, `File: a.py`, `**a.py**`, `` `a.py`: ``, each with a list mark or a number before it."""
_COMMENT = re.compile(
    r"^\s*(?:#|//|--|;|/\*|<!--)\s*(?:file|path|filename)\s*:\s*([^\s*]+?)\s*(?:\*/|-->)?\s*$", re.IGNORECASE
)


def read_blocks(text: str) -> list[Block]:
    """All fenced blocks in order; one that the end of the text leaves open is marked so."""
    blocks: list[Block] = []
    above, info = "", ""
    lines: list[str] = []
    mark, depth = "", 0
    for line in text.replace("\r\n", "\n").split("\n"):
        fence = _FENCE.match(line)
        run, rest = (fence[1], fence[2].strip()) if fence else ("", "")
        if not mark:
            if run and not (run[0] == "`" and "`" in rest):
                mark, info, lines, depth = run, rest, [], 0
            elif line.strip():
                above = line
            continue
        if run and run[0] == mark[0] and len(run) >= len(mark):
            if not rest and depth == 0:
                blocks.append(Block(info, above, lines, closed=True))
                mark, above = "", ""
                continue
            depth += 1 if rest else -1
        lines.append(line)
    if mark:
        blocks.append(Block(info, above, lines, closed=False))
    return blocks


def oversized(text: str, max_tokens: int) -> Malformed | None:
    """An answer far beyond the token limit that was asked for: its server or model does not keep limits."""
    most = max_tokens * CHARS_PER_TOKEN
    if len(text) <= most:
        return None
    return Malformed(kind="too_large", detail=f"{len(text)} characters, at most {most} fit the token limit asked for")


def parse_files(
    text: str,
    owned: Collection[str],
    *,
    optional: Collection[str] = (),
    previous: Mapping[str, str] | None = None,
) -> ParsedFiles | Malformed:
    """Read the files that a task owns from a model's answer.

    `optional` names owned files that may be missing. A block without a path is ignored (models explain with
    snippets), unless the task owns one file and the answer has one block. `previous` is what the answer repairs:
    search/replace blocks apply to it, and files that the answer does not name stay as they are.
    """
    before = previous or {}
    blocks = read_blocks(text)
    if not blocks:
        return Malformed(kind="no_blocks", detail="the answer holds no fenced block")
    found: dict[str, str] = {}
    duplicates: list[str] = []
    refused: list[str] = []
    named = unnamed = size = 0
    for block in blocks:
        raw, lines = path_of(block, owned)
        if raw is None and len(owned) == 1 and len(blocks) == 1:
            raw = next(iter(owned))
        if not block.closed:
            return Malformed(kind="unclosed", detail=f"the last block ({raw or 'without a path'}) breaks off")
        if raw is None:
            unnamed += 1
            continue
        path = clean_path(raw)
        if path is None:
            return Malformed(kind="bad_path", detail=f"{raw[:120]!r} is not a path inside the project")
        named += 1
        size += sum(len(line.encode("utf-8")) + 1 for line in lines)
        if size > MAX_BYTES or named > MAX_FILES:
            return Malformed(kind="too_large", detail=f"more than {MAX_FILES} files or {MAX_BYTES} bytes")
        if path not in owned:
            refused.append(path)
            continue
        if is_edit(lines):
            edited = _edited(lines, found.get(path, before.get(path)))
            if isinstance(edited, EditProblem):
                return Malformed(kind=edited.kind, detail=f"{path}: {edited.detail}")
            found[path] = edited
            continue
        content = "\n".join(lines) + "\n" if lines else ""
        if path in found:
            duplicates.append(path)
        found[path] = content
    if found:
        found = {path: before[path] for path in owned if path in before} | found
    missing = [path for path in owned if path not in found and path not in optional]
    if missing and unnamed and not found:
        return Malformed(kind="no_path", detail="no block names its file; open each with ```<language> path=<file>")
    if missing:
        return Malformed(kind="missing", detail="the answer lacks " + ", ".join(missing))
    empty = [path for path, content in found.items() if not content.strip() and not path.endswith("__init__.py")]
    if empty:
        return Malformed(kind="empty_file", detail="empty: " + ", ".join(empty))
    return ParsedFiles(
        files=tuple(SourceFile(path=path, content=found[path]) for path in owned if path in found),
        duplicates=tuple(dict.fromkeys(duplicates)),
        refused=tuple(dict.fromkeys(refused)),
    )


def _edited(lines: list[str], content: str | None) -> str | EditProblem:
    edits = read_edits(lines)
    return edits if isinstance(edits, EditProblem) else apply_edits(content, edits)


def parse_bare(text: str, path: str, *, cut: bool = False) -> ParsedFiles | Malformed:
    """The whole answer, or its first fenced block, is the one file."""
    blocks = read_blocks(text)
    if blocks and not blocks[0].closed:
        return Malformed(kind="unclosed", detail="the block breaks off")
    if cut and not blocks:
        return Malformed(kind="cut", detail="the answer hit the token limit")
    content = "\n".join(blocks[0].lines) if blocks else text.replace("\r\n", "\n")
    if not content.strip():
        return Malformed(kind="empty_file", detail=f"empty: {path}")
    content = content.rstrip() + "\n"
    if len(content.encode("utf-8")) > MAX_BYTES:
        return Malformed(kind="too_large", detail=f"more than {MAX_BYTES} bytes")
    return ParsedFiles(files=(SourceFile(path=path, content=content),))


def path_of(block: Block, owned: Collection[str]) -> tuple[str | None, list[str]]:
    """The path as the model wrote it (None if it named none), and the content without a `file:` comment line."""
    info = block.info[:_LONGEST_LINE]
    key = _INFO_KEY.search(info)
    if key:
        return next(group for group in key.groups() if group is not None), block.lines
    for word in re.split(r"[\s:{}]+", info):
        if _looks_like_path(word, owned):
            return word, block.lines
    first = block.lines[0] if block.lines else ""
    comment = _COMMENT.match(first) if len(first) <= _LONGEST_LINE else None
    if comment:
        rest = block.lines[1:]
        return comment[1], rest[1:] if rest and not rest[0].strip() else rest
    for pattern in _ABOVE:
        above = pattern.match(block.above) if len(block.above) <= _LONGEST_LINE else None
        if above and _looks_like_path(above[1].rstrip(":"), owned):
            return above[1].rstrip(":"), block.lines
    return None, block.lines


def _looks_like_path(word: str, owned: Collection[str]) -> bool:
    """A name that is owned, or one with a folder or a suffix; plain words such as `Example` are no paths."""
    return word in owned or (clean_path(word) in owned) or bool(re.fullmatch(r"\S*(/\S+|\w\.[A-Za-z]\w{0,9})", word))
