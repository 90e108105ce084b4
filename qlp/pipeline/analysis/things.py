"""Finds the things that a project stores: with their fields, or by name alone."""

from __future__ import annotations

from qlp.models import ProjectKind
from qlp.pipeline.analysis.draft import Draft, Thing
from qlp.pipeline.analysis.fields import RawField, looks_like_thing
from qlp.pipeline.analysis.lists import ARTICLES, ListReader
from qlp.pipeline.analysis.names import is_plural, singular
from qlp.pipeline.analysis.vocabulary import words_of

_OPENERS = frozenset(
    {
        "with",
        "having",
        "has",
        "have",
        "containing",
        "contains",
        "contain",
        "(",
        ":",
        "includes",
        "include",
        "including",
        "consists",
        "consist",
        "consisting",
        "-",
        "\n",
    }
)
_BETWEEN = frozenset(["that", "which", "who", "should", "must", "will", "can", "also", "all", "each", "and", "be"])
_MANY = frozenset({"many", "several", "multiple"})


class ThingFinder:
    def __init__(self, draft: Draft, reader: ListReader, kind: ProjectKind) -> None:
        self._draft = draft
        self._reader = reader
        self._kind = kind
        self._tokens = draft.tokens
        self._coming = self._announced()

    def _announced(self) -> frozenset[str]:
        """Nouns that stand before an opener anywhere: a field list ends where one of them opens its own."""
        found = set()
        for index, token in enumerate(self._tokens[:-1]):
            opens = self._low(index + 1) in {"with", "(", "having", ":", "has", "have"}
            if token.word and opens and is_plural(token.low):
                found.add(singular(token.low))
            if token.low in {"each", "every"}:
                found.add(singular(self._low(index + 1)))
        return frozenset(found - words_of("not_things"))

    def find(self) -> None:
        self._described()
        self._linked()
        self._named()

    def _low(self, index: int) -> str:
        return self._reader.low(index)

    def head(self, opener: int) -> tuple[tuple[str, ...], int] | None:
        """The noun phrase that ends before `opener`, as (words, start)."""
        index = opener - 1
        while index >= 0 and self._low(index) in _BETWEEN and index > opener - 4:
            index -= 1
        end = index + 1
        stop = words_of("grammar", "before_a_thing") | words_of("manage") | words_of("decrement_verbs")
        while index >= 0 and end - index <= 3 and self._tokens[index].word and self._low(index) not in stop:
            index -= 1
        words = tuple(t.low for t in self._tokens[index + 1 : end])
        start = index + 1
        while len(words) > 1 and words[0] in words_of("filler") and words[-1] not in words_of("not_things"):
            words, start = words[1:], start + 1
        return (words, start) if words else None

    # --- things with fields
    def _described(self) -> None:
        index = 1
        while index < len(self._tokens):
            low = self._low(index)
            index = (self._open(index) if low in _OPENERS else None) or index + 1

    def _open(self, opener: int) -> int | None:
        """Read the list that `opener` opens; the index after it, or None if it opens none."""
        low = self._low(opener)
        head = self.head(opener)
        if head is None or self._low(opener + 1) in words_of("command_nouns"):
            return None
        if self._kind == "cli" and self._low(opener + 1) in words_of("command_verbs"):
            return None
        words, start = self._outer(*head)
        first = opener + 1
        if low in {"consists", "consist", "consisting"}:
            first += 1
        if low in {"has", "have", "contains", "contain", "with", "includes", "include"} and self._low(first) in _MANY:
            return None
        if low == "with" and self._low(first) in {"fields", "attributes", "properties", "columns", "the"}:
            first += 1 + (self._low(first + 1) in {"fields", "attributes", "properties", "columns"}) * (
                self._low(first) == "the"
            )
            first += self._low(first) == ":"
        if low in {"has", "have", "with", "contains"} and self._low(first) in {"fields", "columns"}:
            first += 1
        rows = low in {":", "-", "with", "\n"} and self._low(first) == "\n"
        if low == "\n":
            if (
                self._low(first) not in {"-", "*", "•"}
                or not looks_like_thing(words)
                or self._low(start - 1) not in {"\n", ".", "#"}
            ):
                return None
            rows = True
        words, start = self._trim(words, start)
        if not words or not self._may_be_thing(words, start, opener):
            return None
        if low in {":", "-"} and not self._colon_opens(words, start, first, rows):
            return None
        known = frozenset(t.words[-1] for t in self._draft.things.values()) | self._coming
        fields, end = self._reader.fields(first, known, closed=low == "(", rows=rows)
        if not fields or (low == "(" and len(fields) < 2 and not is_plural(words[-1])):
            return None
        if (
            low != "("
            and len(fields) == 1
            and fields[0].many
            and not fields[0].article
            and looks_like_thing(fields[0].words)
        ):
            return None
        if low == "(" and self._low(end) == ")":
            end += 1
        thing = self._draft.declare(words)
        if thing is None:
            self._draft.unmet.append("a name that cannot be written in ASCII letters")
            return None
        thing.described = True
        self._merge(thing, fields)
        self._draft.use(start, end)
        return end

    def _outer(self, words: tuple[str, ...], start: int) -> tuple[tuple[str, ...], int]:
        """`comments on posts with a text`: the fields are those of the comments."""
        if start < 2 or self._low(start - 1) not in {"of", "on", "for"}:
            return words, start
        outer = self._low(start - 2)
        if singular(outer) in words_of("known_things") and is_plural(outer) and outer not in words_of("not_things"):
            return (outer,), start - 2
        return words, start

    def _trim(self, words: tuple[str, ...], start: int) -> tuple[tuple[str, ...], int]:
        """`todo api` -> `todo`: drop words for the project itself while a thing remains."""
        trimmed = words
        while len(trimmed) > 1 and trimmed[0] in words_of("not_things"):
            trimmed, words, start = trimmed[1:], words[1:], start + 1
        while trimmed and trimmed[-1] in words_of("not_things"):
            trimmed = trimmed[:-1]
        if trimmed != words and not (trimmed and (looks_like_thing(trimmed) or trimmed[-1] in self._defaults())):
            return (), start
        return trimmed, start

    @staticmethod
    def _defaults() -> frozenset[str]:
        return words_of("default_fields")

    def _may_be_thing(self, words: tuple[str, ...], start: int, opener: int) -> bool:
        low = self._low(opener)
        last = words[-1]
        if last.isdigit() or self._reader.is_part_of_project(start, start + len(words)):
            return False
        thing = looks_like_thing(words) or singular(last) in words_of("known_things") or last in self._defaults()
        if self._draft.resolve(words) is not None:
            return True
        if low == "(":
            listed = words_of("plural_fields") | words_of("list_fields")
            return thing or (is_plural(last) and last not in listed)
        determined = (
            self._low(start - 1) in {"each", "every", "a", "an", "the"}
            or start == 0
            or self._low(start - 1) in {"\n", ".", "-", "*", "•"}
        )
        return thing or is_plural(last) or (low in {"has", "have", ":", "-", "contains", "consists"} and determined)

    def _colon_opens(self, words: tuple[str, ...], start: int, first: int, rows: bool) -> bool:
        """`Book: title, author` opens a list; `a library: members with ...` and `expenses: add, list` do not."""
        before = self._low(start - 1) if start else "\n"
        if self._low(first) in words_of("command_verbs") and self._low(first + 1) in {",", "and", "\n"}:
            return False
        if rows:
            return self._low(start - 1) not in {"a", "an", "my", "our"}
        index = first
        while index < len(self._tokens) and self._low(index) not in {".", ";", "\n", "!", "?"} and index < first + 80:
            if self._low(index) in {"with", "having"}:
                return False
            if self._low(index) == "(" and looks_like_thing([self._low(index - 1)]):
                return False
            index += 1
        listed = any(self._low(i) in {",", "and"} for i in range(first, index))
        bullet = before in {"\n", "-", "*", "•"}
        opens = before in {"\n", ".", ";", "-", "*", "•", "#", ")", ",", "and", ":"}
        return (listed or bullet) and (opens or looks_like_thing(words))

    def _merge(self, thing: Thing, fields: list[RawField]) -> None:
        by_name = {tuple(f.words): f for f in thing.fields}
        for raw in fields:
            old = by_name.get(tuple(raw.words))
            if old is None:
                by_name[tuple(raw.words)] = raw
                thing.fields.append(raw)
            else:
                old.type = old.type or raw.type
                old.unique |= raw.unique
                old.optional |= raw.optional
                old.required |= raw.required
                old.choices = old.choices or raw.choices
                old.minimum = raw.minimum if old.minimum is None else old.minimum
                old.maximum = raw.maximum if old.maximum is None else old.maximum

    # --- things behind a list: "..., loans of books"
    def _linked(self) -> None:
        for index in range(1, len(self._tokens) - 2):
            token = self._tokens[index]
            if index in self._draft.used or not token.word or not is_plural(token.low):
                continue
            if self._low(index + 1) not in {"of", "on", "for", "to"} or token.low in words_of("not_things"):
                continue
            if singular(token.low) not in words_of("known_things"):
                continue
            after = index + 2
            while self._low(after) in ARTICLES:
                after += 1
            target = self._tokens[after] if after < len(self._tokens) else None
            if target and target.word and (self._draft.resolve([target.low]) or looks_like_thing([target.low])):
                self._draft.declare([token.low])
                self._draft.use(index, index + 1)

    # --- things by name alone
    def _named(self) -> None:
        manage = words_of("manage")
        index = 0
        while index < len(self._tokens):
            low = self._low(index)
            openers = (
                low in manage
                or low == "for"
                or (
                    low in {"with", ":", "("}
                    and index
                    and (self._low(index - 1) in words_of("not_things") or low == ":")
                )
                or (low in {"and", ","} and self._after_thing(index))
            )
            if not openers or index in self._draft.used:
                index += 1
                continue
            found, end = self._reader.names(index + 1)
            if low == "for" and self._low(end) == ":":
                # `API for event tickets: events with ...` names the domain.
                found = []
            for words, start, stop in found:
                strict = low in {"for", "and", ",", ":"}
                fits = singular(words[-1]) in words_of("known_things") or words[-1] in self._defaults()
                if self._draft.resolve(words) is not None or (not strict and looks_like_thing(words)) or fits:
                    if self._kind == "data_pipeline" and self._draft.things:
                        continue
                    self._draft.declare(words)
                    self._draft.use(start, stop)
            index = max(end, index + 1) if found else index + 1
        if not self._draft.things and self._kind in {"rest_api", "cli"}:
            self._from_title()

    def _after_thing(self, index: int) -> bool:
        """A comma or `and` directly behind something already understood: `books (title, author) and authors`."""
        return index > 0 and (index - 1) in self._draft.used

    def _from_title(self) -> None:
        """`A todo API`: the thing is named by the word before the kind of project."""
        for index in range(1, len(self._tokens)):
            word = self._low(index - 1)
            if self._low(index) in words_of("not_things") and singular(word) in self._defaults():
                self._draft.declare([word])
                self._draft.use(index - 1, index)
                return
