"""Finds how things belong together, and rules such as orders that lower a stock."""

from __future__ import annotations

from qlp.models import ProjectKind
from qlp.pipeline.analysis.draft import Draft, Thing
from qlp.pipeline.analysis.fields import RawField, infer_type, looks_like_thing
from qlp.pipeline.analysis.lists import ARTICLES, ENDS, MAX_REMARK, ListReader
from qlp.pipeline.analysis.names import is_plural, singular, snake
from qlp.pipeline.analysis.vocabulary import phrases_of, words_of

_REACH = 14
"""Tokens between the parts of one clause."""
MAX_RULES = 8


class LinkFinder:
    def __init__(self, draft: Draft, reader: ListReader, kind: ProjectKind) -> None:
        self._draft = draft
        self._reader = reader
        self._kind = kind
        self._tokens = draft.tokens

    def find(self) -> None:
        self._rules()
        if self._kind == "data_pipeline":
            return
        self._belongs()
        self._of()
        self._theirs()
        self._many()
        self._fields()

    def _low(self, index: int) -> str:
        return self._reader.low(index)

    def _left(self, index: int) -> tuple[str, int] | None:
        """The nearest declared thing to the left within the clause, over parentheses: (key, index)."""
        at, steps = index, 0
        while at > 0 and steps < _REACH:
            at, steps = at - 1, steps + 1
            if self._low(at) == ")":
                at = self._opening(at)
                continue
            ends = self._low(at) in ENDS - {")"} or self._low(at) == "\n"
            if ends and not (at == index - 1 and self._low(at) == ";"):
                return None
            if self._tokens[at].word:
                key = (self._draft.resolve([self._low(at - 1), self._low(at)]) if at else None) or self._draft.resolve(
                    [self._low(at)]
                )
                if key:
                    return key, at
        return None

    def _opening(self, index: int) -> int:
        """The parenthesis that the one at `index` closes."""
        depth = 0
        for at in range(index, max(-1, index - MAX_REMARK), -1):
            depth += (self._low(at) == ")") - (self._low(at) == "(")
            if depth == 0:
                return at
        return index

    def _right(self, index: int, *, declare: bool) -> tuple[str, int] | None:
        """The thing that is named at `index`, behind articles; (key, index after it)."""
        while self._low(index) in ARTICLES | {"one", "exactly", "single", "each", "any", "both"}:
            index += 1
        words: list[str] = []
        end = index
        while end < len(self._tokens) and self._tokens[end].word and len(words) < 3:
            words.append(self._low(end))
            end += 1
        for length in range(len(words), 0, -1):
            key = self._draft.resolve(words[:length])
            if key:
                return key, index + length
        if declare and words:
            word = words[0]
            plausible = (
                looks_like_thing([word]) or word in words_of("known_things") or word in words_of("default_fields")
            )
            if plausible and word not in words_of("not_things"):
                thing = self._draft.declare([word])
                key = self._draft.resolve([word])
                if thing and key:
                    return key, index + 1
        return None

    def _relate(self, child: str, parent: str, *, required: bool) -> None:
        self._draft.things[child].parents.setdefault(parent, required)

    def _belongs(self) -> None:
        lows = tuple(t.low for t in self._tokens)
        for _, start, end in phrases_of("belongs").find(lows):
            left = self._left(start)
            right = self._right(end, declare=True)
            if left and right:
                self._relate(left[0], right[0], required=self._low(start - 1) not in words_of("belongs_optional"))
                self._draft.use(start, right[1])
                if self._low(right[1]) == "and":
                    second = self._right(right[1] + 1, declare=False)
                    if second and second[0] != right[0] and self._low(second[1]) in ENDS | {"\n", ","}:
                        self._relate(left[0], second[0], required=True)
                        self._draft.use(right[1], second[1])
            elif not {start, end - 1} <= self._draft.used:
                said = " ".join(t.text for t in self._tokens[max(0, start - 2) : end + 3] if t.word)
                self._draft.unmet.append(f"relation not understood: {said}")

    def _theirs(self) -> None:
        """`customers and their orders`: the orders belong to the customers."""
        for index in range(2, len(self._tokens) - 1):
            if self._low(index) not in {"their", "its"} or self._low(index - 1) not in {"and", "with"}:
                continue
            owner = self._draft.resolve([self._low(index - 2)])
            owned = self._right(index + 1, declare=False)
            if owner and owned and owner != owned[0]:
                self._relate(owned[0], owner, required=True)

    def _of(self) -> None:
        for index in range(1, len(self._tokens) - 1):
            if self._low(index) not in words_of("of_links"):
                continue
            strong = self._low(index) in {"of", "on"}
            child = self._draft.resolve([self._low(index - 1)])
            if child is None or (not is_plural(self._low(index - 1)) and not strong):
                continue
            parent = self._right(index + 1, declare=strong)
            if parent and parent[0] != child and self._low(index - 2) not in {"number", "list", "total"}:
                self._relate(child, parent[0], required=True)
                self._draft.use(index - 1, parent[1])

    def _many(self) -> None:
        for index in range(2, len(self._tokens) - 1):
            if self._low(index) not in {"many", "several", "multiple"}:
                continue
            left = self._left(index)
            right = self._right(index + 1, declare=True)
            if left and right and left[0] != right[0]:
                self._relate(right[0], left[0], required=True)
                self._draft.use(left[1], right[1])

    def _fields(self) -> None:
        """Fields that name another thing are relations: `tasks with title and a project`."""
        for key, thing in list(self._draft.things.items()):
            plain = any(not f.article for f in thing.fields)
            for raw in list(thing.fields):
                target = self._draft.resolve(raw.words)
                if (
                    target is None
                    and plain
                    and raw.article
                    and raw.words[-1] in words_of("linked_things")
                    and not raw.choices
                ):
                    made = self._draft.declare(raw.words)
                    target = self._draft.resolve(raw.words) if made else None
                    self._draft.assumptions.append(f"{' '.join(raw.words)} taken as a thing of its own")
                if target is None or raw.type or raw.choices:
                    continue
                thing.fields.remove(raw)
                if raw.many and target != key and raw.words[-1] != "id":
                    self._relate(target, key, required=True)
                else:
                    self._relate(key, target, required=not raw.optional and target != key)

    # --- rules ----------------------------------------------------------------------------------------------------
    def _rules(self) -> None:
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
        for at in range(verb - 1, max(-1, verb - _REACH), -1):
            if self._low(at) in ENDS - {")"} or self._low(at) == "\n":
                break
            if self._tokens[at].word:
                left.append(at)
        free = [at for at in left if not self._governed(at)]
        right = range(verb + 1, min(len(self._tokens), verb + _REACH))
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
