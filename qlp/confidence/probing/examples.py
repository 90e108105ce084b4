"""The request's own examples, in the notations that people use: what is called, and what should come of it.

    >>> f(1, 2)          f(1, 2) -> 3        f([1]) == [1]         assert f("a") == "b"      f(5) should return 6.
    3                    f(1) ➞ 2            round(f(1), 2) == 3   expect(f(1)).toEqual(2)   f(1)  # returns 2
    Input: n = 3, k = 4      For lst = [1, 2] the output should be 3        "abc" -> "cba"
    Output: 5                (parameters by name)                           (a single parameter)

Only literals are read (literals.py); nothing is evaluated, and what is not understood is no example.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from qlp.confidence.probing import wire
from qlp.confidence.probing.example_blocks import arrows, by_name, inputs_and_outputs
from qlp.confidence.probing.example_reading import Found, example_of, expected_at, skip_spaces
from qlp.confidence.probing.literals import NoLiteralError, read
from qlp.confidence.probing.models import Example, Target
from qlp.confidence.probing.signature import Signature, names_of, signature_of

_ARROW = r"[-=]{1,3}>|➞|→|⇒|⟶|➜|↦|={2,3}|=|:"
_VERB = (
    r"(?:(?:should|must|will|would|to|it)\s+)*(?:returns?|returned|returning|equals?|gives?|yields?|produces?|outputs?|"
    r"evaluates?\s+to|results?\s+in|be|is)(?:\s+equal\s+to)?(?:\s+(?:the\s+)?(?:string|list|number|value|integer|tuple))?"
)
_SEPARATOR = re.compile(rf"[ \t]*(?:(?:#|//|--)[ \t]*)?(?:(?:{_ARROW})|(?:,?[ \t]*\b(?:{_VERB})\b))[ \t]*:?=?", re.I)
_WRAP = re.compile(
    r"(round|set|sorted|len|list|tuple|isclose|assertEqual|assertEquals|assertAlmostEqual|assertListEqual|assertTrue|"
    r"assertFalse|equal|deepEqual|strictEqual|deepStrictEqual|expect|str)\s*\(\s*$"
)
_MATCHER = re.compile(
    r"\s*\)\s*\.\s*(?:toBe|toEqual|toStrictEqual|toBeCloseTo|to\.equal|to\.deep\.equal|to\.be)\s*\(\s*"
)
_HEADING = re.compile(
    r"^[ \t]*(?:for\s+)?(?:e\.?g\.?|examples?|samples?|\[input/output\] samples)\b[^\n:]{0,20}:?", re.I | re.M
)
_TEXT = 100_000
_CONSTANTS = ("True", "False", "None", "true", "false", "null", "undefined")


def find_examples(target: Target, *, limit: int = 12) -> tuple[Example, ...]:
    """In the order of the text, each input once; at most `limit`."""
    signature = signature_of(target)
    text = target.text[:_TEXT]
    found = [e for name in names_of(target.entry) for e in _calls(text, name, signature)]
    if signature.parameters:
        found += inputs_and_outputs(text, signature)
        found += by_name(text, signature)
        if not found:
            found += arrows(text, signature)
        if not found:  # the text may call the function by another name than the signature does
            count = len(signature.parameters)
            found += [f for f in _calls(text, None, signature) if len(f[1].arguments) == count]
    found = _of_one_kind(sorted(found, key=lambda e: e[0]), text)
    seen: set[str] = set()
    unique: list[Example] = []
    for _, example in found:
        key = "".join(map(wire.canonical, example.arguments))
        if key not in seen and len(unique) < limit:
            seen.add(key)
            unique.append(example)
    return tuple(unique)


def _calls(text: str, name: str | None, signature: Signature) -> Iterator[Found]:
    """`name` None: calls of any function, after a heading such as `Examples:`."""
    heading = _HEADING.search(text)
    if name is None and heading is None:
        return
    called = r"(?<=[ \t])[A-Za-z_]\w{3,}" if name is None else rf"(?<![\w.]){re.escape(name)}"
    for call in re.compile(rf"{called}\s*\(").finditer(text, heading.end() if name is None and heading else 0):
        before = text[max(0, call.start() - 60) : call.start()]
        line = before.rsplit("\n", 1)[-1]
        if re.search(r"\b(?:def|function|func|fn)\s*$", line):
            continue
        try:
            arguments, end = _arguments(text, call.end(), signature)
        except NoLiteralError:
            continue
        example = _expected(text, call.start(), end, line, arguments)
        if example is not None:
            yield call.start(), example


def _arguments(text: str, at: int, signature: Signature) -> tuple[list[Any], int]:
    """The arguments up to the closing bracket, and the position after it."""
    values: list[Any] = []
    named: dict[str, Any] = {}
    names = [p.name for p in signature.parameters or ()]
    while True:
        at = skip_spaces(text, at)
        if text[at : at + 1] == ")":
            break
        keyword = re.compile(r"([A-Za-z_]\w*)\s*=\s*(?!=)").match(text, at)
        word = re.compile(r"([A-Za-z][a-zA-Z]*)\s*(?=[,)])").match(text, at)
        if keyword:
            named[keyword[1]], at = read(text, keyword.end())
        elif word and (len(word[1]) > 1 or names) and word[1] not in names and word[1] not in _CONSTANTS:
            values.append(word[1])  # f(abcd): a text without its quotes, if it is no name of a parameter
            at = word.end()
        else:
            value, at = read(text, at)
            values.append(value)
        at = skip_spaces(text, at)
        if text[at : at + 1] == ",":
            at += 1
        elif text[at : at + 1] != ")":
            raise NoLiteralError(text[at : at + 20])
    for name in names[len(values) :]:
        if name in named:
            values.append(named.pop(name))
    if named:
        raise NoLiteralError("an argument of another name")
    return values, at + 1


def _expected(text: str, start: int, end: int, line: str, arguments: list[Any]) -> Example | None:
    wrap, digits, outer = "", None, _WRAP.search(line)
    after = end
    if re.search(r"(?<!\w)\(\s*$", line):  # assert (f(1)) == 2
        closing = re.compile(r"\s*\)").match(text, end)
        after = end = closing.end() if closing else end
    if outer:
        function = outer[1]
        if function == "round":
            rounded = re.compile(r"\s*(?:,\s*(\d+)\s*)?\)").match(text, end)
            if rounded is None:
                return None
            digits, after = int(rounded[1] or 0), rounded.end()
        elif function == "expect":
            matcher = _MATCHER.match(text, end)
            return None if matcher is None else expected_at(text, start, matcher.end(), arguments, "", None)
        elif function in ("assertTrue", "assertFalse"):
            return example_of(text, start, end + 1, arguments, function == "assertTrue")
        elif function in ("set", "sorted", "len", "list", "tuple"):
            closing = re.compile(r"\s*\)").match(text, end)
            if closing is None:
                return None
            wrap, after = function, closing.end()
        elif function == "str":
            return None
        else:
            comma = re.compile(r"\s*,\s*").match(text, end)
            return None if comma is None else expected_at(text, start, comma.end(), arguments, "", None)
    elif re.search(r"\bassert\s+not\s+$", line):
        return example_of(text, start, end, arguments, False)
    doctest = ">>>" in line
    separator = _SEPARATOR.match(text, after)
    if separator:
        example = expected_at(text, start, separator.end(), arguments, wrap, digits)
        if example is not None:
            return example
        if separator.end() < len(text) and text[separator.end()] != "\n":
            return None
    if doctest:
        rest = re.compile(r"[ \t]*(?:#[^\n]*)?\n?[ \t]*(?!>>>|\.\.\.)").match(text, after)
        return None if rest is None else expected_at(text, start, rest.end(), arguments, wrap, digits)
    if re.search(r"\bassert\s+$", line) and re.compile(r"[ \t]*(?:\n|$|,|#)").match(text, after):
        return example_of(text, start, after, arguments, True)
    return None


def _of_one_kind(found: list[Found], text: str) -> list[Found]:
    """Where some results are collections and some are not, a formula was taken for an example: those after the last
    heading count."""
    kinds = {wire.kind(e.expected) in ("list", "tuple", "dict", "set") for _, e in found if e.expected is not None}
    headings = [h.start() for h in _HEADING.finditer(text)]
    if len(kinds) < 2 or not headings:
        return found
    after = [f for f in found if f[0] >= headings[-1]]
    return after or found
