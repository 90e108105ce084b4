"""Reads lists in plain words: the fields of a thing, or the names of several things."""

from __future__ import annotations

from qlp.pipeline.analysis.fields import RawField, looks_like_thing
from qlp.pipeline.analysis.names import is_plural, singular
from qlp.pipeline.analysis.remarks import ENDS, SEPARATORS, RemarkReader
from qlp.pipeline.analysis.text import Token
from qlp.pipeline.analysis.vocabulary import mapping_of, phrases_of, words_of

ARTICLES = frozenset({"a", "an", "the", "its", "their", "his", "her", "some", "my", "our"})
_QUALIFIERS = frozenset({"optional", "unique", "required", "mandatory", "nullable", "positive", "optionally"})


MAX_LIST = 64


class ListReader:
    """Reads one request's lists; every method returns the index after what it read."""

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self._tokens = tokens
        self._lows = tuple(t.low for t in tokens)
        self._features = phrases_of("features")
        self._infrastructure = phrases_of("infrastructure")
        self._foreign = phrases_of("other_frameworks")
        self._names_anyway = phrases_of("feature_words_as_names")
        self._remarks = RemarkReader(tokens)
        self._stop = words_of("grammar", "ends_a_field") | words_of("decrement_verbs")

    def low(self, index: int) -> str:
        return self._lows[index] if 0 <= index < len(self._lows) else "."

    def is_part_of_project(self, start: int, end: int) -> bool:
        """The phrase names a feature or a technology rather than a thing or a field."""
        anyway = self._names_anyway.at(self._lows, start)
        if anyway and start + anyway[1] == end:
            return False
        if self._infrastructure.at(self._lows, start):
            hit = self._infrastructure.at(self._lows, start)
            if hit and (start + hit[1] == end or hit[1] > 1):
                return True
        for phrases in (self._features, self._foreign, phrases_of("databases", "names")):
            hit = phrases.at(self._lows, start)
            if hit and (start + hit[1] >= end or hit[1] > 1):
                return True
        return False

    def fields(
        self, index: int, known: frozenset[str], *, closed: bool, rows: bool = False
    ) -> tuple[list[RawField], int]:
        """Fields from `index` on. `closed`: the list stands in parentheses; `rows`: one field a line, in bullets."""
        found: list[RawField] = []
        end = index
        while index < len(self._tokens) and len(found) < MAX_LIST:
            low = self._lows[index]
            if low == ")" or (not closed and low in ENDS):
                break
            if low == "\n":
                if not closed and not self._row_follows(index, rows):
                    break
                index += 1
                continue
            if low in SEPARATORS or (low == "as" and self.low(index + 1) == "well"):
                index += 1
                if low == "as":
                    index += 2
                continue
            if rows and low[0].isdigit() and self.low(index + 1) in {".", ")"}:
                index += 2
                continue
            read = self._field(index, known, closed=closed, first=not found)
            if read is None:
                break
            raw, index, last = read
            end = index
            found.append(raw)
            if last:
                break
        # Separators behind the last field belong to what follows it.
        return found, index if closed else end

    def _row_follows(self, index: int, rows: bool) -> bool:
        following = index + 1
        while self.low(following) == "\n":
            following += 1
        return rows and following < len(self._lows) and self.low(following) in {"-", "*", "•"}

    def _field(
        self, start: int, known: frozenset[str], *, closed: bool, first: bool
    ) -> tuple[RawField, int, bool] | None:
        """One field, the index after it, and whether the list ends with it; None if no field starts here."""
        raw = RawField(words=[])
        index = start
        if self.low(index) in {"each", "every"}:
            return None
        while self.low(index) in ARTICLES or self.low(index) in _QUALIFIERS:
            raw.article |= self.low(index) in {"a", "an"}
            raw.optional |= self.low(index) in {"optional", "nullable", "optionally"}
            raw.unique |= self.low(index) == "unique"
            raw.required |= self.low(index) in {"required", "mandatory"}
            if self.low(index) == "positive":
                raw.minimum = 1.0
            index += 1
        body = index
        orders = self.low(body) in words_of("grammar", "next_steps")
        if orders and self.low(body + 1) in words_of("grammar", "after_a_step"):
            return None
        while index < len(self._tokens) and self._tokens[index].word and len(raw.words) < 6:
            low = self._lows[index]
            question = low in {"is", "has"} and not raw.words and not first and self.low(index + 1) not in self._stop
            if low in self._stop and not question and not (raw.words and self._joins(raw.words[-1], index)):
                break
            raw.words.append(low)
            index += 1
        if not raw.words or self.is_part_of_project(body, index):
            return None
        following = self.low(index)
        name_like = looks_like_thing(raw.words) or self._names_known(raw.words, known)
        if not first or not closed:
            opens = following in words_of("grammar", "after_a_new_thing")
            if name_like and is_plural(raw.words[-1]) and (opens or following in words_of("decrement_verbs")):
                return None
            if looks_like_thing(raw.words) and following == "(" and not closed:
                return None
            if (
                following in {"with", "belongs", "that", "reduces"}
                and not is_plural(raw.words[-1])
                and self._names_known(raw.words, known)
            ):
                return None
            if following in {"belong", "belongs"} or following in words_of("decrement_verbs"):
                return None
            listed = not first and self.low(start - 1) == "and" and self.low(start - 2) == ","
            if not closed and listed and self._names_new_thing(raw.words, known):
                return None
        while len(raw.words) > 1 and raw.words[-1] in {"unique", "optional", "required", "mandatory", "nullable"}:
            word = raw.words.pop()
            raw.unique |= word == "unique"
            raw.optional |= word in {"optional", "nullable"}
            raw.required |= word in {"required", "mandatory"}
        raw.many = is_plural(raw.words[-1])
        self._remarks.strip_types(raw)
        index, last = self._remarks.read(raw, index)
        return raw, index, last

    def _joins(self, before: str, index: int) -> bool:
        """Whether the preposition at `index` belongs to a field's name: `date of birth`, `paid at,`."""
        low, after = self.low(index), self.low(index + 1)
        joined = mapping_of("grammar", "preposition_in_a_name")
        if low in {"at", "on", "by", "from", "to", "until"} and after in SEPARATORS | ENDS | {"(", "\n"}:
            return True
        following = index + 1 < len(self._tokens) and self._tokens[index + 1].word
        if low == "in" and after in words_of("grammar", "units"):
            return True
        return before in joined.get(low, ()) and following and after not in self._stop | ARTICLES

    @staticmethod
    def _names_new_thing(words: list[str], known: frozenset[str]) -> bool:
        """`..., and orders`: a plural that is a known sort of thing opens no field."""
        fields = words_of("plural_fields") | words_of("list_fields")
        things = known | words_of("known_things")
        return is_plural(words[-1]) and words[-1] not in fields and singular(words[-1]) in things

    @staticmethod
    def _names_known(words: list[str], known: frozenset[str]) -> bool:
        return singular(words[-1]) in known

    def names(self, index: int) -> tuple[list[tuple[tuple[str, ...], int, int]], int]:
        """Plural names of things from `index` on: `customers, orders and their invoices`."""
        found: list[tuple[tuple[str, ...], int, int]] = []
        while index < len(self._tokens) and len(found) < MAX_LIST:
            while self.low(index) in ARTICLES | {"both", "all", "and"}:
                index += 1
            for of in (
                "list",
                "lists",
                "collection",
                "collections",
                "catalog",
                "catalogue",
                "set",
                "inventory",
                "database",
                "csv",
            ):
                if self.low(index) == of and self.low(index + 1) == "of":
                    index += 2
            while self.low(index) in ARTICLES:
                index += 1
            start = index
            words: list[str] = []
            while index < len(self._tokens) and self._tokens[index].word and len(words) < 4:
                low = self._lows[index]
                if low in self._stop or low in words_of("belongs"):
                    break
                words.append(low)
                index += 1
            while words and words[-1] in words_of("not_things"):
                words.pop()
                index -= 1
            while len(words) > 1 and words[0] in words_of("filler"):
                words.pop(0)
                start += 1
            if not words or not is_plural(words[-1]) or self.is_part_of_project(start, index) or words[-1].isdigit():
                return found, start
            found.append((tuple(words), start, index))
            if self.low(index) in {",", "and", "&", "or"}:
                while self.low(index) in {",", "and", "&", "or"}:
                    index += 1
                continue
            break
        return found, index
