"""Sub-commands of a tool, functions of a library, reports of a pipeline: lists of verbs in plain words."""

from __future__ import annotations

from qlp.models import ProjectKind
from qlp.pipeline.analysis.draft import Draft
from qlp.pipeline.analysis.lists import ARTICLES, ListReader
from qlp.pipeline.analysis.names import kebab, snake
from qlp.pipeline.analysis.vocabulary import words_of

MAX_COMMANDS = 16
_AGGREGATES = {
    "total": "total",
    "totals": "total",
    "sum": "total",
    "sums": "total",
    "average": "average",
    "averages": "average",
    "mean": "average",
    "count": "count",
    "counts": "count",
    "number": "count",
    "minimum": "min",
    "min": "min",
    "lowest": "min",
    "maximum": "max",
    "max": "max",
    "highest": "max",
}
_LISTED = frozenset(
    {
        "command",
        "commands",
        "subcommand",
        "subcommands",
        "function",
        "functions",
        "actions",
        "verbs",
        "operations",
        "helpers",
    }
)


def cli_commands(draft: Draft, reader: ListReader) -> tuple[str, ...]:
    """`commands add, list and done`, `: add, list, total by category`, `to add, list and delete notes`."""
    tokens = draft.tokens
    verbs = words_of("command_verbs")
    best: list[str] = []
    spans: list[tuple[int, int]] = []
    index = 0
    while index < len(tokens):
        low = reader.low(index)
        start = None
        named = False
        if low in _LISTED and reader.low(index + 1) != "line":
            start, named = index + 1, True
            while reader.low(start) in {":", "to", "for", "like", "such", "as", "are", "called", "named", "-"}:
                start += 1
        elif (
            low in {":", "to", "can", "that", "which", "with", "for", "should", "must"}
            and reader.low(index + 1) in verbs
        ):
            start = index + 1
        if start is None:
            index += 1
            continue
        read, end = _verbs(draft, reader, start, named=named)
        if len(read) > len(best) and (len(read) > 1 or named or low in {"to", "that", "can", "which"}):
            best, spans = read, [(index, end)]
        index = max(end, index + 1)
    for start, end in spans:
        draft.use(start, end)
    return tuple(dict.fromkeys(best))[:MAX_COMMANDS]


def _verbs(draft: Draft, reader: ListReader, index: int, *, named: bool) -> tuple[list[str], int]:
    verbs = words_of("command_verbs")
    things = {w for t in draft.things.values() for w in (t.words[-1], t.words[-1] + "s")}
    read: list[str] = []
    while index < len(draft.tokens) and len(read) < MAX_COMMANDS:
        low = reader.low(index)
        if low in {",", "and", "&", "/", "or", '"', "'", "`", "-", "*"} or (
            low == "\n" and named and reader.low(index + 1) in {"-", "*"}
        ):
            index += 1
            continue
        if low in ARTICLES or not draft.tokens[index].word:
            break
        if low not in verbs and not (named and low not in words_of("filler")):
            break
        parts = [low]
        index += 1
        if reader.low(index) in {"as", "them", "it"} and reader.low(index) != "as":
            index += 1
        elif reader.low(index) == "as":
            parts = [reader.low(index + 1)]
            index += 2
        start = index
        while reader.low(index) in ARTICLES | {"all", "new", "of"}:
            index += 1
        while reader.low(index) in things or reader.low(index).rstrip("s") in things:
            index += 1
        if reader.low(index) in {"by", "per"} and index + 1 < len(draft.tokens) and draft.tokens[index + 1].word:
            parts += ["by", reader.low(index + 1)]
            index += 2
        elif reader.low(index) == "as" and reader.low(index + 1) not in ARTICLES:
            parts = [reader.low(index + 1)]
            index += 2
        elif index == start and reader.low(index) in {"report", "summary", "monthly", "weekly"}:
            index += 1
        if reader.low(index) == "(":
            while index < len(draft.tokens) and reader.low(index) != ")":
                index += 1
            index += 1
        name = kebab(parts, "")
        if name:
            read.append(name)
    return read, index


def library_functions(draft: Draft, reader: ListReader) -> tuple[str, ...]:
    """`with functions slugify, truncate and camel_case`."""
    for index, token in enumerate(draft.tokens):
        if token.low in {"functions", "methods", "helpers"} and reader.low(index + 1) not in {
            "for",
            "that",
            "to",
            "which",
            "of",
        }:
            names: list[str] = []
            at = index + 1 + (reader.low(index + 1) in {":", "called", "named", "like"})
            while at < len(draft.tokens) and len(names) < MAX_COMMANDS:
                if reader.low(at) in {",", "and", "`", '"', "'", "(", ")"}:
                    at += 1
                    continue
                if not draft.tokens[at].word or reader.low(at) in words_of("filler"):
                    break
                if reader.low(at + 1) not in {",", "and", ".", "`", '"', "'", "(", "\n"} and at + 1 < len(draft.tokens):
                    break
                names.append(snake([draft.tokens[at].text]))
                at += 1
            return tuple(dict.fromkeys(n for n in names if n))
    return ()


def reports(draft: Draft, reader: ListReader) -> tuple[str, ...]:
    """`total per customer`, `average amount by month`, `total revenue per region and per product`."""
    found: list[str] = []
    things = {w for t in draft.things.values() for w in (t.words[-1], t.words[-1] + "s")}
    for index, token in enumerate(draft.tokens):
        if token.low not in {"per", "by"} or index == 0 or len(found) >= MAX_COMMANDS:
            continue
        group = reader.low(index + 1 + (reader.low(index + 1) in {"each", "the", "every"}))
        if reader.low(index - 1) in {"and", ","} and found:
            head = found[-1].partition("-per-")[0].split("-")
            start = index - 1
        else:
            read = _measure(draft, reader, index, things)
            if read is None:
                continue
            head, start = read
        name = kebab([*head, "per", group], "")
        if name:
            found.append(name)
        draft.use(start, index + 2)
    return tuple(dict.fromkeys(found))


def _measure(draft: Draft, reader: ListReader, index: int, things: set[str]) -> tuple[list[str], int] | None:
    """The words before `per`: (aggregate and measure, where they start), or None if they ask for no figure."""
    measure: list[str] = []
    at = index - 1
    while at >= 0 and index - at <= 4 and draft.tokens[at].word and reader.low(at) not in _AGGREGATES:
        if reader.low(at) not in ARTICLES | {"of"}:
            measure.insert(0, reader.low(at))
        at -= 1
    if at >= 0 and reader.low(at) in _AGGREGATES:
        return [_AGGREGATES[reader.low(at)], *(m for m in measure if m not in things)], at
    if reader.low(index - 1) in {"sales", "revenue", "turnover", "spending"}:
        return ["total", *(m for m in [reader.low(index - 1)] if m not in things)], index - 1
    return None


def group_fields(kind: ProjectKind, commands: tuple[str, ...]) -> list[str]:
    """Fields that the commands group by, such as `category` of `total-by-category`."""
    marker = "-per-" if kind == "data_pipeline" else "-by-"
    return [snake(c.partition(marker)[2].split("-")) for c in commands if marker in c]
