"""Finds rules between things, such as orders that lower a stock."""

from __future__ import annotations

from qlp.pipeline.analysis.draft import Draft, Thing
from qlp.pipeline.analysis.fields import RawField, infer_type, looks_like_thing
from qlp.pipeline.analysis.lists import ARTICLES, ListReader
from qlp.pipeline.analysis.names import singular, snake
from qlp.pipeline.analysis.remarks import ENDS
from qlp.pipeline.analysis.vocabulary import words_of

REACH = 14
"""Tokens between the parts of one clause."""
MAX_RULES = 8


class RuleFinder:
    def __init__(self, draft: Draft, reader: ListReader) -> None:
        self._draft = draft
        self._reader = reader
        self._tokens = draft.tokens

    def _low(self, index: int) -> str:
        return self._reader.low(index)

    def find(self) -> None:
        verbs = words_of("decrement_verbs")
        found = [index for index, token in enumerate(self._tokens) if token.low in verbs]
        for index in found[:MAX_RULES]:
            self._rule(index)
        if len(found) > MAX_RULES:
            self._draft.unmet.append(f"more than {MAX_RULES} rules")

    def _rule(self, verb: int) -> None:
        passive = self._low(verb - 1) in {"is", "are", "gets", "get", "be", "automatically"}
        near, far = (-1, 1) if passive else (1, -1)
        field_at = self._counted(verb, near) or self._counted(verb, far)
        source = self._source(verb)
        if field_at is None or source is None:
            self._draft.unmet.append(
                f"rule not understood: {' '.join(t.text for t in self._tokens[max(0, verb - 3) : verb + 4] if t.word)}"
            )
            return
        name = self._low(field_at)
        target = self._target(source, name, verb, field_at)
        if target is None or target == source:
            self._draft.unmet.append(f"rule not understood: which {name} is meant")
            return
        thing = self._draft.things[target]
        raw = next((f for f in thing.fields if name in f.words), None)
        if raw is None:
            raw = RawField(words=[name], type="int", minimum=0.0)
            thing.fields.append(raw)
        kind = raw.type or infer_type(snake(raw.words))
        if kind not in {None, "int"} or raw.choices:
            self._draft.unmet.append(f"rule on {raw.text}, which is not a whole number")
            return
        raw.type, raw.optional, raw.minimum = "int", False, 0.0
        self._draft.things[source].parents[target] = True
        rule = (source, target, snake(raw.words))
        if rule not in self._draft.decrements:
            if any(r[0] == source for r in self._draft.decrements):
                self._draft.unmet.append(f"a second rule for {source}")
                return
            self._draft.decrements.append(rule)
        self._draft.use(verb, max(verb, field_at) + 1)

    def _counted(self, verb: int, step: int) -> int | None:
        """The counted field that the verb lowers, near to it."""
        for distance in range(1, 8):
            at = verb + step * distance
            low = self._low(at)
            if not 0 <= at < len(self._tokens) or low in ENDS or low == "\n":
                return None
            if low in words_of("decrement_fields") or any(
                low in f.words and infer_type(snake(f.words)) == "int"
                for t in self._draft.things.values()
                for f in t.fields
            ):
                return at
        return None

    def _source(self, verb: int) -> str | None:
        """Who lowers it: `orders that reduce`, `each order reduces`, `... when an order is placed`."""
        for at in self._subjects(verb):
            if at > verb and self._low(at) in ENDS:
                return None
            word = self._low(at)
            before = self._low(at - 1)
            counted = word in words_of("decrement_fields") and singular(word) not in words_of("known_things")
            if not self._tokens[at].word or counted:
                continue

            active = (
                at < verb
                and word not in words_of("grammar", "ends_a_field")
                and (word in words_of("known_things") or looks_like_thing([word]))
                and word not in words_of("not_things")
            )
            behind = at > verb and before in {"an", "a", "each", "every", "new"} and word in words_of("known_things")
            declared = self._draft.resolve([word])
            if (
                declared
                and (at < verb or before in {"an", "a", "each", "every", "new", "when", "by"})
                and not self._holds_field(declared, verb)
            ):
                return declared
            if (active or behind) and declared is None:
                made = self._draft.declare([word])
                if made:
                    self._draft.use(at, at + 1)
                    return self._draft.resolve([word])
        return None

    def _subjects(self, verb: int) -> list[int]:
        """Words that may be the subject of the verb: before it first, those behind a preposition last."""
        left = []
        for at in range(verb - 1, max(-1, verb - REACH), -1):
            if self._low(at) in ENDS - {")"} or self._low(at) == "\n":
                break
            if self._tokens[at].word:
                left.append(at)
        free = [at for at in left if not self._governed(at)]
        right = range(verb + 1, min(len(self._tokens), verb + REACH))
        return [*free, *(at for at in left if at not in free), *right]

    def _governed(self, at: int) -> bool:
        """A noun behind a preposition is no subject: `loans of books`, `belongs to a member and reduces`."""
        before = at - 1
        while self._low(before) in ARTICLES:
            before -= 1
        return self._low(before) in {"of", "to", "by", "for", "in", "on", "from", "with"}

    def _holds_field(self, key: str, verb: int) -> bool:
        near = {self._low(i) for i in range(max(0, verb - 7), min(len(self._tokens), verb + 8))}
        return any(
            set(f.words) & near
            and infer_type(snake(f.words)) == "int"
            and f.words[-1] in words_of("decrement_fields")
            and f.words[-1] != "quantity"
            for f in self._draft.things[key].fields
        )

    def _target(self, source: str, name: str, verb: int, field_at: int) -> str | None:
        holders = [k for k, t in self._draft.things.items() if k != source and any(name in f.words for f in t.fields)]
        if len(holders) == 1:
            return holders[0]
        near = range(max(0, verb - 8), min(len(self._tokens), field_at + 8))
        for at in near:
            key = self._draft.resolve([self._low(at)]) if self._tokens[at].word else None
            if key and key != source and (not holders or key in holders):
                return key
        for at in near:
            word = self._low(at)
            if (
                not holders
                and self._low(at - 1) in {"of", "the"}
                and looks_like_thing([word])
                and word not in words_of("decrement_fields")
            ):
                self._draft.declare([word])
                return self._draft.resolve([word])
        others = [k for k in self._draft.things if k != source]
        return others[0] if len(others) == 1 and not holders else None


def quantity_of(thing: Thing) -> None:
    """A source of a decrement has a whole `quantity` of at least one."""
    raw = next((f for f in thing.fields if f.words == ["quantity"]), None)
    if raw is None:
        raw = RawField(words=["quantity"])
        thing.fields.append(raw)
    raw.type, raw.minimum, raw.optional, raw.unique, raw.choices = "int", 1.0, False, False, []
