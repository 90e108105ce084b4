"""Changes of a program in any language but Python, found in its tokens.

Careful rather than complete: an operator is changed only where it is surely binary and no generic, pointer or sign;
what slips through does not compile and is not counted.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise

from .mutant import Mutant
from .scopes import brackets, function_names
from .tokens import Token, tokens
from .words import (
    ARITHMETIC,
    BASH_TESTS,
    BOOLEAN,
    COMPARE,
    DECLARES,
    KEYWORDS,
    LOGIC,
    NOTHING,
    PAIRS,
    QUIET,
    TYPES,
)


def code_mutants(source: str, language: str) -> list[Mutant]:
    """Every change that a look at the tokens allows."""
    return list(_Code(source, language).mutants())


class _Code:
    def __init__(self, source: str, language: str) -> None:
        self._source = source
        self._language = language
        self._starts = [0, *(m.end() for m in re.finditer("\n", source))]
        everything = tokens(source, language)
        self._next = {a.end: b for a, b in pairwise(everything)}
        self._tokens = [t for t in everything if t.kind != "newline"]
        self._close = brackets(self._tokens)
        self._functions = function_names(self._tokens, self._close, language, self._line)
        self._first = self._first_words()

    def mutants(self) -> Iterator[Mutant]:
        skip = self._untested()
        begins = [start for start, _ in skip]

        def untested(offset: int) -> bool:
            at = bisect_right(begins, offset) - 1
            return at >= 0 and offset < skip[at][1]

        for index, token in enumerate(self._tokens):
            if untested(token.start) or self._first[index] in DECLARES:
                continue
            yield from self._at(index, token)
        for found in self._statements():
            if not untested(found.start):
                yield found

    def _at(self, index: int, token: Token) -> Iterator[Mutant]:
        if token.kind == "number" and token.text.isdigit():
            if self._before(index).text not in ("[", "::", ".") or self._language in ("javascript", "ruby", "php"):
                yield self._mutant(token.start, token.end, str(int(token.text) + 1), "constant", index)
        elif token.text in BOOLEAN and token.kind == "word":
            yield self._mutant(token.start, token.end, BOOLEAN[token.text], "boolean", index)
        elif self._language == "bash" and token.text in BASH_TESTS and self._in_test(index):
            yield self._mutant(token.start, token.end, BASH_TESTS[token.text], "compare", index)
        elif token.text in LOGIC and token.kind in ("op", "word"):
            yield self._mutant(token.start, token.end, LOGIC[token.text], "logic", index)
        elif token.kind == "op" and token.text in COMPARE and self._spaced(token) and self._binary(index):
            for new in COMPARE[token.text]:
                yield self._mutant(token.start, token.end, new, "compare", index)
        elif token.kind == "op" and token.text in ARITHMETIC and self._arithmetic(index, token):
            yield self._mutant(token.start, token.end, ARITHMETIC[token.text], "arithmetic", index)
        elif token.text in ("if", "unless") and token.kind == "word":
            yield from self._negated(index, token)
        elif token.text == "return" and self._language in NOTHING:
            yield from self._returned(index)

    def _mutant(self, start: int, end: int, new: str, operator: str, index: int) -> Mutant:
        line = bisect_right(self._starts, start)
        column = start - self._starts[line - 1] + 1
        return Mutant(start, end, self._source[start:end], new, operator, line, column, self._functions[index])

    def _before(self, index: int) -> Token:
        return self._tokens[index - 1] if index else Token("op", "", 0, 0)

    def _after(self, index: int) -> Token:
        return self._tokens[index + 1] if index + 1 < len(self._tokens) else Token("op", "", 0, 0)

    def _spaced(self, token: Token) -> bool:
        """`a < b`, not `List<T>`; signs that are no generics need no space."""
        around = self._source[token.start - 1 : token.start] + self._source[token.end : token.end + 1]
        return around.isspace() and len(around) == 2 if token.text in ("<", ">", "*", "-") else True

    def _binary(self, index: int) -> bool:
        left, right = self._before(index), self._after(index)
        return (
            left.kind in ("number", "string")
            or (left.kind == "word" and left.text not in KEYWORDS)
            or left.text in (")", "]")
        ) and (right.kind in ("number", "string", "word") or right.text in ("(", "-", "!", "[", "$", "*", "&"))

    def _arithmetic(self, index: int, token: Token) -> bool:
        if self._language == "bash" and not self._in_arithmetic(index):
            return False
        near = (self._before(index), self._after(index))
        if any(t.kind == "string" for t in near) or not self._binary(index):
            return False
        if token.text == "*" and self._language in ("c", "go", "rust", "c#") and near[0].text in TYPES:
            return False
        return self._spaced(token)

    def _in_test(self, index: int) -> bool:
        """Inside `[ ]`, `[[ ]]` or after `test`, on the same line."""
        line = self._line(self._tokens[index].start)
        near = (t for t in self._tokens[max(0, index - 12) : index] if self._line(t.start) == line)
        return any(t.text in ("[", "test") for t in near)

    def _in_arithmetic(self, index: int) -> bool:
        near = [t.text for t in self._tokens[max(0, index - 12) : index]]
        return "((" in near or any(a == b == "(" for a, b in pairwise(near))

    def _line(self, offset: int) -> int:
        return bisect_right(self._starts, offset)

    def _negated(self, index: int, token: Token) -> Iterator[Mutant]:
        if self._language == "bash":
            return
        if self._language == "ruby":
            new = "unless" if token.text == "if" else "if"
            if self._before(index).text != "else":
                yield self._mutant(token.start, token.end, new, "negate", index)
            return
        opening = index + 1
        if self._after(index).text == "(" and self._language not in ("go", "rust"):
            closing = self._close.get(opening)
            if closing is None or closing == opening + 1:
                return
            start, end = self._tokens[opening].end, self._tokens[closing].start
        else:
            body = next((i for i in range(opening, min(opening + 60, len(self._tokens))) if self._opens_body(i)), None)
            words = {t.text for t in self._tokens[opening:body]}
            if body is None or words & {"let", ";", ":="} or body == opening:
                return
            start, end = self._tokens[opening].start, self._tokens[body - 1].end
        inner = self._source[start:end]
        if not any(sign in inner for sign in ("==", "!=", "<", ">")) and "\n" not in inner:
            yield self._mutant(start, end, f"!({inner})", "negate", index)

    def _opens_body(self, index: int) -> bool:
        return self._tokens[index].text == "{"

    def _returned(self, index: int) -> Iterator[Mutant]:
        following = self._after(index)
        if following.text in ("", ";", "}", "if", "unless", NOTHING[self._language]) or following.kind == "newline":
            return
        if self._line(following.start) != self._line(self._tokens[index].start):
            return
        end = self._statement_end(index)
        if end is not None:
            yield self._mutant(following.start, end, NOTHING[self._language], "return", index)

    def _statement_end(self, index: int) -> int | None:
        """Where the statement that begins at a token ends, if that is on its own line; brackets must be closed."""
        line = self._line(self._tokens[index].start)
        depth = 0
        last = index
        for at in range(index + 1, len(self._tokens)):
            token = self._tokens[at]
            if self._line(token.start) != line:
                break
            if token.text in PAIRS and token.kind == "op":
                depth += 1
            elif token.text in PAIRS.values() and token.kind == "op":
                depth -= 1
            if depth < 0 or (depth == 0 and token.text in (";", "if", "unless")):
                break
            last = at
        ends_open = self._tokens[last].text in PAIRS or depth > 0
        return None if ends_open or last == index else self._tokens[last].end

    def _statements(self) -> Iterator[Mutant]:
        """A call that stands on a line of its own, taken away."""
        if self._language == "bash":
            return
        for index, token in enumerate(self._tokens):
            before = self._before(index)
            alone = before.text in (";", "{", "}", "") or (self._language in ("go", "ruby", "javascript"))
            if not alone or token.kind != "word" or self._line(before.end) == self._line(token.start):
                continue
            if token.text in KEYWORDS or token.text in QUIET or not self._functions[index]:
                continue
            if self._after(index).text not in (".", "(", "->", "::"):
                continue
            end = self._statement_end(index)
            body = self._tokens[index + 1 : index + 40]
            if end is None or any(t.text in ("=", ":=", "=>", "{", "?") for t in body if t.end <= end):
                continue
            closing = next((t for t in body if t.end == end), None)
            following = self._next.get(end, Token("newline", "\n", 0, 0))
            if closing is None or closing.text != ")" or not (following.kind == "newline" or following.text == ";"):
                continue
            if self._language in ("c", "java", "c#", "rust", "php") and following.text != ";":
                continue
            yield self._mutant(token.start, end, "", "remove", index)

    def _first_words(self) -> list[str]:
        first: list[str] = []
        line, word = 0, ""
        for token in self._tokens:
            if (here := self._line(token.start)) != line:
                line, word = here, token.text
            first.append(word)
        return first

    def _untested(self) -> list[tuple[int, int]]:
        """Spans of Rust's tests, which stand beside the code; sorted, none inside another."""
        spans: list[tuple[int, int]] = []
        if self._language != "rust":
            return spans
        starts = [t.start for t in self._tokens]
        for found in re.finditer(r"#\[(?:cfg\(test\)|test)\]", self._source):
            if spans and found.start() < spans[-1][1]:
                continue
            first = bisect_right(starts, found.end())
            body = next((i for i in range(first, len(starts)) if self._tokens[i].text in ("{", ";")), None)
            if body is not None and body in self._close:
                spans.append((found.start(), self._tokens[self._close[body]].end))
        return spans
