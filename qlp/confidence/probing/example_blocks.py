"""Examples that name their parameters or nothing at all: Input and Output, `For x = 1 the result should be 2`, lines
such as `"abc" -> "cba"`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from qlp.confidence.probing.example_reading import Found, example_of, expected_at, skip_spaces
from qlp.confidence.probing.literals import NoLiteralError, read, read_all
from qlp.confidence.probing.signature import Signature

_INPUT = re.compile(r"\binputs?\b(?:\s+\d+)?\s*[:=]?\s*(.{1,600}?)\n?\s*\boutputs?\b\s*[:=]\s*", re.I | re.S)
_ASSIGN = re.compile(r"\b([A-Za-z_]\w*)\s*[:=]\s*(?!=)")
_RESULT = re.compile(
    r"\s*,?\s*(?:the\s+)?(?:(?:function|output|result|answer|it)\s+)?(?:sum of digits will be \d+ the output )?"
    r"(?:should|will|must)?\s*(?:be|return|returns|is|equals?|output)\b(?:\s+(?:the\s+)?(?:string|list|number|value|integer))?\s*[:=]?\s*",
    re.I,
)


def inputs_and_outputs(text: str, signature: Signature) -> Iterator[Found]:
    """Input: ... Output: ..."""
    parameters = signature.parameters or ()
    for found in _INPUT.finditer(text):
        inside = found[1]
        again = list(re.finditer(r"\binputs?\b\s*[:=]\s*", inside, re.I))
        if again:
            inside = inside[again[-1].end() :]
        values = _assigned(inside, [p.name for p in parameters])
        if values is None:
            values = _listed(inside, len(parameters))
        if values is None:
            continue
        example = expected_at(text, found.start(), found.end(), values, "", None)
        if example is not None:
            yield found.start(), example


def _assigned(text: str, names: list[str]) -> list[Any] | None:
    """`a = 1, b = 2`: the values of these names, or of as many others in this order."""
    values: dict[str, Any] = {}
    at = 0
    while found := _ASSIGN.search(text, at):
        try:
            values[found[1]], at = read(text, found.end())
        except NoLiteralError:
            at = found.end()
    if all(n in values for n in names) and names:
        return [values[n] for n in names]
    return list(values.values()) if len(values) == len(names) and names else None


def _listed(text: str, count: int) -> list[Any] | None:
    values: list[Any] = []
    at = 0
    text = text.strip().rstrip(",;.")
    try:
        while at < len(text):
            value, at = read(text, at)
            values.append(value)
            at = skip_spaces(text, at)
            if text[at : at + 1] == ",":
                at += 1
    except NoLiteralError:
        return None
    if len(values) == 1 and count > 1 and isinstance(values[0], tuple | list) and len(values[0]) == count:
        values = list(values[0])
    return values if len(values) == count else None


def by_name(text: str, signature: Signature) -> Iterator[Found]:
    """For lst = [1, 2] and k = 3 the output should be 4."""
    names = [p.name for p in signature.parameters or ()]
    first = names[0]
    for found in re.finditer(rf"\b(?:for|if|when|given|with|where)\s+(?={re.escape(first)}\s*=)", text, re.I):
        values: list[Any] = []
        at = found.end()
        try:
            for name in names:
                assign = re.compile(rf"\s*(?:,|and|&|;)?\s*(?:and\s+)?{re.escape(name)}\s*=\s*").match(text, at)
                if assign is None:
                    raise NoLiteralError(name)
                value, at = read(text, assign.end())
                values.append(value)
        except NoLiteralError:
            continue
        sentence = re.compile(r"[^\n]{0,60}?(?=(?:output|result|answer|returns?)\b)", re.I).match(text, at)
        begin = sentence.end() if sentence else at
        result = _RESULT.match(text, begin)
        if result is None:
            continue
        example = expected_at(text, found.start(), result.end(), values, "", None)
        if example is not None:
            yield found.start(), example


def arrows(text: str, signature: Signature) -> Iterator[Found]:
    """Lines such as `"abc" -> "cba"`, or `* [1, 2], 3 => 4`."""
    count = len(signature.parameters or ())
    for line in re.finditer(r"^[ \t]*(?:[*-][ \t]+|\d+[.)][ \t]+)?([^\n]+)$", text, re.M):
        halves = re.split(r"\s*(?:[-=]{1,3}>|➞|→|⇒)\s*|\s+(?:should\s+)?returns?\s+", line[1], maxsplit=1)
        if len(halves) != 2:
            continue
        values = _listed(halves[0], count)
        if values is None:
            continue
        try:
            value = read_all(halves[1].split("#")[0].strip().rstrip("."))
        except NoLiteralError:
            continue
        example = example_of(line[0], 0, len(line[0]), values, value)
        if example is not None:
            yield line.start(), example
