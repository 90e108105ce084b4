"""Finds how things belong together."""

from __future__ import annotations

from qlp.models import ProjectKind
from qlp.pipeline.analysis.draft import Draft
from qlp.pipeline.analysis.fields import looks_like_thing
from qlp.pipeline.analysis.lists import ARTICLES, ListReader
from qlp.pipeline.analysis.names import is_plural
from qlp.pipeline.analysis.remarks import ENDS, MAX_REMARK
from qlp.pipeline.analysis.vocabulary import phrases_of, words_of

_REACH = 14
"""Tokens between the parts of one clause."""


class LinkFinder:
    def __init__(self, draft: Draft, reader: ListReader, kind: ProjectKind) -> None:
        self._draft = draft
        self._reader = reader
        self._kind = kind
        self._tokens = draft.tokens

    def find(self) -> None:
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
