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
from typing import Any, Literal, cast

from qlp.confidence.probing import wire
from qlp.confidence.probing.literals import NoLiteralError, read, read_all
from qlp.confidence.probing.models import Example, Target
from qlp.confidence.probing.signature import Signature, names_of, signature_of

Wrap = Literal["", "set", "sorted", "len", "list", "tuple"]
_ARROW = r"[-=]{1,3}>|➞|→|⇒|⟶|➜|↦|={2,3}|=|:"
_VERB = (
    r"(?:(?:should|must|will|would|to|it)\s+)*(?:returns?|returned|returning|equals?|gives?|yields?|produces?|outputs?|"
    r"evaluates?\s+to|results?\s+in|be|is)(?:\s+equal\s+to)?(?:\s+(?:the\s+)?(?:string|list|number|value|integer|tuple))?"
)
_SEPARATOR = re.compile(rf"[ \t]*(?:(?:#|//|--)[ \t]*)?(?:(?:{_ARROW})|(?:,?[ \t]*\b(?:{_VERB})\b))[ \t]*:?=?", re.I)
_AGAIN = re.compile(rf"[ \t]*(?:{_ARROW})[ \t]*")
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
_INPUT = re.compile(r"\binputs?\b(?:\s+\d+)?\s*[:=]?\s*(.{1,600}?)\n?\s*\boutputs?\b\s*[:=]\s*", re.I | re.S)
_ASSIGN = re.compile(r"\b([A-Za-z_]\w*)\s*[:=]\s*(?!=)")
_RESULT = re.compile(
    r"\s*,?\s*(?:the\s+)?(?:(?:function|output|result|answer|it)\s+)?(?:sum of digits will be \d+ the output )?"
    r"(?:should|will|must)?\s*(?:be|return|returns|is|equals?|output)\b(?:\s+(?:the\s+)?(?:string|list|number|value|integer))?\s*[:=]?\s*",
    re.I,
)
_TEXT = 100_000
_CONSTANTS = ("True", "False", "None", "true", "false", "null", "undefined")


def find_examples(target: Target, *, limit: int = 12) -> tuple[Example, ...]:
    """In the order of the text, each input once; at most `limit`."""
    signature = signature_of(target)
    text = target.text[:_TEXT]
    found = [e for name in names_of(target.entry) for e in _calls(text, name, signature)]
    if signature.parameters:
        found += _inputs_and_outputs(text, signature)
        found += _by_name(text, signature)
        if not found:
            found += _arrows(text, signature)
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


Found = tuple[int, Example]


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
        at = _spaces(text, at)
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
        at = _spaces(text, at)
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
            return None if matcher is None else _literal(text, start, matcher.end(), arguments, "", None)
        elif function in ("assertTrue", "assertFalse"):
            return _example(text, start, end + 1, arguments, function == "assertTrue")
        elif function in ("set", "sorted", "len", "list", "tuple"):
            closing = re.compile(r"\s*\)").match(text, end)
            if closing is None:
                return None
            wrap, after = function, closing.end()
        elif function == "str":
            return None
        else:
            comma = re.compile(r"\s*,\s*").match(text, end)
            return None if comma is None else _literal(text, start, comma.end(), arguments, "", None)
    elif re.search(r"\bassert\s+not\s+$", line):
        return _example(text, start, end, arguments, False)
    doctest = ">>>" in line
    separator = _SEPARATOR.match(text, after)
    if separator:
        example = _literal(text, start, separator.end(), arguments, wrap, digits)
        if example is not None:
            return example
        if separator.end() < len(text) and text[separator.end()] != "\n":
            return None
    if doctest:
        rest = re.compile(r"[ \t]*(?:#[^\n]*)?\n?[ \t]*(?!>>>|\.\.\.)").match(text, after)
        return None if rest is None else _literal(text, start, rest.end(), arguments, wrap, digits)
    if re.search(r"\bassert\s+$", line) and re.compile(r"[ \t]*(?:\n|$|,|#)").match(text, after):
        return _example(text, start, after, arguments, True)
    return None


def _literal(text: str, start: int, at: int, arguments: list[Any], wrap: str, digits: int | None) -> Example | None:
    at = _spaces(text, at)
    chain = re.compile(r"(?:[-+*/() \t\d.]|\*\*)+=[ \t]*(?=[-\d\[('\"])").match(text, at)
    for begin in ([chain.end()] if chain else []) + [at]:  # `-> 19 - 5 - 6 = 8`
        try:
            value, end = read(text, begin)
        except NoLiteralError:
            continue
        if end < len(text) and (text[end].isalnum() or text[end] in "_'\"[{"):
            continue
        bracketed = text[begin] == "(" and not isinstance(value, tuple)
        return _example(text, start, end, arguments, value, wrap, digits, bracketed=bracketed)
    return None


def _example(
    text: str,
    start: int,
    end: int,
    arguments: list[Any],
    value: Any,
    wrap: str = "",
    digits: int | None = None,
    *,
    bracketed: bool = False,
) -> Example | None:
    try:
        return Example(
            arguments=tuple(wire.encode(a) for a in arguments),
            expected=wire.encode(value),
            also=(wire.encode((value,)),) if bracketed else (),
            text=" ".join(text[start:end].split())[:300],
            digits=digits,
            wrap=cast(Wrap, wrap),
        )
    except TypeError:
        return None


def _inputs_and_outputs(text: str, signature: Signature) -> Iterator[Found]:
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
        example = _literal(text, found.start(), found.end(), values, "", None)
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
            at = _spaces(text, at)
            if text[at : at + 1] == ",":
                at += 1
    except NoLiteralError:
        return None
    if len(values) == 1 and count > 1 and isinstance(values[0], tuple | list) and len(values[0]) == count:
        values = list(values[0])
    return values if len(values) == count else None


def _by_name(text: str, signature: Signature) -> Iterator[Found]:
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
        example = _literal(text, found.start(), result.end(), values, "", None)
        if example is not None:
            yield found.start(), example


def _arrows(text: str, signature: Signature) -> Iterator[Found]:
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
        example = _example(line[0], 0, len(line[0]), values, value)
        if example is not None:
            yield line.start(), example


def _of_one_kind(found: list[Found], text: str) -> list[Found]:
    """Where some results are collections and some are not, a formula was taken for an example: those after the last
    heading count."""
    kinds = {wire.kind(e.expected) in ("list", "tuple", "dict", "set") for _, e in found if e.expected is not None}
    headings = [h.start() for h in _HEADING.finditer(text)]
    if len(kinds) < 2 or not headings:
        return found
    after = [f for f in found if f[0] >= headings[-1]]
    return after or found


def _spaces(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
