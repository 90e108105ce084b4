"""Reads what a request adds to one field: remarks in parentheses, a type, limits, a relative clause."""

from __future__ import annotations

from qlp.pipeline.analysis.fields import RawField, read_remarks, type_phrases
from qlp.pipeline.analysis.text import Token
from qlp.pipeline.analysis.vocabulary import words_of

ENDS = frozenset({".", ";", "!", "?", ")"})
SEPARATORS = frozenset({",", "&", "+", "and", "plus", "or", "*", "•", "-", "also", "well", "finally"})
MAX_REMARK = 120
"""Longest remark in parentheses, tokens; keeps the reader linear on hostile text."""


class RemarkReader:
    """Works on the tokens of one request; every method that reads returns the index after what it read."""

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self._tokens = tokens
        self._lows = tuple(t.low for t in tokens)
        self._types = type_phrases()
        self._stop = words_of("grammar", "ends_a_field") | words_of("decrement_verbs")

    def low(self, index: int) -> str:
        return self._lows[index] if 0 <= index < len(self._lows) else "."

    def strip_types(self, raw: RawField) -> None:
        """`age integer`, `integer age`, `rating 1 5`."""
        numbers = []
        while len(raw.words) > 1 and raw.words[-1].isdigit() and raw.words[-1].isascii() and len(raw.words[-1]) < 10:
            numbers.append(float(raw.words.pop()))
        if len(numbers) == 2:
            raw.minimum, raw.maximum = min(numbers), max(numbers)
        elif numbers:
            raw.words.extend(str(int(n)) for n in reversed(numbers))
        if len(raw.words) > 1:
            if raw.words[-1] in words_of("grammar", "type_words"):
                raw.type = self._types.at((raw.words.pop(),), 0)[0]  # type: ignore[index]
            elif raw.words[0] in words_of("grammar", "type_words"):
                raw.type = self._types.at((raw.words.pop(0),), 0)[0]  # type: ignore[index]

    def read(self, raw: RawField, index: int) -> tuple[int, bool]:
        """What follows the name: `(...)`, `: type`, `as a type`, `from 1 to 5`, `that must be unique`."""
        low = self.low(index)
        if low == "(":
            index = self._parenthesis(raw, index)
            low = self.low(index)
        listed = {",", "and", "\n"}
        if low == ":" and self.low(index + 1) in words_of("command_verbs") and self.low(index + 2) in listed:
            return index, True
        if low in {":", "="}:
            index = self._after_colon(raw, index + 1)
            low = self.low(index)
            if low == "(":
                index = self._parenthesis(raw, index)
                low = self.low(index)
        if low == "as":
            after = index + 1 + (self.low(index + 1) in {"a", "an", "the"})
            hit = self._types.at(self._lows, after)
            if hit:
                raw.type, index = hit[0], after + hit[1]
                low = self.low(index)
        if low in {"from", "between"} or low.isdigit():
            at = index + (not low.isdigit())
            first, second = self.low(at), self.low(at + 2)
            if (
                first.isdigit()
                and second.isdigit()
                and self.low(at + 1) in {"to", "and", "-"}
                and len(first + second) < 16
            ):
                raw.minimum, raw.maximum = float(first), float(second)
                index = at + 3
                low = self.low(index)
        if low in {"that", "which", "must", "should", "can", "with", "of", "either", "is", "being", "may"}:
            return self._clause(raw, index)
        return index, low in self._stop and low not in SEPARATORS

    def _parenthesis(self, raw: RawField, index: int) -> int:
        depth, end = 0, index
        while end < min(len(self._tokens), index + MAX_REMARK):
            depth += (self._lows[end] == "(") - (self._lows[end] == ")")
            if depth == 0:
                break
            end += 1
        remarks: list[list[Token]] = [[]]
        for token in self._tokens[index + 1 : end]:
            if token.low in {",", "/", "|", ";", "or"} or (token.low == "and" and not self._range(remarks[-1])):
                remarks.append([])
            elif token.low not in {"\n", '"', "'", "`"}:
                remarks[-1].append(token)
        read_remarks(raw, remarks)
        return min(end + 1, len(self._tokens))

    @staticmethod
    def _range(remark: list[Token]) -> bool:
        return any(t.low in {"between", "from", "date"} for t in remark)

    def _after_colon(self, raw: RawField, index: int) -> int:
        remark: list[list[Token]] = [[]]
        limit = min(len(self._tokens), index + MAX_REMARK)
        while index < limit and self._lows[index] not in ENDS | {",", "\n", "(", "and"}:
            if self._lows[index] in {"|", "/", "or"}:
                remark.append([])
            elif self._lows[index] not in {'"', "'", "`"}:
                remark[-1].append(self._tokens[index])
            index += 1
        read_remarks(raw, remark)
        return index

    def _clause(self, raw: RawField, start: int) -> tuple[int, bool]:
        """A relative clause about one field, such as `that must be unique` or `with values open, closed or done`."""
        index = start
        while self.low(index) in {
            "that",
            "which",
            "must",
            "should",
            "can",
            "is",
            "are",
            "be",
            "being",
            "with",
            "may",
            "of",
            "a",
            "the",
            "possible",
            "allowed",
        }:
            index += 1
        low = self.low(index)
        if low in {"unique", "required", "mandatory", "optional", "nullable"}:
            raw.unique |= low == "unique"
            raw.required |= low in {"required", "mandatory"}
            raw.optional |= low in {"optional", "nullable"}
            return index + 1, self.low(index + 1) in self._stop - SEPARATORS
        if low in {"values", "choices", "options", "states", "either", "one", "value"} or (
            raw.words[-1] in {"status", "state", "priority", "level", "category", "type", "kind"}
            and start + 1 < index + 1
            and self.low(start) in {"which", "that", "of", "can"}
        ):
            index += low in {"values", "choices", "options", "states", "either", "one", "value"}
            index += self.low(index) in {"of", ":"}
            return self._choices(raw, index), False
        if self.low(start) in {"can", "may"} and low == "empty":
            raw.optional = True
            return index + 1, False
        return start, True

    def _choices(self, raw: RawField, index: int) -> int:
        """`draft, sent or paid`: ends after the word behind `or`, or where the sentence does."""
        remarks: list[list[Token]] = [[]]
        last = False
        limit = min(len(self._tokens), index + MAX_REMARK)
        while index < limit and self._lows[index] not in ENDS | {"\n"}:
            low = self._lows[index]
            if low in {",", "/", "|", "or", "and"}:
                if last:
                    break
                last = low in {"or", "and"}
                if remarks[-1]:
                    remarks.append([])
            elif low not in {"(", '"', "'", "`"}:
                if low in self._stop:
                    break
                remarks[-1].append(self._tokens[index])
            index += 1
        read_remarks(raw, [[Token("one", "one", True)], *remarks] if len(remarks) > 1 else remarks)
        return index
